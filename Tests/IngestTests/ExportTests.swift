import Formats
import Ingest
import MemoryStore
import Model
import Selectors
import Store
import Testing
import Wire

/// Exports of OpenTelemetry's clients as a whole: what is stored of several profiles, and of one that comes again.
@Suite struct ExportTests {
    private let store = MemoryStore()

    /// A profile by its value; one of a stack that is not there cannot be converted.
    private static func profile(_ value: Int, id: String = "", time: String = "0", stack: Int = 1, name: Int = 1)
        -> String
    {
        """
        {"sampleType":{"typeStrindex":\(name),"unitStrindex":2},"periodType":{"typeStrindex":\(name),"unitStrindex":2},
         "period":"1","timeUnixNano":"\(time)","profileId":"\(id)","samples":[{"stackIndex":\(stack),"values":["\(value)"]}]}
        """
    }

    private func request(_ profiles: [String], frame: String = "main") throws -> OTLP.ExportRequest {
        let json = """
            {"resourceProfiles":[{"scopeProfiles":[{"profiles":[\(profiles.joined(separator: ","))]}]}],
             "dictionary":{"stringTable":["","cpu","nanoseconds","\(frame)"],"mappingTable":[{}],
              "functionTable":[{},{"nameStrindex":3}],"locationTable":[{},{"lines":[{"functionIndex":1}]}],
              "stackTable":[{},{"locationIndices":[1]}]}}
            """
        return try OTLP.ExportRequest(json: Array(json.utf8))
    }

    private func points() async throws -> ProfilePoints {
        try await store.profilePoints(for: Selection(tenants: [.anonymous], range: .all))
    }

    @Test(arguments: [profile(2, stack: 9), profile(2, name: 0)])
    func `strictly, what comes before a profile that is refused is stored, and no more`(_ bad: String) async throws {
        let pipeline = IngestPipeline(store: store, limits: .pyroscope)
        let request = try request([Self.profile(1), bad, Self.profile(4)])
        await #expect(throws: IngestError.self) {
            try await pipeline.export(request, now: Mistake.now)
        }
        #expect(try await points().totals == [1])
    }

    private static let id = "AAECAwQFBgcICQoLDA0ODw=="

    @Test(arguments: ["0", "1700000000000000000"])
    func `a profile that has an id and comes again is stored once, at its first time`(_ time: String) async throws {
        let pipeline = IngestPipeline(store: store, limits: .hearth)
        for delay in [0, 5_000_000_000] as [Int64] {
            try await pipeline.export(
                try request([Self.profile(3, id: Self.id, time: time)]), now: Mistake.now + delay)
        }
        let points = try await points()
        #expect(points.totals == [3] && points.times == [Mistake.now])
    }

    @Test func `different contents under one id are stored each`() async throws {
        let pipeline = IngestPipeline(store: store, limits: .hearth)
        for (value, frame) in [(3, "main"), (5, "main"), (3, "work")] {
            try await pipeline.export(
                try request([Self.profile(value, id: Self.id)], frame: frame), now: Mistake.now)
        }
        #expect(try await points().totals.reduce(0, +) == 11)
    }

    @Test func `profiles of series beyond the limit are counted as rejected, and the others stored`() async throws {
        var limits = IngestLimits.hearth
        limits.maxSeries = 1
        let pipeline = IngestPipeline(store: store, limits: limits)
        let outcome = try await pipeline.export(
            try request([Self.profile(1), Self.profile(2, name: 3), Self.profile(4, name: 3)]), now: Mistake.now)
        #expect(outcome.rejected == 2 && outcome.message.contains("max-series"))
        #expect(try await points().totals == [1])
        await #expect(throws: IngestError.self) {
            try await pipeline.export(try request([Self.profile(2, name: 3)]), now: Mistake.now)
        }
    }

    @Test(arguments: ["", "AAAAAAAAAAAAAAAAAAAAAA==", "AAEC"])
    func `without an id, what comes again is stored again`(_ id: String) async throws {
        let pipeline = IngestPipeline(store: store, limits: .hearth)
        for _ in 0..<2 {
            try await pipeline.export(try request([Self.profile(3, id: id)]), now: Mistake.now)
        }
        #expect(try await points().totals.reduce(0, +) == 6)
    }
}
