import Model
import Wire

/// What a client says of its sample types; only the names to display change anything.
struct SampleTypeConfiguration {
    private var displayNames: [Text: Text]
    private var keys: Set<Text>

    /// What holds where a client says nothing.
    static let standard = SampleTypeConfiguration(
        displayNames: [
            "samples": "cpu", "goroutine": "goroutines", "contentions": "mutex_count", "delay": "mutex_duration",
        ], keys: [])

    private init(displayNames: [Text: Text], keys: Set<Text>) {
        self.displayNames = displayNames
        self.keys = keys
    }

    /// Reads an object of objects, of which any may be null; strictly, what has no effect must have its type all the same.
    init(_ json: [UInt8], isStrict: Bool = true) throws(IngestError) {
        displayNames = [:]
        keys = []
        do throws(WireError) {
            let document = try JSONValue(parsing: json)
            guard document != .null else {
                self = .standard
                return
            }
            guard let members = document.members else { throw WireError("sample_type_config is no object") }
            for member in members where member.value != .null {
                guard let entries = member.value.members else {
                    throw WireError("sample_type_config.\(member.name) is no object")
                }
                keys.insert(member.name)
                for entry in entries where entry.value != .null {
                    let path = "sample_type_config.\(member.name).\(entry.name)"
                    switch entry.name {
                    case "display-name":
                        guard let text = entry.value.text else { throw WireError("\(path) is no text") }
                        if !text.isEmpty { displayNames[member.name] = text }
                    case "units", "aggregation":
                        guard !isStrict || entry.value.text != nil else { throw WireError("\(path) is no text") }
                    case "cumulative", "sampled":
                        if case .bool = entry.value { continue }
                        guard !isStrict else { throw WireError("\(path) is neither true nor false") }
                    default: continue
                    }
                }
            }
        } catch {
            throw IngestError(.unprocessable, "parsing IngestInput-pprof failed: sample_type_config: \(error)")
        }
    }

    /// Whether the client is an old .NET one.
    var hasInuseSpace: Bool { keys.contains("inuse-space") }

    /// The family that a profile of these sample types belongs to.
    func profileName(of sampleTypes: [Text]) -> Text {
        if sampleTypes.contains("wall") { return "wall" }
        var last = Text.empty
        for type in sampleTypes {
            last = displayNames[type] ?? type
            let text = last.string
            if text.contains("cpu") { return "process_cpu" }
            if text.contains("alloc_") || text.contains("inuse_") || last == "space" || last == "objects" {
                return "memory"
            }
            if text.contains("mutex_") { return "mutex" }
            if text.contains("block_") { return "block" }
            if text.contains("goroutines") { return "goroutines" }
        }
        return last
    }
}
