public import Model
public import Store

/// How the profiles of one bucket become one value.
public enum Aggregation: Sendable, Hashable {
    /// The sum over all profiles.
    case sum
    /// The sum divided by the number of profiles.
    case average
}

/// The profile that a point of a series can be traced back to.
public struct Exemplar: Sendable, Hashable {
    /// When the profile was taken, in milliseconds.
    public var timestamp: Int64
    /// The profile; nil for a span of a heatmap, of which several profiles may have samples.
    public var profile: ProfileID?
    /// The span, or 0.
    public var span: UInt64 = 0
    /// The trace, or none.
    public var trace: TraceID = .none
    /// The profile's (or the span's) total.
    public var value: Int64
    /// The labels of its series that the answer does not group by.
    public var labels: LabelSet
}

/// What parts of one pushed profile have in common, however many series it was split into.
struct SplitProfile: Hashable {
    let id: ProfileID
    let milliseconds: Int64
}

extension LabelSet {
    /// What describes two parts as a whole: the labels that both have.
    func shared(with other: LabelSet) -> LabelSet {
        filter { self[$0] == other[$0] }
    }
}

/// A point of a time series.
public struct SeriesPoint: Sendable, Hashable {
    /// The right edge of the bucket, in milliseconds.
    public var timestamp: Int64
    /// The aggregated value.
    public var value: Double
    /// The largest profile of the bucket, if asked for.
    public var exemplar: Exemplar?

    /// Makes a point.
    public init(timestamp: Int64, value: Double, exemplar: Exemplar? = nil) {
        self.timestamp = timestamp
        self.value = value
        self.exemplar = exemplar
    }
}

/// One line of a graph.
public struct TimeSeries: Sendable, Hashable {
    /// The labels that it is grouped by, in the order of the request.
    public var labels: [Label]
    /// The points, in ascending order of time.
    public var points: [SeriesPoint]
}

/// Times at which buckets end: `start + k × step`.
///
/// A time belongs to the first grid point at or after it. All are milliseconds.
struct TimeGrid {
    let start: Int64
    let step: Int64

    /// The grid point of a time; nil if it cannot be represented.
    func point(for time: Int64) -> Int64? {
        guard time > start else { return start }
        let (distance, overflow) = time.subtractingReportingOverflow(start)
        guard !overflow else { return nil }
        let (rounded, roundOverflow) = distance.addingReportingOverflow(step - 1)
        guard !roundOverflow else { return nil }
        let (point, pointOverflow) = start.addingReportingOverflow(rounded / step * step)
        return pointOverflow ? nil : point
    }

    /// The grid point of a time in nanoseconds, which is cut to its millisecond.
    func point(forNanoseconds time: Int64) -> Int64? {
        point(for: TimeRange.milliseconds(ofNanoseconds: time))
    }

    /// A step in seconds as whole milliseconds, or nil below one millisecond.
    ///
    /// It is cut to nanoseconds first, as the reference does: 0.57 s are 570 ms, though 0.57 × 1000 is less in floating point.
    static func step(seconds: Double) -> Int64? {
        guard seconds >= 0.001 else { return nil }
        guard let nanoseconds = Int64(exactly: (seconds * 1e9).rounded(.towardZero)) else { return .max / 4 }
        return nanoseconds / 1_000_000
    }
}

/// A selection over time, a value for each step.
public struct SeriesQuery: Sendable {
    /// What is selected.
    public var samples: SampleQuery
    /// The distance of two points, in seconds.
    public var step: Double
    /// Labels that lines are told apart by.
    public var groupBy: [Text]
    /// How profiles become a value.
    public var aggregation: Aggregation
    /// The most lines, those with the largest sums; 0 or less for all.
    public var limit: Int64
    /// Whether each point names its largest profile.
    public var exemplars: Bool
    /// Whether each point names its largest span.
    public var spanExemplars = false

    /// Makes a query.
    public init(
        _ samples: SampleQuery, step: Double, groupBy: [Text] = [], aggregation: Aggregation = .sum, limit: Int64 = 0,
        exemplars: Bool = false
    ) {
        self.samples = samples
        self.step = step
        self.groupBy = groupBy
        self.aggregation = aggregation
        self.limit = limit
        self.exemplars = exemplars
    }

