import Model

/// How long a bucket of a rollup is.
///
/// Buckets begin at multiples of their width since the Unix epoch.
enum RollupLevel: Int64, CaseIterable, Comparable {
    case fiveMinutes = 0
    case hour = 1
    case day = 2

    static func < (left: RollupLevel, right: RollupLevel) -> Bool { left.rawValue < right.rawValue }

    /// The width in nanoseconds.
    var width: Int64 {
        switch self {
        case .fiveMinutes: 300_000_000_000
        case .hour: 3_600_000_000_000
        case .day: PartitionFile.nanosecondsPerDay
        }
    }

    /// The level below, whose buckets make up one of this.
    var finer: RollupLevel? { RollupLevel(rawValue: rawValue - 1) }

    /// The start of the bucket that holds a time; saturates at the ends of time.
    func start(of time: Int64) -> Int64 {
        let quotient = time / width
        return (time % width < 0 ? quotient - 1 : quotient).saturatingMultiply(width)
    }

    /// The same as SQL, of an expression.
    func startSQL(_ time: String) -> String {
        "(\(time) - ((\(time) % \(width)) + \(width)) % \(width))"
    }
}

/// A part of time in nanoseconds, the end excluded.
struct Interval: Equatable {
    var start: Int64
    var end: Int64

    var isEmpty: Bool { start >= end }

    /// The part whose buckets lie inside as a whole; empty if there is none.
    func aligned(to level: RollupLevel) -> Interval {
        let floor = level.start(of: start)
        let first = floor == start ? floor : floor.saturatingAdd(level.width)
        return Interval(start: first, end: level.start(of: end))
    }
}
