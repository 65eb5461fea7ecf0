public import Model
public import Selectors

/// Which profiles of a tenant are to be deleted.
public struct Deletion: Sendable {
    /// Whose profiles.
    public var tenant: Tenant
    /// Conditions on the series' labels, all of which must hold; none means every series.
    public var matchers: [LabelMatcher]
    /// The time of the first profile, in nanoseconds.
    public var start: Int64
    /// The time of the last profile, in nanoseconds; it is deleted too.
    public var end: Int64

    /// Makes a deletion; one whose end is before its start selects nothing.
    public init(tenant: Tenant, matchers: [LabelMatcher], start: Int64, end: Int64) {
        self.tenant = tenant
        self.matchers = matchers
        self.start = start
        self.end = end
    }

    /// The whole milliseconds that the deletion touches.
    public var range: TimeRange {
        func floor(_ time: Int64) -> Int64 { time / 1_000_000 - (time % 1_000_000 < 0 ? 1 : 0) }
        return TimeRange(start: floor(start), end: floor(end).saturatingAdd(1))
    }
}

/// What a deletion selects.
public struct DeletedCounts: Hashable, Sendable {
    /// How many series had profiles among them; a series counts once.
    public var series: Int
    /// How many profiles.
    public var profiles: Int
    /// How many bytes their samples take in the engine.
    public var bytes: Int

    /// Makes counts.
    public init(series: Int = 0, profiles: Int = 0, bytes: Int = 0) {
        self.series = series
        self.profiles = profiles
        self.bytes = bytes
    }
}
