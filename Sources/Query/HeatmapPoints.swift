import Model
import Store

/// What a heatmap counts: profiles, or the spans of each millisecond.
///
/// A profile that one push was split into several series of a group is one point, and so is a span however many profiles
/// have samples of it: the values are summed up.
struct HeatmapPoints {
    /// A profile or a span of one group.
    struct Point {
        let group: Int
        let milliseconds: Int64
        let profile: ProfileID?
        let span: UInt64
        let trace: TraceID
        fileprivate(set) var value: Int64
        /// The labels that all of its series have.
        fileprivate(set) var labels: LabelSet
    }

    private struct SpanKey: Hashable {
        let group: Int
        let milliseconds: Int64
        let span: UInt64
        let trace: TraceID
    }

    private struct ProfileKey: Hashable {
        let group: Int
        let profile: SplitProfile
    }

    /// The labels of each group, in the order of the request.
    private(set) var groups: [[Label]] = []
    /// The points in ascending order of time.
    private(set) var all: [Point] = []

    init(_ kind: HeatmapKind, _ selection: Selection, _ store: any ProfileStore, groupBy: [Text]) async throws {
        switch kind {
        case .profiles: add(try await store.profilePoints(for: selection), groupBy)
        case .spans: add(try await store.spanPoints(for: selection), groupBy)
        }
    }

    private mutating func add(_ profiles: ProfilePoints, _ groupBy: [Text]) {
        let groupOfSeries = groups(of: profiles.series, groupBy)
        // Times ascend, so that only those of one millisecond are to be known.
        var known: [ProfileKey: Int] = [:]
        for index in profiles.times.indices {
            let series = Int(profiles.seriesIndices[index])
            let group = groupOfSeries[series]
            let profile = SplitProfile(
                id: profiles.ids[index],
                milliseconds: TimeRange.milliseconds(ofNanoseconds: profiles.times[index]))
            if profile.milliseconds != all.last?.milliseconds { known = [:] }
            add(
                Point(
                    group: group, milliseconds: profile.milliseconds, profile: profile.id, span: 0, trace: .none,
                    value: profiles.totals[index], labels: profiles.series[series]),
                at: &known[ProfileKey(group: group, profile: profile)])
        }
    }

    private mutating func add(_ spans: SpanPoints, _ groupBy: [Text]) {
        let groupOfSeries = groups(of: spans.series, groupBy)
        var known: [SpanKey: Int] = [:]
        for index in spans.times.indices {
            let series = Int(spans.seriesIndices[index])
            let key = SpanKey(
                group: groupOfSeries[series],
                milliseconds: TimeRange.milliseconds(ofNanoseconds: spans.times[index]), span: spans.spans[index],
                trace: spans.traces[index])
            if key.milliseconds != all.last?.milliseconds { known = [:] }
            add(
                Point(
                    group: key.group, milliseconds: key.milliseconds, profile: nil, span: key.span, trace: key.trace,
                    value: spans.totals[index], labels: spans.series[series]),
                at: &known[key])
        }
    }

    /// Adds a point, or its value to that of the same profile or span at `index`.
    private mutating func add(_ point: Point, at index: inout Int?) {
        guard let known = index else {
            index = all.count
            all.append(point)
            return
        }
        all[known].value = all[known].value.saturatingAdd(point.value)
        all[known].labels = all[known].labels.shared(with: point.labels)
    }

    /// The group of each series.
    private mutating func groups(of series: [LabelSet], _ groupBy: [Text]) -> [Int] {
        var known: [[Label]: Int] = [:]
        return series.map { series in
            let labels = series.projection(on: groupBy)
            if let group = known[labels] { return group }
            known[labels] = groups.count
            groups.append(labels)
            return groups.count - 1
        }
    }

    /// A point as an exemplar, without the labels that its group has already.
    func exemplar(_ index: Int, hiding hidden: Set<Text>) -> Exemplar {
        let point = all[index]
        return Exemplar(
            timestamp: point.milliseconds, profile: point.profile, span: point.span, trace: point.trace,
            value: point.value, labels: point.labels.filter { !hidden.contains($0) })
    }
}
