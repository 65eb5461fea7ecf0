import Model
import Query
import Store
import Testing

@Suite struct HeatmapQueryTests {
    @Test func `one profile falls into the last bucket of a range that starts at its value`() async throws {
        let heatmap = try await HeatmapQuery(everything(from: 1000, to: 9000), step: 1, kind: .profiles)
            .run(on: store([profile([("f", 5)], at: 1500)]), limits: .hearth, now: now)
        #expect(heatmap.count == 1)
        #expect(heatmap[0].slots.map(\.timestamp) == [2000])
        #expect(heatmap[0].slots[0].lowerBounds == [Double](repeating: 5, count: 20))
        #expect(heatmap[0].slots[0].counts == [Int32](repeating: 0, count: 19) + [1])
    }

    @Test func `value buckets divide the range by twenty, cut to whole numbers`() async throws {
        let heatmap = try await HeatmapQuery(everything(from: 1000, to: 9000), step: 10, kind: .profiles)
            .run(
                on: store([profile([("f", 10)], at: 1500), profile([("f", 1000)], at: 1600, id: 2)]), limits: .hearth,
                now: now)
        #expect(heatmap[0].slots[0].lowerBounds.prefix(6) == [10, 59, 109, 158, 208, 257])
        #expect(heatmap[0].slots[0].counts.reduce(0, +) == 2)
    }

    @Test func `spans are counted one by one with their sums`() async throws {
        let store = try await store([profile([("a", 1), ("b", 2), ("c", 4)], at: 1500, spans: [0xa, 0xa, 0])])
        let heatmap = try await HeatmapQuery(
            everything(from: 1000, to: 9000), step: 10, kind: .spans, exemplars: true
        ).run(on: store, limits: .hearth, now: now)
        #expect(heatmap[0].slots[0].exemplars.map(\.span) == [0xa])
        #expect(heatmap[0].slots[0].exemplars.map(\.value) == [3])
    }

    private func exemplars(_ profiles: [NewProfile], _ kind: HeatmapKind) async throws -> [[Exemplar]] {
        try await HeatmapQuery(everything(from: 1000, to: 9000), step: 10, kind: kind, exemplars: true)
            .run(on: store(profiles), limits: .hearth, now: now).map { $0.slots.flatMap(\.exemplars) }
    }

    @Test func `the parts of one push that fall into a group are one profile`() async throws {
        let profiles = [
            profile([("f", 3)], at: 1500, id: 7, labels: [Label("pod", "a"), Label("zone", "z")]),
            profile([("f", 4)], at: 1500, id: 7, labels: [Label("pod", "b"), Label("zone", "z")]),
        ]
        let merged = try #require(try await exemplars(profiles, .profiles).first)
        #expect(merged.map(\.value) == [7])
        #expect(merged[0].labels["pod"] == "" && merged[0].labels["zone"] == "z")

        let split = try await HeatmapQuery(
            everything(from: 1000, to: 9000), step: 10, groupBy: ["pod"], kind: .profiles
        ).run(on: store(profiles), limits: .hearth, now: now)
        #expect(split.map { $0.slots[0].counts.reduce(0, +) } == [1, 1])
        #expect(split.first?.slots[0].lowerBounds.first == 3)
    }

    @Test func `a span is one point however many profiles of a millisecond have samples of it`() async throws {
        let profiles = [
            profile([("f", 3)], at: 1500, id: 7, labels: [Label("pod", "a")], spans: [0xa]),
            profile([("f", 4)], at: 1500, id: 8, labels: [Label("pod", "b")], spans: [0xa]),
            profile([("f", 5)], at: 1600, id: 9, labels: [Label("pod", "b")], spans: [0xa]),
        ]
        let spans = try #require(try await exemplars(profiles, .spans).first)
        #expect(spans.map(\.value) == [5, 7])
        #expect(spans.map { $0.labels["pod"] } == ["b", ""])
    }

    @Test func `a span's exemplar names no profile`() async throws {
        let spans = try await exemplars([profile([("f", 3)], at: 1500, spans: [0xa])], .spans)
        #expect(spans.first?.map(\.profile) == [nil])
    }

    @Test func `groups of one count are ordered by their labels as they were asked for`() async throws {
        let profiles = [("1", "z"), ("2", "y")].enumerated().map { index, labels in
            profile(
                [("f", 1)], at: 5000, id: UInt64(index),
                labels: [Label("a", Text(labels.0)), Label("b", Text(labels.1))])
        }
        let heatmap = try await HeatmapQuery(
            everything(from: 1000, to: 9000), step: 10, groupBy: ["b", "a"], kind: .profiles, limit: 1
        ).run(on: store(profiles), limits: .hearth, now: now)
        #expect(heatmap.map { $0.labels.map(\.value) } == [["y", "2"]])
    }
}
