/// A range of time in milliseconds since the Unix epoch, both ends inclusive.
public struct TimeRange: Hashable, Sendable {
    /// The first millisecond.
    public var start: Int64
    /// The last millisecond; a profile half a millisecond later is outside.
    public var end: Int64

    /// Makes a range; one whose end is before its start holds nothing.
    public init(start: Int64, end: Int64) {
        self.start = start
        self.end = end
    }

    /// All of time.
    public static let all = TimeRange(start: .min, end: .max)

    /// The range's first nanosecond, saturated.
    public var startNanoseconds: Int64 { start.saturatingMultiply(1_000_000) }

    /// The range's last nanosecond, saturated.
    public var endNanoseconds: Int64 { end.saturatingMultiply(1_000_000) }

    /// The millisecond that a time in nanoseconds lies in; what lies before the epoch is cut towards the past as well.
    public static func milliseconds(ofNanoseconds time: Int64) -> Int64 {
        let quotient = time / 1_000_000
        return time % 1_000_000 < 0 ? quotient - 1 : quotient
    }

    /// How far a time in nanoseconds lies outside, in nanoseconds; 0 inside.
    public func distance(toNanoseconds time: Int64) -> Int64 {
        if time < startNanoseconds { return startNanoseconds.saturatingSubtract(time) }
        return time > endNanoseconds ? time.saturatingSubtract(endNanoseconds) : 0
    }

    /// Whether a time in nanoseconds lies inside.
    public func contains(nanoseconds time: Int64) -> Bool {
        startNanoseconds <= time && time <= endNanoseconds
    }
}
