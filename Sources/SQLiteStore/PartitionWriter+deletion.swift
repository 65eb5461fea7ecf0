import Model
import Store
import Synchronization

/// What is deleted from one file.
struct FileDeletion: Sendable {
    /// The ids of the series that are looked through, those that are finished taken out.
    var series: [Int64]
    /// The first and the last time, in nanoseconds, both inside.
    var start: Int64
    var end: Int64
    /// What has been deleted.
    var profiles = 0
    var bytes = 0
    /// The series that had something.
    var touched: Set<Int64> = []

    init(series: [Int64], start: Int64, end: Int64) {
        self.series = series
        self.start = start
        self.end = end
    }

    var isFinished: Bool { series.isEmpty }
}

extension PartitionWriter {
    private struct Row {
        let id: Int64
        let time: Int64
        let bytes: Int
    }

    /// Deletes up to `limit` profiles in one transaction, with the rollups that hold them.
    ///
    /// What is left is exact at every moment: a bucket that lost a profile has no rollup until the background makes it again.
    /// A series without profiles goes, and a service without series with its symbols.
    func delete(_ deletion: FileDeletion, limit: Int) throws -> FileDeletion {
        var deletion = deletion
        var goneSeries: Set<Int64> = []
        var goneServices: Set<Int64> = []
        try connection.writing {
            var left = limit
            while let series = deletion.series.last, left > 0 {
                let rows = try rows(of: series, deletion, limit: left)
                let mayHaveMore = rows.count == left
                left -= rows.count
                if !rows.isEmpty {
                    try remove(rows, of: series)
                    deletion.profiles += rows.count
                    deletion.bytes += rows.reduce(0) { $0 + $1.bytes }
                    deletion.touched.insert(series)
                }
                if try !has(series, in: Interval(start: .min, end: .max)) {
                    // In the transaction that took its last profile, so that no stop leaves a series without any.
                    if let service = try removeSeries(series) { goneServices.insert(service) }
                    goneSeries.insert(series)
                } else if mayHaveMore {
                    break
                }
                deletion.series.removeLast()
            }
        }
        guard !goneSeries.isEmpty else { return deletion }
        let largest = max(goneSeries.max() ?? 0, goneServices.max() ?? 0)
        file.largestDeletedID.withLock { $0 = max($0, largest) }
        file.cache.withLock { $0.remove(series: goneSeries, services: goneServices) }
        forget(series: goneSeries, services: goneServices)
        return deletion
    }

    private func rows(of series: Int64, _ deletion: FileDeletion, limit: Int) throws -> [Row] {
        let select = try connection.prepare(
            "SELECT row, time, length(samples) FROM profiles WHERE series = ? AND time >= ? AND time <= ? LIMIT ?")
        select.bind(series, at: 1)
        select.bind(deletion.start, at: 2)
        select.bind(deletion.end, at: 3)
        select.bind(Int64(limit), at: 4)
        defer { select.reset() }
        var rows: [Row] = []
        while try select.step() {
            rows.append(Row(id: select.int64(0), time: select.int64(1), bytes: Int(select.int64(2))))
        }
        return rows
    }

    private func remove(_ rows: [Row], of series: Int64) throws {
        let remove = try connection.prepare("DELETE FROM profiles WHERE row = ?")
        for row in rows {
            remove.bind(row.id, at: 1)
            try remove.run()
        }
        let now = ContinuousClock.now
        for level in RollupLevel.allCases {
            for start in Set(rows.map { level.start(of: $0.time) }) {
                let interval = Interval(start: start, end: start.saturatingAdd(level.width))
                try stale.revise(
                    StaleBuckets.Bucket(level: level, series: series, start: start),
                    hasProfiles: try has(series, in: interval), now: now, connection)
            }
        }
    }

    private func has(_ series: Int64, in interval: Interval) throws -> Bool {
        let select = try connection.prepare(
            "SELECT 1 FROM profiles WHERE series = ? AND time >= ? AND time < ? LIMIT 1")
        select.bind(series, at: 1)
        select.bind(interval.start, at: 2)
        select.bind(interval.end, at: 3)
        defer { select.reset() }
        return try select.step()
    }

    /// Removes a series that has no profiles; returns its service if that has no series any more and went with it.
    private func removeSeries(_ series: Int64) throws -> Int64? {
        let select = try connection.prepare("SELECT service FROM series WHERE id = ?")
        select.bind(series, at: 1)
        let service = try select.step() ? select.int64(0) : nil
        select.reset()
        try run("DELETE FROM series WHERE id = ?", series)
        guard let service else { return nil }
        let other = try connection.prepare("SELECT 1 FROM series WHERE service = ? LIMIT 1")
        other.bind(service, at: 1)
        let isUsed = try other.step()
        other.reset()
        guard !isUsed else { return nil }
        try run("DELETE FROM symbols WHERE service = ?", service)
        try run("DELETE FROM services WHERE id = ?", service)
        return service
    }

    private func run(_ sql: String, _ id: Int64) throws {
        let statement = try connection.prepare(sql)
        statement.bind(id, at: 1)
        try statement.run()
    }

    /// Gives some of the space that is free inside the file back to the file system; false once all is.
    ///
    /// Pages are moved in small transactions, so that appends wait only shortly. Emptying the log afterwards needs a moment in
    /// which no reader is on an older snapshot; until then there is something left to do.
    func reclaim(pages: Int) throws -> Bool {
        let free = try connection.number("PRAGMA freelist_count") ?? 0
        if free > 0 {
            try connection.execute("PRAGMA incremental_vacuum(\(pages))")
            // A file of an older program may not be able to shrink.
            let left = try connection.number("PRAGMA freelist_count") ?? 0
            if left > 0 && left < free { return true }
        }
        connection.setPatience(20)
        defer { connection.setPatience(Connection.usualPatience) }
        let isHeld = try connection.number("PRAGMA wal_checkpoint(TRUNCATE)") != 0
        // All of it has been moved, also where readers kept it from becoming short.
        checkpointedPages = connection.logPages
        return isHeld
    }
}
