import Formats
import Model

/// What a text profile measures: the part of the application's name after its last dot says it.
struct TextProfileType {
    /// The application without that part.
    let application: Text
    /// The profile family.
    let name: Text
    /// Type and unit of the values.
    let type: ValueType
    /// The period, where values are multiplied by it.
    let periodType: ValueType?
    /// What counts are multiplied by.
    let scale: Int64

    /// Reads the name; a rate at which a sample lasts no nanosecond gives nothing to store, and is refused unless read strictly.
    init(applicationName: Text, sampleRate: Int64, isStrict: Bool) throws(IngestError) {
        let bytes = applicationName.utf8
        var suffix: Text = "cpu"
        if let dot = bytes.lastIndex(of: UInt8(ascii: ".")) {
            suffix = Text(utf8: Array(bytes[(dot + 1)...]))
            application = Text(utf8: Array(bytes[..<dot]))
        } else {
            application = applicationName
        }
        let (name, type, unit) = try Self.row(suffix)
        self.name = name
        if sampleRate != 0 && (name == "process_cpu" || name == "wall") {
            guard isStrict || sampleRate <= 1_000_000_000 else {
                throw IngestError(
                    .invalidArgument, "sampleRate: at most 1000000000 samples a second, got \(sampleRate)")
            }
            let nanoseconds: Text = "nanoseconds"
            self.type = ValueType(type: name == "wall" ? "wall" : "cpu", unit: nanoseconds)
            periodType = ValueType(type: "cpu", unit: nanoseconds)
            scale = 1_000_000_000 / sampleRate
        } else {
            self.type = ValueType(type: type, unit: unit)
            periodType = nil
            scale = 1
        }
    }

    private static func row(_ suffix: Text) throws(IngestError) -> (name: Text, type: Text, unit: Text) {
        switch suffix {
        case "cpu", "itimer": return ("process_cpu", "samples", "count")
        case "wall", "seconds", "milliseconds", "microseconds", "nanoseconds": return ("wall", "samples", "count")
        case "inuse_objects", "alloc_objects", "alloc_in_new_tlab_objects", "alloc_outside_tlab_objects":
            return ("memory", suffix, "count")
        case "inuse_space", "alloc_space", "alloc_in_new_tlab_bytes", "alloc_outside_tlab_bytes":
            return ("memory", suffix, "bytes")
        case "bytes": return ("memory", "samples", "bytes")
        case "live": return ("memory", "live", "count")
        case "goroutines": return ("goroutine", "goroutines", "count")
        case "mutex_count": return ("mutex", "contentions", "count")
        case "mutex_duration": return ("mutex", "delay", "nanoseconds")
        case "block_count", "lock_count": return ("block", "contentions", "count")
        case "block_duration", "lock_duration": return ("block", "delay", "nanoseconds")
        case "exceptions": return ("exceptions", "samples", "count")
        default:
            throw IngestError(
                .invalidArgument,
                "pyroscopeIngesterAdapter failed to convert metadata: unknown profile type: \(suffix)")
        }
    }
}
