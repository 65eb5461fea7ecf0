import Formats
public import Model
public import Store
import Wire

/// What a client sent to `/ingest`, its parameters decoded.
public struct IngestRequest: Sendable {
    /// `name`: the application with its labels.
    public var name: Text
    /// `from` in nanoseconds.
    public var from: Int64
    /// `until` in nanoseconds.
    public var until: Int64
    /// `sampleRate`; 100 where it is missing or cannot be read.
    public var sampleRate: Int64
    /// `spyName`.
    public var spyName: Text
    /// `format`.
    public var format: Text
    /// The request's content type.
    public var contentType: String
    /// The body, as it came.
    public var body: [UInt8]

    /// Reads the parameters; `parameter` gives the first value of a name.
    public init(parameter: (Text) -> Text?, contentType: String, body: [UInt8], now: Int64) {
        name = parameter("name") ?? .empty
        from = parameter("from").map { TimeExpression.nanoseconds($0, now: now) } ?? now
        until = parameter("until").map { TimeExpression.nanoseconds($0, now: now) } ?? now
        sampleRate = parameter("sampleRate").flatMap { Int64($0.string) }.flatMap { $0 >= 0 ? $0 : nil } ?? 100
        let spy = parameter("spyName") ?? .empty
        spyName = spy.isEmpty ? "unknown" : spy
        format = parameter("format") ?? .empty
        self.contentType = contentType
        self.body = body
    }
}

extension IngestPipeline {
    /// Decodes what came to `/ingest` and stores it; an empty profile is nothing to store and no error.
    public func ingest(_ request: IngestRequest, for tenant: Tenant, now: Int64) async throws(IngestError) {
        let application = try ApplicationName(parsing: request.name)
        try take(request.body.count, of: tenant, now: now)
        let ready: [NewProfile]
        switch (request.format, request.contentType) {
        case ("trie", _), (_, "binary/octet-stream+trie"):
            ready = try text(.trie, request, application, now)
        case ("tree", _), (_, "binary/octet-stream+tree"):
            ready = try text(.tree, request, application, now)
        case ("lines", _):
            ready = try text(.lines, request, application, now)
        case ("jfr", _):
            ready = try recording(request, application, now)
        case ("speedscope", _):
            ready = try speedscope(request, application, now)
        case ("pprof", _):
            ready = try pprof(request.body, types: nil, request, application, now)
        case _ where request.contentType.contains("multipart/form-data"):
            ready = try multipart(request, application, now)
        default:
            ready = try text(.groups, request, application, now)
        }
        try await append(ready, for: tenant)
    }

    private func multipart(
        _ request: IngestRequest, _ application: ApplicationName, _ now: Int64
    ) throws(IngestError) -> [NewProfile] {
        let form = try MultipartForm(request.body, contentType: request.contentType)
        guard let profile = form.files["profile"], !profile.isEmpty else { return [] }
        if let previous = form.files["prev_profile"], !previous.isEmpty {
            throw IngestError(
                .unprocessable,
                "unsupported client version. Please update github.com/grafana/pyroscope-go to the latest version")
        }
        var types: SampleTypeConfiguration?
        if let json = form.files["sample_type_config"] { types = try SampleTypeConfiguration(json) }
        return try pprof(profile, types: types, request, application, now)
    }

    private func pprof(
        _ bytes: [UInt8], types: SampleTypeConfiguration?, _ request: IngestRequest, _ application: ApplicationName,
        _ now: Int64
    ) throws(IngestError) -> [NewProfile] {
        guard !bytes.isEmpty else { return [] }
        do throws(FormatError) {
            var raw = try Pprof.read(bytes, limits: limits.pprof)
            // Old clients sent micro- or milliseconds, which all lie in 1970.
            if raw.time < 31_536_000_000_000_000 { raw.time = request.from }
            switch request.spyName {
            case "pyspy": try raw.prefixFilenames(keepsAbsolute: true)
            case "rbspy", "scripting": try raw.prefixFilenames(keepsAbsolute: false)
            case "dotnetspy": raw.repairDotnet()
            case "unknown" where types?.hasInuseSpace ?? false: raw.repairDotnet()
            default: break
            }
            let name = (types ?? .standard).profileName(of: raw.sampleTypes)
            var labels = ingestLabels(request, application, name: name)
            if !labels.contains(where: { $0.name == LabelName.serviceName }) {
                labels.append(Label(LabelName.serviceName, application.name))
            }
            return try profiles(
                of: raw, labels: SeriesLabels(labels), language: Self.language(labels), now: now)
        } catch {
            throw IngestError(.unprocessable, "parsing IngestInput-pprof failed \(error)")
        }
    }

    private func text(
        _ format: TextProfile.Format, _ request: IngestRequest, _ application: ApplicationName, _ now: Int64
    ) throws(IngestError) -> [NewProfile] {
        // A request that names a profile id carries a span's copy of what was sent already.
        if application.labels.contains(where: { $0.name == "profile_id" && !$0.value.isEmpty }) { return [] }
        let type = try TextProfileType(applicationName: application.name, sampleRate: request.sampleRate)
        let labels = textLabels(request, application, type)
        do throws(FormatError) {
            let decoded = try TextProfile.decode(
                request.body, as: format, type: type.type, periodType: type.periodType, scale: type.scale,
                time: request.from, limits: limits.pprof)
            try checkWindow(decoded.time, labels: SeriesLabels(labels), now: now)
            return try split(decoded, labels: SeriesLabels(labels), now: now)
        } catch {
            throw IngestError(
                error.kind == .invalid ? .invalidArgument : .unprocessable,
                "pyroscopeIngesterAdapter failed to push: \(error)")
        }
    }

    /// The labels of a text profile: the application is its service unless the client names one.
    func textLabels(_ request: IngestRequest, _ application: ApplicationName, _ type: TextProfileType) -> [Label] {
        var labels = ingestLabels(request, application, name: type.name)
        if labels.contains(where: { $0.name == LabelName.serviceName && !$0.value.isEmpty }) {
            if !labels.contains(where: { $0.name == "app_name" }) {
                labels.append(Label("app_name", type.application))
            }
        } else {
            labels.append(Label(LabelName.serviceName, type.application))
        }
        return labels
    }

    func ingestLabels(_ request: IngestRequest, _ application: ApplicationName, name: Text) -> [Label] {
        let user = application.labels.filter { !$0.name.hasPrefix("__") }
        return [
            Label(LabelName.name, name), Label(LabelName.delta, "false"), Label("pyroscope_spy", request.spyName),
        ].filter { own in !user.contains { $0.name == own.name } } + user
    }
}

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

    init(_ json: [UInt8]) throws(IngestError) {
        displayNames = [:]
        keys = []
        do throws(WireError) {
            guard let members = try JSONValue(parsing: json).members else {
                throw WireError("sample_type_config is no object")
            }
            for member in members {
                guard member.value == .null || member.value.members != nil else {
                    throw WireError("sample_type_config.\(member.name) is no object")
                }
                keys.insert(member.name)
                if let name = member.value["display-name"] {
                    guard let text = name.text else {
                        throw WireError("sample_type_config.\(member.name).display-name is no text")
                    }
                    if !text.isEmpty { displayNames[member.name] = text }
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
