import Model
import Query
import Store
import Testing

@Suite struct StacktraceQueryTests {
    @Test func `profiles of several series merge into one tree`() async throws {
        let store = try await store([
            profile([("main;foo", 1), ("main", 2)], at: 1000, labels: [Label("pod", "1")]),
            profile([("main;foo", 4)], at: 2000, id: 2, labels: [Label("pod", "2")]),
        ])
        let all = try await StacktraceQuery(everything()).run(on: store, limits: .hearth, now: now)
        #expect(FlameGraph(all.tree).levels == [[0, 7, 0, 0], [0, 7, 2, 1], [2, 5, 5, 2]])
        #expect(all.maxNodes == 8192)
        let one = try await StacktraceQuery(everything("{pod=\"1\"}")).run(on: store, limits: .hearth, now: now)
        #expect(one.tree.total == 3)
    }

    @Test(arguments: [
        (query: everything(from: 0), message: "missing time range in the query"),
        (query: everything(from: 2, to: 1), message: "query start time is after end time"),
        (
            query: everything(""),
            message: "parsing label selector \"\": unknown position: parse error: unexpected end of input"
        ),
    ])
    func `what cannot be asked is refused with the reference's words`(_ query: SampleQuery, _ message: String)
        async throws
    {
        let store = try await store([])
        await #expect(throws: QueryError(message)) {
            _ = try await StacktraceQuery(query).run(on: store, limits: .hearth, now: now)
        }
    }

    @Test func `spans and traces cannot be asked for together`() async throws {
        let store = try await store([])
        var query = everything(from: 0)
        query.spans = ["00000000000000a1"]
        query.traces = ["000000000000000000000000000000a1"]
        await #expect(throws: QueryError("span_selector and trace_id_selector cannot be combined")) {
            _ = try await StacktraceQuery(query).run(on: store, limits: .hearth, now: now)
        }
    }

    @Test func `a span selects its own samples, in either case`() async throws {
        let store = try await store([profile([("a", 1), ("b", 2)], at: 1000, spans: [0xa1, 0])])
        var query = everything()
        query.spans = ["00000000000000A1"]
        #expect(try await StacktraceQuery(query).run(on: store, limits: .hearth, now: now).tree.total == 1)
        query.spans = ["tooshort"]
        await #expect(throws: QueryError("invalid span id length: \"tooshort\"")) {
            _ = try await StacktraceQuery(query).run(on: store, limits: .hearth, now: now)
        }
    }

    @Test func `both sides of a diff are cut to the larger limit`() async throws {
        let store = try await store([
            profile([("main;foo", 1), ("main;bar", 2)], at: 1000, labels: [Label("side", "l")]),
            profile([("main;foo", 4)], at: 1000, id: 2, labels: [Label("side", "r")]),
        ])
        let diff = try await DiffQuery(
            left: StacktraceQuery(everything("{side=\"l\"}"), maxNodes: 1),
            right: StacktraceQuery(everything("{side=\"r\"}"), maxNodes: 100)
        ).run(on: store, limits: .hearth, now: now)
        #expect(diff.leftTicks == 3 && diff.rightTicks == 4)
        #expect(diff.names.count == 4)
    }
}

@Suite struct QueryLimitsTests {
    private let limits = QueryLimits.pyroscope
    private let hour: Int64 = 3_600_000

    @Test func `a day is the longest range and the message says so`() throws {
        let now: Int64 = 1_700_000_000_000
        #expect(try limits.range(start: now - 24 * hour, end: now, now: now) != nil)
        #expect(
            throws: QueryError(
                "the query time range exceeds the limit (max_query_length, actual: 25h0m0s, limit: 1d)")
        ) {
            _ = try limits.range(start: now - 25 * hour, end: now, now: now)
        }
    }

    @Test func `a range before the lookback is empty and one that reaches into it is clamped`() throws {
        let now: Int64 = 1_700_000_000_000
        #expect(try limits.range(start: 1, end: now - 169 * hour, now: now) == nil)
        let clamped = try limits.range(start: 1, end: now - 160 * hour, now: now)
        #expect(clamped == TimeRange(start: now - 168 * hour, end: now - 160 * hour))
    }

    @Test(arguments: [(nil, 8192), (0, 8192), (5, 5), (1_048_576, 1_048_576)] as [(Int64?, Int)])
    func `absent and 0 nodes mean the default`(_ requested: Int64?, _ nodes: Int) throws {
        #expect(try limits.nodes(requested) == nodes)
    }

    @Test(
        arguments: [
            (1_048_577, "max flamegraph nodes limit 1048577 is greater than allowed 1048576"),
            (-1, "max flamegraph nodes limit must be set (max allowed 1048576)"),
        ] as [(Int64, String)])
    func `too many nodes and negative ones are refused`(_ requested: Int64, _ message: String) {
        #expect(throws: QueryError(message)) { _ = try limits.nodes(requested) }
    }
}
