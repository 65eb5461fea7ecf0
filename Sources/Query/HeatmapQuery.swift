public import Model
public import Store

/// What a heatmap counts.
public enum HeatmapKind: Sendable, Hashable {
    /// Whole profiles.
    case profiles
    /// Spans inside profiles.
    case spans
}

/// One column of a heatmap.
public struct HeatmapSlot: Sendable, Hashable {
    /// The right edge of the slot, in milliseconds.
    public var timestamp: Int64
    /// The lower bound of each of the 20 value buckets; the same for all slots of an answer.
    public var lowerBounds: [Double]
    /// How many profiles or spans fell into each bucket.
    public var counts: [Int32]
    /// The largest of each bucket that is not empty, if asked for.
    public var exemplars: [Exemplar]
}

/// The columns of one group.
public struct HeatmapSeries: Sendable, Hashable {
    /// The labels that it is grouped by, in the order of the request.
    public var labels: [Label]
    /// The slots that have counts, in ascending order of time.
    public var slots: [HeatmapSlot]
}

/// How the values of a selection are distributed over time.
public struct HeatmapQuery: Sendable {
    /// What is selected.
    public var samples: SampleQuery
    /// The width of a slot, in seconds.
    public var step: Double
    /// Labels that groups are told apart by.
    public var groupBy: [Text]
    /// What is counted.
    public var kind: HeatmapKind?
    /// Whether the largest of each bucket is named.
    public var exemplars: Bool
    /// The most groups, those with the largest counts; 0 for all.
    public var limit: Int64

    /// The number of value buckets.
    public static let bucketCount = 20

    /// Makes a query.
    public init(
        _ samples: SampleQuery, step: Double, groupBy: [Text] = [], kind: HeatmapKind?, exemplars: Bool = false,
        limit: Int64 = 0
    ) {
        self.samples = samples
        self.step = step
        self.groupBy = groupBy
        self.kind = kind
        self.exemplars = exemplars
        self.limit = limit
    }

    /// The groups; ordered by count, largest first, then by labels.
    public func run(on store: any ProfileStore, limits: QueryLimits, now: Int64) async throws -> [HeatmapSeries] {
        guard let step = TimeGrid.step(seconds: step) else { throw QueryError("step must be >= 1ms, got \(step)") }
        guard limit >= 0 else { throw QueryError("limit must be non-negative, got \(limit)") }
        guard samples.start < samples.end || samples.start == 0 || samples.end == 0 else {
            throw QueryError("start time must be before end time, got start=\(samples.start) end=\(samples.end)")
        }
        guard let range = try limits.range(start: samples.start, end: samples.end, now: now) else { return [] }
        let type = try samples.parsedType()
        var selection = try samples.selection(of: type, in: range)
        guard let kind else { throw QueryError("valid heatmap query type must be specified") }
        selection.range.start = range.start.saturatingSubtract(step)
        let points = try await HeatmapPoints(kind, selection, store, groupBy: groupBy)
        return series(of: points, grid: TimeGrid(start: range.start, step: step), end: range.end)
    }

    private func series(of points: HeatmapPoints, grid: TimeGrid, end: Int64) -> [HeatmapSeries] {
        guard let smallest = points.all.lazy.map(\.value).min() else { return [] }
        let buckets = ValueBuckets(
            smallest: smallest, largest: max(points.all.lazy.map(\.value).max() ?? 0, 0))
        let last = grid.point(for: end) ?? end
        let hidden = Set(groupBy)

        struct Cell {
            var count: Int32 = 0
            var best = 0
        }
        var slotsOfGroup = [[Int64: [Cell]]](repeating: [:], count: points.groups.count)
        for (index, point) in points.all.enumerated() {
            let slot = min(grid.point(for: point.milliseconds) ?? last, last)
            let bucket = buckets.index(of: point.value)
            var cells =
                slotsOfGroup[point.group].removeValue(forKey: slot)
                ?? [Cell](repeating: Cell(), count: Self.bucketCount)
            if cells[bucket].count == 0 || point.value > points.all[cells[bucket].best].value {
                cells[bucket].best = index
            }
            cells[bucket].count = cells[bucket].count.saturatingAdd(1)
            slotsOfGroup[point.group][slot] = cells
        }

        let series = zip(points.groups, slotsOfGroup).map { labels, slots -> (count: Int, series: HeatmapSeries) in
            let sorted = slots.sorted { $0.key < $1.key }
            let heatmapSlots = sorted.map { timestamp, cells in
                HeatmapSlot(
                    timestamp: timestamp, lowerBounds: buckets.lowerBounds.map(Double.init),
                    counts: cells.map(\.count),
                    exemplars: exemplars
                        ? cells.filter { $0.count > 0 }.map { points.exemplar($0.best, hiding: hidden) } : [])
            }
            let count = sorted.reduce(0) { sum, slot in sum + slot.value.reduce(0) { $0 + Int($1.count) } }
            return (count, HeatmapSeries(labels: labels, slots: heatmapSlots))
        }
        let ordered = series.sorted { left, right in
            left.count != right.count
                ? left.count > right.count : left.series.labels.lexicographicallyPrecedes(right.series.labels)
        }.map(\.series)
        return limit > 0 ? Array(ordered.prefix(Int(clamping: limit))) : ordered
    }
}

/// Twenty ranges of values between the smallest and the largest.
struct ValueBuckets {
    let lowerBounds: [Int64]

    init(smallest: Int64, largest: Int64) {
        let largest = largest == smallest ? largest.saturatingAdd(1) : largest
        let width = (Double(largest) - Double(smallest)) / Double(HeatmapQuery.bucketCount)
        lowerBounds = (0..<HeatmapQuery.bucketCount).map { bucket in
            let offset = (Double(bucket) * width).rounded(.towardZero)
            return smallest.saturatingAdd(Int64(exactly: offset) ?? .max)
        }
    }

    /// The last bucket whose lower bound the value reaches.
    func index(of value: Int64) -> Int {
        lowerBounds.lastIndex { $0 <= value } ?? 0
    }
}
