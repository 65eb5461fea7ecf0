import Model
import Query
import Store
import Testing

@Suite struct SeriesQueryTests {
    private func points(
        _ profiles: [NewProfile], from start: Int64, to end: Int64, step: Double, groupBy: [Text] = [],
        aggregation: Aggregation = .sum, limit: Int64 = 0
    ) async throws -> [TimeSeries] {
        try await SeriesQuery(
            everything(from: start, to: end), step: step, groupBy: groupBy, aggregation: aggregation, limit: limit
        ).run(on: store(profiles), limits: .hearth, now: now)
    }

    @Test func `a profile goes to the first grid point at or after it, and the first bucket reaches back one step`()
        async throws
    {
        let profiles = [0, 1000, 1001, 3000, 3200, -1].enumerated().map { index, time in
            profile([("f", Int64(1) << Int64(index))], at: Int64(time), id: UInt64(index))
        }
        let series = try await points(profiles, from: 1000, to: 3500, step: 1)
        #expect(
            series.map { $0.points.map { [$0.timestamp, Int64($0.value)] } } == [[[1000, 3], [2000, 4], [3000, 8]]])
    }

    @Test func `a point can name the largest span of its bucket`() async throws {
        let profiles = [
            profile([("f", 5), ("g", 7)], at: 2000, id: 1, spans: [0xa, 0xb]),
            profile([("f", 9)], at: 3000, id: 2),
        ]
        var query = SeriesQuery(everything(from: 1000, to: 4000), step: 1)
        query.spanExemplars = true
        let points = try await query.run(on: store(profiles), limits: .hearth, now: now).first?.points ?? []
        #expect(points.map(\.value) == [12, 9])
        #expect(points.map { $0.exemplar?.span } == [0xb, nil] && points.first?.exemplar?.value == 7)
    }

    @Test func `lines come by descending sum, then by labels, with labels in the order asked for`() async throws {
        let profiles = [("p", 2), ("q", 9), ("a", 2)].enumerated().map { index, line in
            profile(
                [("f", Int64(line.1))], at: 5000, id: UInt64(index),
                labels: [Label("k", Text(line.0)), Label("b", "x")])
        }
        let series = try await points(profiles, from: 1000, to: 9000, step: 1, groupBy: ["k", "b", "nope", "k"])
        #expect(series.map { $0.labels.map(\.value) } == [["q", "x"], ["a", "x"], ["p", "x"]])
        #expect(series[0].labels.map(\.name) == ["k", "b"])
        #expect(try await points(profiles, from: 1000, to: 9000, step: 1, groupBy: ["k"], limit: 1).count == 1)
    }

    @Test func `lines of one sum are ordered by their labels as they were asked for, not by name`() async throws {
        let profiles = [("1", "z"), ("2", "y"), ("", "x"), ("0", "")].enumerated().map { index, labels in
            profile(
                [("f", 1)], at: 5000, id: UInt64(index),
                labels: [Label("a", Text(labels.0)), Label("b", Text(labels.1))])
        }
        let series = try await points(profiles, from: 1000, to: 9000, step: 1, groupBy: ["b", "a"])
        #expect(series.map { $0.labels.map(\.value) } == [["0"], ["x"], ["y", "2"], ["z", "1"]])
    }

    @Test(arguments: [(0.57, 570), (0.001, 1), (0.0019, 1), (1.0005, 1000)] as [(Double, Int64)])
    func `a step is cut to nanoseconds and then to milliseconds`(_ step: Double, _ milliseconds: Int64) async throws {
        let series = try await points(
            [profile([("f", 1)], at: 10_001)], from: 10_000, to: 20_000, step: step)
        #expect(series.first?.points.map(\.timestamp) == [10_000 + milliseconds])
    }

    @Test func `a step beyond all time is one bucket`() async throws {
        for step in [1e12, 1e300, .infinity] {
            let series = try await points([profile([("f", 1)], at: 500)], from: 1000, to: 9000, step: step)
            #expect(series.first?.points.map(\.timestamp) == [1000])
        }
    }

    @Test func `an average is the sum divided by the profiles of the bucket`() async throws {
        let profiles = [profile([("f", 10)], at: 1000), profile([("f", 30)], at: 2000, id: 2)]
        let series = try await points(profiles, from: 5000, to: 5000, step: 60, aggregation: .average)
        #expect(series.first?.points.map(\.value) == [20])
    }

    @Test(arguments: [0, 0.0005, -1, .nan])
    func `a step below a millisecond is refused`(_ step: Double) async throws {
        await #expect(throws: QueryError("step must be >= 1ms")) {
            _ = try await points([], from: 1, to: 2, step: step)
        }
    }

    @Test func `an exemplar is the largest profile of its bucket without the labels grouped by`() async throws {
        let store = try await store([
            profile([("f", 1)], at: 1000, id: 7, labels: [Label("pod", "a")]),
            profile([("f", 5)], at: 2000, id: 8, labels: [Label("pod", "a")]),
        ])
        let series = try await SeriesQuery(
            everything(from: 60_000, to: 60_000), step: 60, groupBy: ["pod"], exemplars: true
        ).run(on: store, limits: .hearth, now: now)
        let exemplar = try #require(series.first?.points.first?.exemplar)
        #expect(exemplar.profile == ProfileID(high: 0, low: 8) && exemplar.value == 5 && exemplar.timestamp == 2000)
        #expect(exemplar.labels["pod"] == "" && exemplar.labels["service_name"] == "api")
    }

    @Test func `parts of one push are one exemplar, with the labels that they share`() async throws {
        let store = try await store([
            profile([("f", 3)], at: 1000, id: 7, labels: [Label("pod", "a"), Label("zone", "z")]),
            profile([("f", 4)], at: 1000, id: 7, labels: [Label("pod", "b"), Label("zone", "z")]),
            profile([("f", 5)], at: 1000, id: 8),
        ])
        let series = try await SeriesQuery(everything(from: 60_000, to: 60_000), step: 60, exemplars: true)
            .run(on: store, limits: .hearth, now: now)
        let exemplar = try #require(series.first?.points.first?.exemplar)
        #expect(exemplar.profile == ProfileID(high: 0, low: 7) && exemplar.value == 7)
        #expect(exemplar.labels["pod"] == "" && exemplar.labels["zone"] == "z")
    }
}

@Suite struct TimelineTests {
    @Test func `points fall on an epoch-aligned grid and gaps are 0`() {
        let points = [(1_700_000_003_000, 1.9), (1_700_000_033_000, 7)].map { time, value in
            SeriesPoint(timestamp: time, value: value)
        }
        let timeline = Timeline(points: points, start: 1_700_000_003_000, end: 1_700_000_063_000, step: 15)
        #expect(timeline.startTime == 1_699_999_995)
        #expect(timeline.samples == [1, 0, 7, 0])
    }

    @Test(
        arguments: [(1, 15), (24, 60), (48, 120), (7 * 24, 300), (30 * 24, 1800), (365 * 24, 21_600)]
            as [(Int64, Int64)])
    func `the step follows from the range`(_ hours: Int64, _ step: Int64) {
        #expect(Timeline.step(start: 0, end: hours * 3_600_000) == step)
    }
}
