public import Model
import Selectors
public import Store

/// How much a query would read; samples are not looked at.
public struct AnalysisQuery: Sendable {
    /// Whose profiles.
    public var tenants: [Tenant]
    /// A label selector; empty for everything.
    public var selector: Text
    /// The first millisecond.
    public var start: Int64
    /// The last millisecond.
    public var end: Int64

    /// Makes a query.
    public init(tenants: [Tenant], selector: Text, start: Int64, end: Int64) {
        self.tenants = tenants
        self.selector = selector
        self.start = start
        self.end = end
    }

    /// The number of distinct series and of profiles.
    public func run(
        on store: any ProfileStore, limits: QueryLimits, now: Int64
    ) async throws -> (series: Int, profiles: Int) {
        let matchers = selector.isEmpty ? [] : try parseSelector(selector, prefix: "parsing label selector")
        guard let range = try limits.range(start: start, end: end, now: now) else { return (0, 0) }
        let timelines = try await store.timelines(
            for: Selection(tenants: tenants, matchers: matchers, range: range))
        // A series comes once for each day.
        return (Set(timelines.map(\.series)).count, timelines.reduce(0) { $0 + $1.times.count })
    }
}
