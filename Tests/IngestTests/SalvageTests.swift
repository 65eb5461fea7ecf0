import Formats
import Ingest
import MemoryStore
import Model
import Selectors
import Store
import Testing
import Wire

/// One mistake of a client, what a server that salvages keeps of it, and what a strict one does.
struct Mistake: Sendable, CustomTestStringConvertible {
    /// What a strict server does with it.
    enum Strictly { case refused, taken }

    let reason: SalvageReason
    var total: Int64 = 5
    var strictly = Strictly.refused
    var change: @Sendable (inout IngestLimits) -> Void = { _ in }
    let send: @Sendable (IngestPipeline) async throws -> Void

    var testDescription: String { reason.rawValue }

    static let now: Int64 = 1_700_000_000_000_000_000

    static func push(
        _ pipeline: IngestPipeline, labels: [Label] = [], name: Text = "process_cpu",
        _ change: (inout PprofBytes) -> Void = { _ in }
    ) async throws {
        let all = (name.isEmpty ? [] : [Label(LabelName.name, name)]) + [Label(LabelName.serviceName, "api")] + labels
        try await pipeline.push(
            [PushedSeries(labels: all, profiles: [("id", PprofBytes.encoded(change))])], now: now)
    }

    static func ingest(
        _ pipeline: IngestPipeline, _ body: [UInt8], name: Text = "api", parameters: [Text: Text] = [:]
    ) async throws {
        let all = parameters.merging(["name": name, "sampleRate": parameters["sampleRate"] ?? "0"]) { $1 }
        try await pipeline.ingest(
            IngestRequest(parameter: { all[$0] }, contentType: "", body: body, now: now), now: now)
    }

    static let labels: [Mistake] = [
        Mistake(reason: .labelName) { try await push($0, labels: [Label("", "x")]) },
        Mistake(reason: .labelName) { try await ingest($0, Array("f 5".utf8), name: "api{bad-name=x}") },
        Mistake(reason: .labelNameLength, change: { $0.maxLabelNameBytes = 20 }) {
            try await push($0, labels: [Label("a_name_of_more_than_20_bytes", "x")])
        },
        Mistake(reason: .labelValueLength, change: { $0.maxLabelValueBytes = 15 }) {
            try await push($0, labels: [Label("a", "a value of more than 15 bytes")])
        },
        Mistake(reason: .labelNotUTF8) { try await push($0, labels: [Label("a", Text(utf8: [0x61, 0xff]))]) },
        Mistake(reason: .labelNotUTF8, strictly: .taken) {
            try await ingest($0, Array("f 5".utf8), name: Text(utf8: Array("api{a=".utf8) + [0xff] + Array("}".utf8)))
        },
        Mistake(reason: .labelTwice) { try await push($0, labels: [Label("a", "1"), Label("a", "2")]) },
        Mistake(reason: .labelCount, change: { $0.maxLabels = 3 }) {
            try await push($0, labels: [Label("a", "1"), Label("b", "2")])
        },
        Mistake(reason: .labelUnterminated, strictly: .taken) {
            try await ingest($0, Array("f 5".utf8), name: "api{a=b")
        },
        Mistake(reason: .serviceName) { try await ingest($0, Array("f 5".utf8), name: "a service") },
        Mistake(reason: .profileName) { try await push($0, name: "") },
    ]

    static let times: [Mistake] = [
        Mistake(reason: .time1970, strictly: .taken) { try await push($0) { $0.time = 1_700_000_000_000_000 } },
        Mistake(reason: .timeFuture) { try await push($0) { $0.time += 3_600_000_000_000 } },
        Mistake(reason: .timeOld, change: { $0.rejectOlderThan = 60_000 }) {
            try await push($0) { $0.time -= 3_600_000_000_000 }
        },
    ]