    /// The lines, largest sum first, then by labels in the order in which they were asked for.
    public func run(on store: any ProfileStore, limits: QueryLimits, now: Int64) async throws -> [TimeSeries] {
        guard let range = try limits.range(start: samples.start, end: samples.end, now: now) else { return [] }
        let type = try samples.parsedType()
        guard let step = TimeGrid.step(seconds: step) else { throw QueryError("step must be >= 1ms") }
        var selection = try samples.selection(of: type, in: range)
        // The first bucket reaches back one step.
        selection.range.start = range.start.saturatingSubtract(step)
        let grid = TimeGrid(start: range.start, step: step)
        var lines =
            exemplars
            ? lines(of: try await store.profilePoints(for: selection), grid: grid, end: range.end)
            : lines(of: try await store.timelines(for: selection), grid: grid, end: range.end)
        if spanExemplars { name(try await store.spanPoints(for: selection), in: &lines, grid: grid) }
        return lines
    }

    /// Gives each point the largest span of its bucket.
    private func name(_ spans: SpanPoints, in lines: inout [TimeSeries], grid: TimeGrid) {
        struct Place: Hashable {
            let line: [Label]
            let point: Int64
        }
        let hidden = Set(groupBy)
        let projections = spans.series.map { $0.projection(on: groupBy) }
        var best: [Place: Int] = [:]
        for index in spans.times.indices {
            guard let point = grid.point(forNanoseconds: spans.times[index]) else { continue }
            let place = Place(line: projections[Int(spans.seriesIndices[index])], point: point)
            if let known = best[place], spans.totals[known] >= spans.totals[index] { continue }
            best[place] = index
        }
        for line in lines.indices {
            for point in lines[line].points.indices {
                let place = Place(line: lines[line].labels, point: lines[line].points[point].timestamp)
                guard let index = best[place] else { continue }
                let series = spans.series[Int(spans.seriesIndices[index])]
                var exemplar = Exemplar(
                    timestamp: TimeRange.milliseconds(ofNanoseconds: spans.times[index]), profile: spans.ids[index],
                    value: spans.totals[index],
                    labels: series.filter { !hidden.contains($0) })
                exemplar.span = spans.spans[index]
                exemplar.trace = spans.traces[index]
                lines[line].points[point].exemplar = exemplar
            }
        }
    }

    /// The lines of timelines, whose profiles are summed up bucket by bucket and never listed.
    private func lines(of timelines: [SeriesTimeline], grid: TimeGrid, end: Int64) -> [TimeSeries] {
        var lineOfLabels: [[Label]: Int] = [:]
        var labels: [[Label]] = []
        var buckets: [SumBuckets] = []
        for timeline in timelines {
            let projection = timeline.series.projection(on: groupBy)
            let line = lineOfLabels[projection] ?? labels.count
            if line == labels.count {
                lineOfLabels[projection] = line
                labels.append(projection)
                buckets.append(SumBuckets(grid: grid, end: end, profiles: timeline.times.count))
            }
            // Times ascend, so a bucket is looked up once for all of its profiles.
            var index = 0
            while index < timeline.times.count {
                guard let point = grid.point(forNanoseconds: timeline.times[index]), point <= end else {
                    index += 1
                    continue
                }
                var bucket = SumBucket()
                repeat {
                    bucket.add(SumBucket(sum: timeline.totals[index], count: 1))
                    index += 1
                } while index < timeline.times.count
                    && TimeRange.milliseconds(ofNanoseconds: timeline.times[index]) <= point
                buckets[line].add(bucket, at: point)
            }
        }
        let lines = zip(labels, buckets).compactMap { labels, buckets -> TimeSeries? in
            let points = buckets.all.map { SeriesPoint(timestamp: $0.point, value: $0.bucket.value(aggregation)) }
            return points.isEmpty ? nil : TimeSeries(labels: labels, points: points)
        }
        return ordered(lines)
    }

    /// The buckets of one line: an array over the grid where many of them have profiles, otherwise only those.
    private struct SumBuckets {
        private let grid: TimeGrid
        private var dense: [SumBucket] = []
        private var sparse: [Int64: SumBucket] = [:]

        /// Makes room for a line whose first series has so many profiles.
        init(grid: TimeGrid, end: Int64, profiles: Int) {
            self.grid = grid
            let steps = end.saturatingSubtract(grid.start) / grid.step
            // There may be very many lines: what an array takes follows what was read for it.
            if steps >= 0 && steps < 8 * Int64(profiles) {
                dense = [SumBucket](repeating: SumBucket(), count: Int(steps) + 1)
            }
        }

        mutating func add(_ bucket: SumBucket, at point: Int64) {
            let place = Int(clamping: point.saturatingSubtract(grid.start) / grid.step)
            if dense.indices.contains(place) {
                dense[place].add(bucket)
            } else {
                sparse[point, default: SumBucket()].add(bucket)
            }
        }

