import Model
import Store

/// When and how rollups are made.
public struct RollupPolicy: Sendable, Hashable {
    /// How long after its end a bucket may still get profiles, in nanoseconds.
    public var settle: Int64 = 15_000_000_000
    /// How long nobody must have written into a bucket.
    public var quiet: Duration = .seconds(3)
    /// How often the background looks for buckets.
    public var interval: Duration = .seconds(1)
    /// How many buckets are rolled up in one transaction, so that appends wait only shortly.
    public var batch = 24

    /// Makes the usual policy.
    public init() {}
}

extension PartitionWriter {
    /// Rolls up some buckets that are ready in one transaction; false if there is none.
    func rollUp(_ policy: RollupPolicy, now: Int64) throws -> Bool {
        let quietSince = ContinuousClock.now - policy.quiet
        if pending.isEmpty { pending = stale.ready(now: now, quietSince: quietSince, settle: policy.settle) }
        let next = pending.suffix(policy.batch)
        pending.removeLast(next.count)
        let buckets = next.filter { stale.isReady($0, now: now, quietSince: quietSince, settle: policy.settle) }
        guard !next.isEmpty else { return false }
        try connection.writing {
            var sums: [Int64: StackSums] = [:]
            for bucket in buckets {
                try rollUp(bucket, &sums)
                try stale.clear(bucket, connection)
            }
        }
        return true
    }

    private func rollUp(_ bucket: StaleBuckets.Bucket, _ sums: inout [Int64: StackSums]) throws {
        let interval = Interval(start: bucket.start, end: bucket.start.saturatingAdd(bucket.level.width))
        let reader = SeriesReader(connection: connection)
        var points = PointColumns()
        try reader.addPoints(of: bucket.series, in: interval, coarsest: bucket.level.finer, to: &points)
        guard points.times.count >= Self.leastProfiles else { return }

        guard let service = try service(ofSeries: bucket.series) else { return }
        var own = sums[service] ?? StackSums(stackCount: 0)
        sums[service] = nil
        own.grow(to: try stackCount(ofService: service))
        var sourceBytes = 0
        var sources = 0
        try reader.forEachSum(of: bucket.series, in: interval, coarsest: bucket.level.finer) { blob in
            sourceBytes += blob.count
            sources += 1
            try SampleBlob.add(blob, to: &own)
        }
        let (stacks, totals) = own.columns()
        own.clear()
        sums[service] = own
        let blob = SampleBlob.encode(SampleColumns(stacks: stacks, values: totals))
        // Sums that save little are left out: what they would stand for is read as fast.
        let isWorthwhile = sources > 1 && blob.count * 3 <= sourceBytes * 2
        let hasPoints = bucket.level > .fiveMinutes
        guard isWorthwhile || hasPoints else { return }
        let insert = try connection.prepare(
            "INSERT OR REPLACE INTO rollups (series, level, start, count, sums, points) VALUES (?, ?, ?, ?, ?, ?)")
        insert.bind(bucket.series, at: 1)
        insert.bind(bucket.level.rawValue, at: 2)
        insert.bind(bucket.start, at: 3)
        insert.bind(Int64(points.times.count), at: 4)
        if isWorthwhile { insert.bind(blob, at: 5) } else { insert.bindNull(at: 5) }
        if hasPoints { insert.bind(points.encoded(), at: 6) } else { insert.bindNull(at: 6) }
        try insert.run()
    }

    private func service(ofSeries id: Int64) throws -> Int64? {
        let select = try connection.prepare("SELECT service FROM series WHERE id = ?")
        select.bind(id, at: 1)
        defer { select.reset() }
        return try select.step() ? select.int64(0) : nil
    }

    /// A bucket of fewer profiles is read as it is.
    static let leastProfiles = 3
}