    static let samples: [Mistake] = [
        Mistake(reason: .sampleCount, total: 15, change: { $0.pprof.maxSamples = 2 }) {
            try await push($0) {
                $0.functions = [(1, 3), (2, 4), (3, 5)]
                $0.locations = [(1, 1), (2, 2), (3, 3)]
                $0.samples = [.init(stack: [1]), .init(stack: [2]), .init(stack: [3])]
            }
        },
        Mistake(reason: .seriesCount, total: 15, change: { $0.pprof.maxSamples = 2 }) {
            try await push($0) {
                $0.samples = [3, 4, 5].map { .init(labels: [(4, $0)]) }
            }
        },
        Mistake(reason: .sampleLabelCount, change: { $0.pprof.maxSampleLabels = 1 }) {
            try await push($0) { $0.samples[0].labels = [(4, 5), (3, 5)] }
        },
        Mistake(reason: .sampleLabelName, strictly: .taken) {
            try await push($0) { $0.samples[0].labels = [(0, 5)] }
        },
        Mistake(reason: .sampleValues) {
            try await push($0) { $0.samples.append(.init(values: [1, 2])) }
        },
        Mistake(reason: .sampleNegative, strictly: .taken) {
            try await push($0) { $0.samples.append(.init(values: [-1])) }
        },
        Mistake(reason: .sampleOverflow, total: .max, strictly: .taken) {
            try await ingest($0, Array("f 9223372036854775807\nf 5".utf8))
        },
        Mistake(reason: .sampleReference, strictly: .taken) {
            try await push($0) { $0.samples.append(.init(stack: [9])) }
        },
    ]

    static let tables: [Mistake] = [
        Mistake(reason: .zeroID) {
            try await push($0) {
                $0.locations = [(0, 1)]
                $0.samples[0].stack = [0]
            }
        },
        Mistake(reason: .zeroID) {
            try await push($0) { $0.locations += [(0, 1), (0, 1)] }
        },
        Mistake(reason: .stringTable) { try await push($0) { $0.strings[0] = Array("x".utf8) } },
        Mistake(reason: .stringIndex) { try await push($0) { $0.functions[0].name = 99 } },
        Mistake(reason: .stringIndex) { try await push($0) { $0.samples[0].labels = [(4, 99)] } },
        Mistake(reason: .stringIndex) { try await push($0) { $0.periodType = (1, 99) } },
        Mistake(reason: .sampleTypeName) { try await push($0) { $0.strings[1] = Array("c-p:u".utf8) } },
        Mistake(reason: .textNotUTF8) { try await ingest($0, [0xff, 0x20, 0x35]) },
        Mistake(reason: .symbolLength, strictly: .taken, change: { $0.pprof.maxSymbolBytes = 11 }) {
            try await push($0) { $0.strings[3] = Array("a function of a long name".utf8) }
        },
        Mistake(reason: .stackDepth, strictly: .taken, change: { $0.pprof.maxDepth = 2 }) {
            try await push($0) { $0.samples[0].stack = [1, 1, 1] }
        },
    ]

