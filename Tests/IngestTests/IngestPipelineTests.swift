import Formats
import Ingest
import MemoryStore
import Model
import Selectors
import Store
import Testing
import Wire

@Suite struct IngestPipelineTests {
    private static let now: Int64 = 1_700_000_000_000_000_000
    private let store = MemoryStore()

    private func ingest(
        _ body: String, name: Text, parameters: [Text: Text] = [:], limits: IngestLimits = .hearth
    ) async throws {
        var all = parameters
        all["name"] = name
        let request = IngestRequest(
            parameter: { all[$0] }, contentType: "", body: Array(body.utf8), now: Self.now)
        try await IngestPipeline(store: store, limits: limits).ingest(request, now: Self.now)
    }

    private func series() async throws -> [LabelSet] {
        try await store.series(in: .all, matching: [], tenants: [.anonymous])
    }

    /// What the part of a name after its last dot says: family, sample type, unit.
    @Test(
        arguments: [
            ("app", "process_cpu:samples:count::"), ("app.cpu", "process_cpu:samples:count::"),
            ("app.itimer", "process_cpu:samples:count::"), ("app.wall", "wall:samples:count::"),
            ("app.inuse_objects", "memory:inuse_objects:count::"), ("app.alloc_space", "memory:alloc_space:bytes::"),
            ("app.goroutines", "goroutine:goroutines:count::"), ("app.mutex_count", "mutex:contentions:count::"),
            ("app.block_duration", "block:delay:nanoseconds::"), ("app.exceptions", "exceptions:samples:count::"),
        ] as [(Text, Text)])
    func `a text profile's type follows from its name`(_ name: Text, _ type: Text) async throws {
        try await ingest("f 1\n", name: name, parameters: ["sampleRate": "0"])
        let found = try await series()
        #expect(found.map { $0[LabelName.profileType] } == [type])
        #expect(found.first?[LabelName.serviceName] == "app")
    }

    @Test func `CPU counts become nanoseconds by the sample rate`() async throws {
        try await ingest("f 3\n", name: "app", parameters: ["sampleRate": "100"])
        let points = try await store.profilePoints(for: Selection(tenants: [.anonymous], range: .all))
        #expect(points.totals == [30_000_000])
        #expect(points.series.first?[LabelName.profileType] == "process_cpu:cpu:nanoseconds:cpu:nanoseconds")
    }

    @Test func `what is pushed counts against the rate by its bytes after inflating`() async throws {
        var limits = IngestLimits.hearth
        limits.pprof.maxBytes = 0
        limits.maxRate = 1
        limits.maxBurst = 100
        let pipeline = IngestPipeline(store: store, limits: limits)
        func ingest(_ lines: Int) async throws {
            let text = String(repeating: "f 1\n", count: lines)
            let body = Gzip.deflate(Array(text.utf8))
            try #require(body.count < 50)
            try await pipeline.ingest(
                IngestRequest(parameter: { ["name": "app"][$0] }, contentType: "", body: body, now: Self.now),
                now: Self.now)
        }
        try await ingest(25)
        let error = await #expect(throws: IngestError.self) { try await ingest(25) }
        #expect(error?.kind == .resourceExhausted && error?.description.contains("100 bytes") == true)
    }

    @Test func `an unknown kind of profile is refused`() async {
        await #expect(throws: IngestError.self) { try await ingest("f 1\n", name: "app.nonsense") }
    }

    @Test func `a text that repeats a span's samples is taken and not stored`() async throws {
        try await ingest("f 1\n", name: "app{profile_id=1}")
        #expect(try await series().isEmpty)
    }

