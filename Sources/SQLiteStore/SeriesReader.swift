import Model

/// Reads what one series has in a range: few large rollups in its middle, single profiles at its edges.
///
/// It works on the snapshot of its connection, and each profile is in exactly one of the parts that it reads.
struct SeriesReader {
    let connection: Connection

    /// The parts of an interval that lie between the buckets of a level for which `body` was called.
    private func uncovered(
        _ gaps: [Interval], by level: RollupLevel, of series: Int64, column: String,
        _ body: (Statement) throws -> Void
    ) throws -> [Interval] {
        var left: [Interval] = []
        let select = try connection.prepare(
            "SELECT start, \(column) FROM rollups WHERE series = ? AND level = ? AND start >= ? AND start < ? "
                + "AND \(column) IS NOT NULL ORDER BY start")
        for gap in gaps {
            let inner = gap.aligned(to: level)
            guard !inner.isEmpty else {
                left.append(gap)
                continue
            }
            select.reset()
            select.bind(series, at: 1)
            select.bind(level.rawValue, at: 2)
            select.bind(inner.start, at: 3)
            select.bind(inner.end, at: 4)
            var next = gap.start
            while try select.step() {
                let start = select.int64(0)
                if next < start { left.append(Interval(start: next, end: start)) }
                try body(select)
                next = start + level.width
            }
            if next < gap.end { left.append(Interval(start: next, end: gap.end)) }
        }
        select.reset()
        return left
    }

    /// Calls `body` with blobs of samples that sum up to what the series has in an interval.
    ///
    /// Rollups of levels up to `coarsest` are used; with nil, only the profiles themselves.
    func forEachSum(
        of series: Int64, in interval: Interval, coarsest: RollupLevel?,
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Void
    ) throws {
        var gaps = [interval]
        var level = coarsest
        while let current = level, !gaps.isEmpty {
            gaps = try uncovered(gaps, by: current, of: series, column: "sums") { row in try row.withBlob(1, body) }
            level = current.finer
        }
        let select = try connection.prepare(
            "SELECT samples FROM profiles WHERE series = ? AND time >= ? AND time < ?")
        for gap in gaps {
            select.reset()
            select.bind(series, at: 1)
            select.bind(gap.start, at: 2)
            select.bind(gap.end, at: 3)
            while try select.step() { try select.withBlob(0, body) }
        }
        select.reset()
    }

    /// Adds the times and totals of a series in an interval to a timeline, ascending.
    func addPoints(of series: Int64, in interval: Interval, coarsest: RollupLevel?, to points: inout PointColumns)
        throws
    {
        // Runs of points with where they begin, as rollups of several levels are found out of order.
        var runs: [PointColumns] = []
        var gaps = [interval]
        var level = coarsest
        while let current = level, current > .fiveMinutes, !gaps.isEmpty {
            gaps = try uncovered(gaps, by: current, of: series, column: "points") { row in
                runs.append(try row.withBlob(1) { try PointColumns(decoding: $0) })
            }
            level = current.finer
        }
        let select = try connection.prepare(
            "SELECT time, total FROM profiles WHERE series = ? AND time >= ? AND time < ? ORDER BY time")
        for gap in gaps {
            select.reset()
            select.bind(series, at: 1)
            select.bind(gap.start, at: 2)
            select.bind(gap.end, at: 3)
            var run = PointColumns()
            while try select.step() { run.append(select.int64(0), select.int64(1)) }
            if !run.times.isEmpty { runs.append(run) }
        }
        select.reset()
        runs.sort { ($0.times.first ?? 0) < ($1.times.first ?? 0) }
        for run in runs { points.append(run) }
    }
}

/// Times and totals of a series' profiles, ascending by time.
struct PointColumns {
    private(set) var times: [Int64] = []
    private(set) var totals: [Int64] = []

    init() {}

    mutating func append(_ time: Int64, _ total: Int64) {
        times.append(time)
        totals.append(total)
    }

    mutating func append(_ other: PointColumns) {
        times.append(contentsOf: other.times)
        totals.append(contentsOf: other.totals)
    }

    func encoded() -> [UInt8] {
        var writer = BlobWriter(reserving: times.count * 8 + 32)
        let divisor = Divisor.of(totals)
        writer.uvarint(UInt64(times.count))
        writer.uvarint(divisor)
        var previous: Int64 = 0
        for time in times {
            // They lie inside one day, so only the first distance is large.
            writer.zigzag(time &- previous)
            previous = time
        }
        for total in totals { writer.uvarint(UInt64(bitPattern: total) / divisor) }
        return writer.sealed()
    }

    init(decoding blob: UnsafeBufferPointer<UInt8>) throws(BlobDamage) {
        var reader = try BlobReader(sealed: blob)
        let count = try reader.count()
        let divisor = Int64(bitPattern: try reader.uvarint())
        times.reserveCapacity(count)
        totals.reserveCapacity(count)
        var time: Int64 = 0
        for _ in 0..<count {
            time = time.saturatingAdd(try reader.zigzag())
            times.append(time)
        }
        for _ in 0..<count { totals.append(Int64(bitPattern: try reader.uvarint()).saturatingMultiply(divisor)) }
    }
}