    static let formats: [Mistake] = [
        Mistake(reason: .line) { try await ingest($0, Array("f 5\ng ten\n".utf8)) },
        Mistake(reason: .line, strictly: .taken) { try await ingest($0, Array("f 5\nnothing\n".utf8)) },
        Mistake(reason: .cutShort) {
            // A root with two children, of which the second ends within its name.
            try await ingest($0, [0, 0, 2, 1, 0x66, 5, 0, 9, 0x67], parameters: ["format": "tree"])
        },
        Mistake(reason: .partialFile, total: 5_000_000) {
            let profiles = #"""
                {"name":"a","type":"sampled","unit":"milliseconds","samples":[[0]],"weights":[5]},
                {"name":"b","type":"sampled","unit":"milliseconds","samples":[[7]],"weights":[1]}
                """#
            try await ingest(
                $0,
                Array(
                    """
                    {"$schema":"https://www.speedscope.app/file-format-schema.json",
                     "shared":{"frames":[{"name":"main"}]},"profiles":[\(profiles)]}
                    """.utf8), parameters: ["format": "speedscope", "sampleRate": "100"])
        },
    ]
}

@Suite struct SalvageTests {
    private static let mistakes = Mistake.labels + Mistake.times + Mistake.samples + Mistake.tables + Mistake.formats

    private func send(
        _ mistake: Mistake, isStrict: Bool
    ) async -> (totals: [Int64], problems: [IngestProblems.Problem], error: (any Error)?) {
        let store = MemoryStore()
        var limits = IngestLimits.hearth
        mistake.change(&limits)
        limits.pprof.isStrict = isStrict
        let pipeline = IngestPipeline(store: store, limits: limits).serving(
            IngestSender(address: "10.0.0.7", userAgent: "an-agent/1"), within: nil)
        var thrown: (any Error)?
        do { try await mistake.send(pipeline) } catch { thrown = error }
        let points = try? await store.profilePoints(for: Selection(tenants: [.anonymous], range: .all))
        return (points?.totals ?? [], pipeline.problems.list(of: [.anonymous]), thrown)
    }

    @Test(arguments: mistakes)
    func `the profile is kept with its whole total, and the mistake is listed with its sender`(
        _ mistake: Mistake
    ) async {
        let result = await send(mistake, isStrict: false)
        #expect(result.error == nil)
        #expect(result.totals.reduce(0, +) == mistake.total)
        let problem = result.problems.first { $0.cause == .salvaged(mistake.reason) }
        #expect(problem != nil, "\(result.problems)")
        #expect(problem?.sender == IngestSender(address: "10.0.0.7", userAgent: "an-agent/1"))
        #expect(problem?.example.isEmpty == false && (problem?.count ?? 0) > 0 && problem?.first == Mistake.now)
        if mistake.reason != .serviceName { #expect(problem?.service == "api") }
    }

    @Test(arguments: mistakes)
    func `strictly, the profile is refused where the reference refuses it, and the refusal is listed`(
        _ mistake: Mistake
    ) async {
        let result = await send(mistake, isStrict: true)
        guard mistake.strictly == .refused else {
            #expect(result.error == nil)
            return
        }
        #expect(result.error is IngestError)
        #expect(result.totals.isEmpty)
        #expect(
            result.problems.contains {
                if case .refused = $0.cause { !$0.example.isEmpty } else { false }
            })
    }

    @Test func `every reason has a mistake in these tests or those of recordings, and a sentence that helps`() {
        let elsewhere: Set<SalvageReason> = [.sampleRate, .recordingLabels]
        let covered = Set(Self.mistakes.map(\.reason)).union(elsewhere)
        #expect(covered == Set(SalvageReason.allCases))
        for reason in SalvageReason.allCases { #expect(reason.fix.hasSuffix(".")) }
        #expect(Set(SalvageReason.allCases.map(\.fix)).count >= SalvageReason.allCases.count - 1)
    }

    @Test func `a correct profile is no problem`() async throws {
        let pipeline = IngestPipeline(store: MemoryStore(), limits: .hearth)
        try await Mistake.push(pipeline)
        try await Mistake.ingest(pipeline, Array("f 5".utf8), name: "api{a=b}")
        #expect(pipeline.problems.list(of: [.anonymous]).isEmpty)
    }

    private func stored(
        _ change: (inout IngestLimits) -> Void = { _ in }, _ send: (IngestPipeline) async throws -> Void
    ) async throws -> ProfilePoints {
        let store = MemoryStore()
        var limits = IngestLimits.hearth
        change(&limits)
        try await send(IngestPipeline(store: store, limits: limits))
        return try await store.profilePoints(for: Selection(tenants: [.anonymous], range: .all))
    }

    @Test(arguments: [1_700_000_000, 1_700_000_000_000, 1_700_000_000_000_000, 1_700_003_600_000_000_000] as [Int64])
    func `a time in 1970 or in the future becomes the time of receipt`(_ time: Int64) async throws {
        let points = try await stored { try await Mistake.push($0) { $0.time = time } }
        #expect(points.times == [Mistake.now])
    }

    @Test func `a time in the future stays while the server's own clock is in doubt`() async throws {
        /// A store that has seen the wall clock jump.
        struct Doubting: ProfileStore {
            let below = MemoryStore()
            let isClockInDoubt = true
            var documents: any DocumentStore { below.documents }
            func append(_ profiles: [NewProfile], for tenant: Tenant) async throws {
                try await below.append(profiles, for: tenant)
            }
            func series(in range: TimeRange, matching matchers: [LabelMatcher], tenants: [Tenant]) async throws
                -> [LabelSet]
            { [] }
            func stackTotals(for selection: Selection) async throws -> [StackTotals] { [] }
            func profilePoints(for selection: Selection) async throws -> ProfilePoints { ProfilePoints() }
            func spanPoints(for selection: Selection) async throws -> SpanPoints { SpanPoints() }
            func nearestProfile(to selection: Selection) async throws -> Int64? { nil }
            func span(of tenant: Tenant) async throws -> ProfileSpan? { try await below.span(of: tenant) }
            func delete(_ deletion: Deletion, dryRun: Bool) async throws -> DeletedCounts { DeletedCounts() }
            func close() async {}
        }
        let store = Doubting()
        let later = Mistake.now + 6 * 365 * 86_400_000_000_000
        try await Mistake.push(IngestPipeline(store: store, limits: .hearth)) { $0.time = later }
        #expect(try await store.span(of: .anonymous)?.newest == later)
    }

    @Test func `a bad label name is sanitised, and its value stays`() async throws {
        let points = try await stored { try await Mistake.ingest($0, Array("f 1".utf8), name: "api{bad-name=x,=y}") }
        #expect(points.series.first?["bad_name"] == "x")
    }

    @Test func `of a label that was given twice the last value counts`() async throws {
        let points = try await stored {
            try await Mistake.push($0, labels: [Label("a", "2"), Label("a", "1"), Label("b", "x"), Label("b", "")])
        }
        #expect(points.series.first?["a"] == "1" && points.series.first?["b"] == "x")
    }

    @Test func `with too many labels those of samples go first, and name and service stay`() async throws {
        let points = try await stored {
            $0.maxLabels = 3
        } _: {
            try await Mistake.push($0, labels: [Label("zone", "1")]) { $0.samples[0].labels = [(4, 5)] }
        }
        let series = try #require(points.series.first)
        #expect(series[LabelName.name] == "process_cpu" && series[LabelName.serviceName] == "api")
        #expect(series["zone"] == "1" && series["region"] == "")
    }

    @Test func `a value that is cut is cut between characters`() async throws {
        let points = try await stored {
            $0.maxLabelValueBytes = 16
        } _: {
            try await Mistake.push($0, labels: [Label("a", "123456789012345é")])
        }
        #expect(points.series.first?["a"] == "123456789012345")
    }

    @Test func `a series without a name is named after its sample types`() async throws {
        let points = try await stored { try await Mistake.push($0, name: "") }
        #expect(points.series.first?[LabelName.profileType] == "process_cpu:cpu:nanoseconds::")
    }

    @Test func `a pprof that came compressed and without a format is found out`() async throws {
        let points = try await stored {
            try await Mistake.ingest($0, Gzip.deflate(PprofBytes.encoded()))
        }
        #expect(points.totals == [5])
    }

    @Test func `a profile of which no sample can be kept is refused`() async {
        await #expect(throws: IngestError.self) {
            try await stored { try await Mistake.push($0) { $0.samples[0].values = [1, 2] } }
        }
        await #expect(throws: IngestError.self) {
            try await stored { try await Mistake.ingest($0, Array("f ten".utf8)) }
        }
    }

    @Test func `a pprof whose texts are no UTF-8 is no protobuf, and refused`() async {
        await #expect {
            try await stored { try await Mistake.push($0) { $0.strings[3] = [0x6d, 0xff] } }
        } throws: { "\($0)".contains("invalid utf8") }
    }

    @Test func `a long text is cut between characters, and stays UTF-8`() async throws {
        let points = try await stored {
            $0.pprof.maxSymbolBytes = 12
        } _: {
            try await Mistake.push($0) { $0.strings[3] = Array("aééééééé".utf8) }
        }
        #expect(points.totals == [5])
    }

    @Test func `a sample rate at which samples last no time is refused, not lost`() async {
        await #expect {
            try await stored {
                try await Mistake.ingest($0, Array("f 1".utf8), parameters: ["sampleRate": "2000000000"])
            }
        } throws: { "\($0)".contains("sampleRate") }
    }
}
