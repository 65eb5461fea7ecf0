import Model

/// Which buckets have no exact rollup because a profile came in, in memory and in the file.
///
/// A profile's insertion removes the rollups that would have to hold it, in the same transaction; so what is read is exact at
/// every moment, whenever the background comes to making rollups again.
struct StaleBuckets {
    struct Bucket: Hashable {
        let level: RollupLevel
        let series: Int64
        let start: Int64
    }

    /// When each stale bucket last got a profile.
    private(set) var touched: [Bucket: ContinuousClock.Instant] = [:]

    /// Reads what an earlier run left.
    init(_ connection: Connection) throws {
        let now = ContinuousClock.now - .seconds(3600)
        let select = try connection.prepare("SELECT level, series, start FROM stale")
        defer { select.reset() }
        while try select.step() {
            guard let level = RollupLevel(rawValue: select.int64(0)) else { continue }
            touched[Bucket(level: level, series: select.int64(1), start: select.int64(2))] = now
        }
    }

    var isEmpty: Bool { touched.isEmpty }

    /// When the first of them comes to its end, in nanoseconds; the end of time if there is none.
    var nextEnd: Int64 {
        touched.keys.reduce(.max) { min($0, $1.start.saturatingAdd($1.level.width)) }
    }

    /// Notes that a series gets a profile at a time.
    mutating func mark(
        _ series: Int64, _ time: Int64, now: ContinuousClock.Instant, _ connection: Connection
    ) throws {
        for level in RollupLevel.allCases {
            let bucket = Bucket(level: level, series: series, start: level.start(of: time))
            let isKnown = touched.updateValue(now, forKey: bucket) != nil
            // A stale five minutes lie in a stale hour and a stale day.
            if isKnown && level == .fiveMinutes { return }
            guard !isKnown else { continue }
            let insert = try connection.prepare("INSERT OR IGNORE INTO stale (level, series, start) VALUES (?, ?, ?)")
            insert.bind(level.rawValue, at: 1)
            insert.bind(series, at: 2)
            insert.bind(bucket.start, at: 3)
            try insert.run()
            let remove = try connection.prepare("DELETE FROM rollups WHERE series = ? AND level = ? AND start = ?")
            remove.bind(series, at: 1)
            remove.bind(level.rawValue, at: 2)
            remove.bind(bucket.start, at: 3)
            try remove.run()
        }
    }

    /// Notes that a bucket's rollup is exact again, or that it needs none.
    mutating func clear(_ bucket: Bucket, _ connection: Connection) throws {
        let remove = try connection.prepare("DELETE FROM stale WHERE level = ? AND series = ? AND start = ?")
        remove.bind(bucket.level.rawValue, at: 1)
        remove.bind(bucket.series, at: 2)
        remove.bind(bucket.start, at: 3)
        try remove.run()
        touched[bucket] = nil
    }

    /// Notes that profiles were deleted from a bucket, whose rollup goes; it is stale if it has some left.
    mutating func revise(
        _ bucket: Bucket, hasProfiles: Bool, now: ContinuousClock.Instant, _ connection: Connection
    ) throws {
        let remove = try connection.prepare("DELETE FROM rollups WHERE series = ? AND level = ? AND start = ?")
        remove.bind(bucket.series, at: 1)
        remove.bind(bucket.level.rawValue, at: 2)
        remove.bind(bucket.start, at: 3)
        try remove.run()
        guard hasProfiles else { return try clear(bucket, connection) }
        touched[bucket] = now
        let insert = try connection.prepare("INSERT OR IGNORE INTO stale (level, series, start) VALUES (?, ?, ?)")
        insert.bind(bucket.level.rawValue, at: 1)
        insert.bind(bucket.series, at: 2)
        insert.bind(bucket.start, at: 3)
        try insert.run()
    }

    /// All stale buckets of the finest level that has any that are ready.
    func ready(now: Int64, quietSince: ContinuousClock.Instant, settle: Int64) -> [Bucket] {
        for level in RollupLevel.allCases {
            let ready = touched.keys.filter {
                $0.level == level && isReady($0, now: now, quietSince: quietSince, settle: settle)
            }
            if !ready.isEmpty { return ready }
        }
        return []
    }

    /// Whether a stale bucket is over, nobody has written into it for a while, and nothing inside it is stale any more.
    ///
    /// `now` is the wall clock in nanoseconds.
    func isReady(_ bucket: Bucket, now: Int64, quietSince: ContinuousClock.Instant, settle: Int64) -> Bool {
        guard let time = touched[bucket], time <= quietSince,
            bucket.start.saturatingAdd(bucket.level.width).saturatingAdd(settle) <= now
        else { return false }
        return !hasStaleParts(bucket)
    }

    private func hasStaleParts(_ bucket: Bucket) -> Bool {
        guard let finer = bucket.level.finer else { return false }
        return stride(
            from: bucket.start, to: bucket.start.saturatingAdd(bucket.level.width), by: Int64.Stride(finer.width)
        )
        .contains { touched[Bucket(level: finer, series: bucket.series, start: $0)] != nil }
    }
}