    @Test(arguments: ["app{profile_id=1}", "my.app"] as [Text])
    func `strictly, a text that cannot be read is refused as such, whatever its name says`(_ name: Text) async {
        await #expect {
            try await ingest("a ten\n", name: name, limits: .pyroscope)
        } throws: { ($0 as? IngestError)?.kind == .unprocessable }
    }

    @Test func `strictly, a text of too many stacks is an invalid argument`() async {
        let body = (0..<16_001).map { "f\($0) 1\n" }.joined()
        await #expect {
            try await ingest(body, name: "app", limits: .pyroscope)
        } throws: {
            ($0 as? IngestError)?.kind == .invalidArgument && "\($0)".contains("exceeds the samples count limit")
        }
    }

    @Test func `the time of a text is its from`() async throws {
        try await ingest("f 1\n", name: "app", parameters: ["from": "1699999000"])
        let points = try await store.profilePoints(for: Selection(tenants: [.anonymous], range: .all))
        #expect(points.times == [1_699_999_000_000_000_000])
    }

    @Test func `strictly, a profile outside the window is refused by a message that names the settings`() async {
        for from in ["1699990000", "1700001000"] as [Text] {
            await #expect {
                try await ingest("f 1\n", name: "app", parameters: ["from": from], limits: .pyroscope)
            } throws: { error in
                (error as? IngestError)?.kind == .invalidArgument && "\(error)".contains("reject-older-than")
            }
        }
    }

    @Test func `late profiles are welcome by our own limits`() async throws {
        try await ingest("f 1\n", name: "app", parameters: ["from": "1600000000"])
        #expect(try await series().count == 1)
    }

    @Test(arguments: ["max-label-names", "max-label-name-length", "max-label-value-length"])
    func `strictly, a limit on labels names its setting`(_ name: String) async {
        var limits = IngestLimits.pyroscope
        switch name {
        case "max-label-names": limits.maxLabels = 3
        case "max-label-name-length": limits.maxLabelNameBytes = 5
        default: limits.maxLabelValueBytes = 2
        }
        await #expect {
            try await ingest("f 1\n", name: "app{region=europe}", limits: limits)
        } throws: { "\($0)".contains(name) }
    }

    @Test func `strictly, a value that is no UTF-8 in the name is no error, and nothing is stored`() async throws {
        let name = Text(utf8: Array("app{a=".utf8) + [0xff] + Array("}".utf8))
        try await ingest("f 1\n", name: name, limits: .pyroscope)
        #expect(try await series().isEmpty)
        await #expect(throws: IngestError.self) { try await ingest("f x\n", name: name, limits: .pyroscope) }
    }

    /// A label of the client that the server sends too, and a service that is named and empty.
    @Test(
        arguments: [
            ("app{pyroscope_spy=x}", "duplicate label name: 'pyroscope_spy'"),
            ("app{service_name=}", "service name is not provided"), (".cpu", "service name is not provided"),
            ("app{__name__=}", "service name is not provided"),
        ] as [(Text, String)])
    func `strictly, labels that cannot be a series' are refused`(_ name: Text, _ message: String) async throws {
        await #expect {
            try await ingest("f 1\n", name: name, limits: .pyroscope)
        } throws: { ($0 as? IngestError)?.kind == .invalidArgument && "\($0)".contains(message) }
        try await ingest("f 0\n", name: name, limits: .pyroscope)
        guard name != ".cpu" else { return }
        await #expect {
            try await ingest(pprof, name: name, limits: .pyroscope)
        } throws: { ($0 as? IngestError)?.kind == .unprocessable && "\($0)".contains(message) }
    }

    @Test func `unless read strictly, the client's own spy counts, and an empty service is none`() async throws {
        try await ingest("f 1\n", name: "app{pyroscope_spy=x,service_name=}")
        let found = try await series()
        #expect(found.first?["pyroscope_spy"] == "x" && found.first?[LabelName.serviceName] == "app")
    }

    private func speedscope(
        _ profile: String, name: Text = "app", limits: IngestLimits = .pyroscope
    ) async throws {
        try await ingest(
            #"{"$schema":"https://www.speedscope.app/file-format-schema.json","#
                + #""shared":{"frames":[{"name":"f"}]},"profiles":[\#(profile)]}"#,
            name: name, parameters: ["format": "speedscope", "sampleRate": "0"], limits: limits)
    }

    @Test(
        arguments: [
            #"{"type":"sampled","unit":"none","samples":[[0]],"weights":[-1]}"#,
            #"{"type":"sampled","unit":"hours","samples":[[0]],"weights":[1]}"#,
            #"{"type":"sampled","samples":[[0]],"weights":[1]}"#,
        ])
    func `strictly, a speedscope profile of a negative weight or an unknown unit is refused`(
        _ profile: String
    ) async throws {
        await #expect {
            try await speedscope(profile)
        } throws: { ($0 as? IngestError)?.kind == .unprocessable }
        try await speedscope(profile, limits: .hearth)
    }

    @Test(arguments: [("own", "own"), ("", "")])
    func `a speedscope profile's name takes the place of a label of the client`(
        _ name: String, _ label: Text
    ) async throws {
        try await speedscope(
            #"{"type":"sampled","name":"\#(name)","unit":"none","samples":[[0]],"weights":[1]}"#,
            name: "app{profile_name=x}")
        #expect(try await series().map { $0["profile_name"] } == [label])
    }

    @Test func `a speedscope file that repeats a span's samples is taken and not stored`() async throws {
        let profile = #"{"type":"sampled","unit":"none","samples":[[0]],"weights":[1]}"#
        try await speedscope(profile, name: "app{profile_id=1}")
        #expect(try await series().isEmpty)
    }

    @Test func `strictly, a pushed service that is empty is refused, as the one in its place is dropped with it`() async
    {
        let labels = [Label(LabelName.name, "process_cpu"), Label(LabelName.serviceName, "")]
        await #expect {
            try await push([("a", pprof)], labels: labels, limits: .pyroscope)
        } throws: { "\($0)".contains("service name is not provided") }
    }

    /// The time of a pprof by what it says: of 1970, before, and after.
    @Test(
        arguments: [
            (0, 1_699_999_000_000_000_000), (1_700_000_000_000, 1_699_999_000_000_000_000), (-1, now),
            (1_699_998_000_000_000_000, 1_699_998_000_000_000_000),
        ] as [(Int64, Int64)])
    func `a pprof's time is its own, unless that is in 1970 or earlier`(_ time: Int64, _ stored: Int64) async throws {
        try await ingest(
            PprofBytes.encoded { $0.time = time }, name: "app", parameters: ["from": "1699999000"], limits: .pyroscope)
        let points = try await store.profilePoints(for: Selection(tenants: [.anonymous], range: .all))
        #expect(points.times == [stored])
    }

    private func ingest(
        _ pprof: [UInt8], name: Text, parameters: [Text: Text] = [:], limits: IngestLimits
    ) async throws {
        let all = parameters.merging(["name": name, "format": "pprof"]) { $1 }
        let request = IngestRequest(parameter: { all[$0] }, contentType: "", body: pprof, now: Self.now)
        try await IngestPipeline(store: store, limits: limits).ingest(request, now: Self.now)
    }

    private func push(
        _ profiles: [(id: Text, bytes: [UInt8])], labels: [Label], limits: IngestLimits = .hearth
    ) async throws {
        try await IngestPipeline(store: store, limits: limits).push(
            [PushedSeries(labels: labels, profiles: profiles)], now: Self.now)
    }

    /// A pprof of one sample type and one sample without a stack: types, sample, texts.
    private let pprof: [UInt8] =
        [0x0a, 4, 8, 1, 0x10, 2, 0x12, 2, 0x10, 5, 0x32, 0]
        + [0x32, 3] + Array("cpu".utf8) + [0x32, 11] + Array("nanoseconds".utf8)

    @Test func `what can be stored is stored, and what cannot is named by its id`() async throws {
        let labels = [Label(LabelName.name, "process_cpu"), Label(LabelName.serviceName, "api")]
        await #expect {
            try await push([("good", pprof), ("bad", [0xff])], labels: labels)
        } throws: { "\($0)".contains("index 1 and id bad") }
        let points = try await store.profilePoints(for: Selection(tenants: [.anonymous], range: .all))
        #expect(points.totals == [5])
        #expect(points.series.first?[LabelName.profileType] == "process_cpu:cpu:nanoseconds::")
    }

    @Test func `a push without profiles is refused`() async {
        await #expect(throws: IngestError.self) { try await push([], labels: []) }
    }

    @Test func `a series without a service is that of an unknown one`() async throws {
        try await push([("a", pprof)], labels: [Label(LabelName.name, "process_cpu")])
        #expect(try await series().first?[LabelName.serviceName] == "unknown_service")
    }

    @Test func `strictly, a series without a name, or with a label twice, is refused`() async {
        await #expect(throws: IngestError.self) { try await push([("a", pprof)], labels: [], limits: .pyroscope) }
        await #expect(throws: IngestError.self) {
            try await push(
                [("a", pprof)], labels: [Label(LabelName.name, "x"), Label("a", "1"), Label("a", "2")],
                limits: .pyroscope)
        }
    }

    @Test func `a delta profile loses its prefix and remembers it`() async throws {
        try await push([("a", pprof)], labels: [Label(LabelName.name, "godeltaprof_memory")])
        let found = try await series()
        #expect(found.first?[LabelName.name] == "memory" && found.first?["__name_replaced__"] == "godeltaprof_memory")
    }

    @Test func `private labels of a push do not survive`() async throws {
        try await push(
            [("a", pprof)],
            labels: [Label(LabelName.name, "x"), Label(LabelName.sessionID, "s"), Label(LabelName.type, "forged")])
        let found = try await series()
        #expect(found.first?[LabelName.sessionID] == "" && found.first?[LabelName.type] == "cpu")
    }
}