        /// The buckets that have profiles, ascending.
        var all: [(point: Int64, bucket: SumBucket)] {
            guard dense.isEmpty else {
                return dense.indices.filter { dense[$0].count > 0 }.map {
                    (grid.start + Int64($0) * grid.step, dense[$0])
                }
            }
            return sparse.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }

    /// The largest sum first, then by labels pair by pair; what a line lacks is not compared.
    private func ordered(_ lines: [TimeSeries]) -> [TimeSeries] {
        let sorted = lines.map { line in (sum: line.points.reduce(0) { $0 + $1.value }, series: line) }
            .sorted { left, right in
                left.sum != right.sum
                    ? left.sum > right.sum : left.series.labels.lexicographicallyPrecedes(right.series.labels)
            }.map(\.series)
        return limit > 0 ? Array(sorted.prefix(Int(clamping: limit))) : sorted
    }

    private func lines(of points: ProfilePoints, grid: TimeGrid, end: Int64) -> [TimeSeries] {
        var lineOfLabels: [[Label]: Int] = [:]
        var labels: [[Label]] = []
        let lineOfSeries = points.series.map { series in
            let projection = series.projection(on: groupBy)
            if let line = lineOfLabels[projection] { return line }
            labels.append(projection)
            lineOfLabels[projection] = labels.count - 1
            return labels.count - 1
        }

        var buckets = [[Bucket]](repeating: [], count: labels.count)
        // Profiles come in ascending order of time, so a line's current bucket is its last.
        for index in points.times.indices {
            guard let point = grid.point(forNanoseconds: points.times[index]), point <= end else { continue }
            let series = Int(points.seriesIndices[index])
            let line = lineOfSeries[series]
            if buckets[line].last?.timestamp != point { buckets[line].append(Bucket(timestamp: point)) }
            let value = points.totals[index]
            buckets[line][buckets[line].count - 1].add(value, at: index)
        }

        let lines = zip(labels, buckets).compactMap { labels, buckets -> TimeSeries? in
            guard !buckets.isEmpty else { return nil }
            let points = buckets.map { bucket in
                SeriesPoint(
                    timestamp: bucket.timestamp, value: bucket.value(aggregation), exemplar: exemplar(points, bucket))
            }
            return TimeSeries(labels: labels, points: points)
        }
        return ordered(lines)
    }

    /// The largest profile of a bucket; parts that one push was split into count together.
    private func exemplar(_ points: ProfilePoints, _ bucket: Bucket) -> Exemplar {
        let hidden = Set(groupBy)
        var indexOfProfile: [SplitProfile: Int] = [:]
        var candidates: [Exemplar] = []
        for index in bucket.profiles {
            let series = points.series[Int(points.seriesIndices[index])]
            let time = TimeRange.milliseconds(ofNanoseconds: points.times[index])
            let key = SplitProfile(id: points.ids[index], milliseconds: time)
            if let known = indexOfProfile[key] {
                candidates[known].value = candidates[known].value.saturatingAdd(points.totals[index])
                candidates[known].labels = candidates[known].labels.shared(with: series)
            } else {
                indexOfProfile[key] = candidates.count
                candidates.append(
                    Exemplar(
                        timestamp: time, profile: points.ids[index], value: points.totals[index],
                        labels: series.filter { !hidden.contains($0) }))
            }
        }
        return candidates.dropFirst().reduce(candidates[0]) { $1.value > $0.value ? $1 : $0 }
    }

    /// The sum of some profiles, and how many they are.
    private struct SumBucket {
        var sum: Int64 = 0
        var count = 0

        mutating func add(_ other: SumBucket) {
            sum = sum.saturatingAdd(other.sum)
            count += other.count
        }

        func value(_ aggregation: Aggregation) -> Double {
            switch aggregation {
            case .sum: Double(sum)
            case .average: Double(sum) / Double(count)
            }
        }
    }

    private struct Bucket {
        let timestamp: Int64
        var sums = SumBucket()
        /// The rows that fell into the bucket; never empty.
        var profiles: [Int] = []

        mutating func add(_ value: Int64, at index: Int) {
            sums.add(SumBucket(sum: value, count: 1))
            profiles.append(index)
        }

        func value(_ aggregation: Aggregation) -> Double { sums.value(aggregation) }

        init(timestamp: Int64) {
            self.timestamp = timestamp
        }
    }
}
