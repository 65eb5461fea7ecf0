public import Model

/// What a query may ask for; 0 switches a limit off.
public struct QueryLimits: Sendable, Hashable {
    /// The longest range, in milliseconds (`max-query-length`).
    public var maxLength: Int64
    /// How far back from now a range may begin, in milliseconds (`max-query-lookback`).
    public var maxLookback: Int64
    /// The nodes of a flame graph where the request names none (`max-nodes-default`).
    public var defaultNodes: Int64
    /// The most nodes that a request may name (`max-nodes`).
    public var maxNodes: Int64

    /// Makes limits.
    public init(maxLength: Int64 = 0, maxLookback: Int64 = 0, defaultNodes: Int64 = 8192, maxNodes: Int64 = 1_048_576) {
        self.maxLength = maxLength
        self.maxLookback = maxLookback
        self.defaultNodes = defaultNodes
        self.maxNodes = maxNodes
    }

    /// Our own defaults: long ranges are cheap here, so there is no wall.
    public static let hearth = QueryLimits()

    /// The reference's defaults: 24 hours at once, 7 days back.
    public static let pyroscope = QueryLimits(maxLength: 86_400_000, maxLookback: 7 * 86_400_000)

    /// Checks a range and clamps it to the lookback; nil if it lies wholly before it, which is an empty answer.
    ///
    /// A time of 0 is a missing time. Both ends are milliseconds; `now` is the current time.
    public func range(start: Int64, end: Int64, now: Int64) throws(QueryError) -> TimeRange? {
        guard start != 0 && end != 0 else { throw QueryError("missing time range in the query") }
        guard start <= end else { throw QueryError("query start time is after end time") }
        var start = start
        if maxLookback > 0 {
            let oldest = now.saturatingSubtract(maxLookback)
            guard end >= oldest else { return nil }
            start = max(start, oldest)
        }
        let length = end.saturatingSubtract(start)
        guard maxLength <= 0 || length <= maxLength else {
            throw QueryError(
                "the query time range exceeds the limit (max_query_length, actual: \(goDuration(milliseconds: length)), "
                    + "limit: \(prometheusDuration(milliseconds: maxLength)))")
        }
        return TimeRange(start: start, end: end)
    }

    /// Checks the number of nodes of a flame graph or tree; 0 in the answer means all.
    public func nodes(_ requested: Int64?) throws(QueryError) -> Int {
        let requested = requested ?? 0
        guard requested != 0 else { return Int(clamping: max(defaultNodes, 0)) }
        guard maxNodes > 0 else { return Int(clamping: max(requested, 0)) }
        guard requested > 0 else {
            throw QueryError("max flamegraph nodes limit must be set (max allowed \(maxNodes))")
        }
        guard requested <= maxNodes else {
            throw QueryError("max flamegraph nodes limit \(requested) is greater than allowed \(maxNodes)")
        }
        return Int(clamping: requested)
    }
}

/// A duration as Go prints it: `25h0m0s`, `1m30.5s`, `250ms`.
func goDuration(milliseconds: Int64) -> String {
    if milliseconds == 0 { return "0s" }
    if milliseconds < 1000 { return "\(milliseconds)ms" }
    let hours = milliseconds / 3_600_000
    let minutes = milliseconds / 60_000 % 60
    let rest = milliseconds % 60_000
    var seconds = "\(rest / 1000)"
    if rest % 1000 > 0 {
        var fraction = String(1000 + rest % 1000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        seconds += ".\(fraction)"
    }
    return (hours > 0 ? "\(hours)h" : "") + (hours > 0 || minutes > 0 ? "\(minutes)m" : "") + "\(seconds)s"
}

/// A duration as Prometheus prints it: `1d`, `1d12h`, `250ms`.
func prometheusDuration(milliseconds: Int64) -> String {
    if milliseconds == 0 { return "0s" }
    var rest = milliseconds
    var text = ""
    for (unit, size, whole) in [
        ("y", 31_536_000_000, true), ("w", 604_800_000, true), ("d", 86_400_000, false), ("h", 3_600_000, false),
        ("m", 60_000, false), ("s", 1000, false), ("ms", 1, false),
    ] as [(String, Int64, Bool)] where rest >= size && (!whole || rest % size == 0) {
        text += "\(rest / size)\(unit)"
        rest %= size
    }
    return text
}
