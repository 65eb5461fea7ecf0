import Formats
import MemoryStore
import Model
import Store
import Testing

@testable import Ingest

@Suite struct ActiveSeriesTests {
    private static let now: Int64 = 1_700_000_000_000_000_000
    private static let minute: Int64 = 60_000_000_000
    private let active = ActiveSeries()
    private let store = MemoryStore()

    private func profiles(_ pods: [Text]) -> [NewProfile] {
        let source = SharedSymbols(SymbolTable())
        return pods.map { pod in
            NewProfile(
                id: .random(), series: LabelSet([Label("pod", pod), Label("service_name", "shop")]), time: Self.now,
                source: source, samples: SampleColumns())
        }
    }

    /// The pods whose profiles are taken.
    private func admitted(
        _ pods: [Text], of tenant: Tenant = .anonymous, limit: Int = 3, minutes: Int64 = 0
    ) -> [Text] {
        active.admit(profiles(pods), of: tenant, limit: limit, now: Self.now + minutes * Self.minute)
            .admitted.map { $0.series["pod"] }
    }

    @Test func `new series are taken up to the limit, and known ones beyond it`() {
        #expect(admitted(["a", "b", "a"]) == ["a", "b", "a"])
        #expect(admitted(["c", "d", "a", "e"]) == ["c", "a"])
        #expect(admitted(["d", "c"]) == ["c"])
        // What one tenant sends takes no room of another's.
        #expect(admitted(["d"], of: Tenant("b")) == ["d"])
        #expect(admitted(["d", "e"], limit: 0) == ["d", "e"])
    }

    @Test func `a series keeps its place while it has profiles, and loses it an hour after the last at the latest`() {
        #expect(admitted(["a", "b", "c"]) == ["a", "b", "c"])
        for minutes in [10, 20, 31, 50] as [Int64] { #expect(admitted(["a", "d"], minutes: minutes) == ["a"]) }
        #expect(admitted(["d", "e", "a", "f"], minutes: 70) == ["d", "e", "a"])
    }

    @Test func `a clock that is set back keeps nobody out for ever`() {
        #expect(admitted(["a", "b", "c"], minutes: 600) == ["a", "b", "c"])
        #expect(admitted(["d"], minutes: 0) == [])
        #expect(admitted(["d"], minutes: 31) == ["d"])
    }

    @Test func `a refusal names the limit and the label of most values`() {
        let refusal = active.admit(profiles((0..<9).map { Text("p\($0)") }), of: .anonymous, limit: 4, now: Self.now)
        #expect(refusal.refused == 5)
        #expect(
            refusal.refusal?.description
                == "tenant anonymous has profiles of 4 series within an hour, and no more are taken (max-series); of the last 9 new ones, label pod has 9 values"
        )
        #expect(refusal.refusal?.kind == .resourceExhausted)
    }

    private func pipeline(_ maxSeries: Int) -> IngestPipeline {
        var limits = IngestLimits.hearth
        limits.maxSeries = maxSeries
        return IngestPipeline(store: store, limits: limits)
    }

    private func pods() async throws -> [Text] {
        try await store.series(in: .all, matching: [], tenants: [.anonymous]).map { $0["pod"] }
    }

    @Test func `a push stores what there is room for and is refused, and what comes again is stored once`() async throws
    {
        let pipeline = pipeline(2)
        let push = (0..<3).map { index in
            PushedSeries(
                labels: [Label("service_name", "shop"), Label("pod", Text("p\(index)"))],
                profiles: [(id: "0b6d5a8e-1f0a-4d3f-9d0e-0123456789ab", bytes: PprofBytes.encoded())])
        }
        for _ in 0..<2 {
            await #expect(throws: IngestError.self) { try await pipeline.push(push, now: Self.now) }
            #expect(try await pods() == ["p0", "p1"])
            let points = try await store.profilePoints(for: Selection(tenants: [.anonymous], range: .all))
            #expect(points.totals == [5, 5])
        }
        #expect(pipeline.problems.list(of: [.anonymous]).contains { $0.example.contains("max-series") })
    }

    @Test func `a profile without an id is stored as a whole or not at all`() async throws {
        let pipeline = pipeline(1)
        func ingest(_ lines: String, name: Text) async throws {
            let request = IngestRequest(
                parameter: { $0 == "name" ? name : nil }, contentType: "", body: Array(lines.utf8), now: Self.now)
            try await pipeline.ingest(request, now: Self.now)
        }
        try await ingest("f 1\n", name: "shop{pod=a}")
        let error = await #expect(throws: IngestError.self) { try await ingest("f 1\n", name: "shop{pod=b}") }
        #expect(error?.kind == .resourceExhausted)
        try await ingest("f 1\n", name: "shop{pod=a}")
        #expect(try await pods() == ["a"])
    }
}
