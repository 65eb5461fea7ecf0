public import Model
import Selectors
public import Store

/// Questions about labels and profile types: they read no samples.
public struct LabelQuery: Sendable {
    /// Whose series.
    public var tenants: [Tenant]
    /// Selectors, all of which must match; none matches everything.
    public var matchers: [Text]
    /// The first millisecond.
    public var start: Int64
    /// The last millisecond; without both times the last hour is meant.
    public var end: Int64

    private static let hour: Int64 = 3_600_000

    /// Makes a query.
    public init(tenants: [Tenant], matchers: [Text] = [], start: Int64, end: Int64) {
        self.tenants = tenants
        self.matchers = matchers
        self.start = start
        self.end = end
    }

    private func range(_ limits: QueryLimits, _ now: Int64) throws(QueryError) -> TimeRange? {
        // A profile of this very millisecond is inside.
        if start == 0 && end == 0 { return TimeRange(start: now - Self.hour, end: now + 1) }
        return try limits.range(start: start, end: end, now: now)
    }

    private func parsed(prefix: String) throws(QueryError) -> [LabelMatcher] {
        var all: [LabelMatcher] = []
        for selector in matchers { all += try parseSelector(selector, prefix: prefix) }
        return all
    }

    /// The profile types that have profiles, sorted by id; types of other than five parts are left out.
    public func profileTypes(of store: any ProfileStore, limits: QueryLimits, now: Int64) async throws -> [ProfileType]
    {
        guard let range = try range(limits, now) else { return [] }
        let ids = try await store.labelValues(of: LabelName.profileType, in: range, matching: [], tenants: tenants)
        return ids.compactMap { id in
            guard let type = try? ProfileType(parsing: id), type.id == id else { return nil }
            return type
        }.sorted()
    }

    /// The names of all labels, sorted; without `utf8Names` only those of Prometheus' older grammar.
    public func names(
        of store: any ProfileStore, utf8Names: Bool, limits: QueryLimits, now: Int64
    ) async throws -> [Text] {
        guard let range = try range(limits, now) else { return [] }
        let matchers = try parsed(prefix: "parsing label selector: failed to parse label selector")
        return try await store.labelNames(in: range, matching: matchers, tenants: tenants)
            .filter { utf8Names || $0.isLegacyLabelName }
    }

    /// The values of one label, sorted.
    public func values(
        of name: Text, in store: any ProfileStore, limits: QueryLimits, now: Int64
    ) async throws -> [Text] {
        guard let range = try range(limits, now) else { return [] }
        guard !name.isEmpty else { throw QueryError("name is required") }
        let matchers = try parsed(prefix: "parsing label selector: failed to parse label selector")
        return try await store.labelValues(of: name, in: range, matching: matchers, tenants: tenants)
    }

    /// The distinct projections of the matching series on `names`, sorted; no names mean all labels.
    ///
    /// Series with none of the labels are left out.
    public func series(
        on names: [Text], of store: any ProfileStore, utf8Names: Bool, limits: QueryLimits, now: Int64
    ) async throws -> [LabelSet] {
        guard let range = try range(limits, now) else { return [] }
        let matchers = try parsed(prefix: "failed to parse label selector")
        let wanted = utf8Names ? names : names.filter(\.isLegacyLabelName)
        let series = try await store.series(in: range, matching: matchers, tenants: tenants)
        if wanted.isEmpty && series.allSatisfy({ set in utf8Names || set.labels.allSatisfy(\.name.isLegacyLabelName) })
        {
            // Whole series are distinct and in order already.
            return series.filter { !$0.labels.isEmpty }
        }
        let names = wanted.sorted()
        let projections = series.map { set in
            wanted.isEmpty ? set.filter { utf8Names || $0.isLegacyLabelName } : set.filter(names: names)
        }
        return Set(projections).filter { !$0.labels.isEmpty }.sorted()
    }
}

extension Text {
    /// Whether a label of this name is known to clients that do not speak UTF-8 names: `[a-zA-Z_][a-zA-Z0-9_]*`.
    var isLegacyLabelName: Bool {
        guard let first = utf8.first, Self.isLetter(first) else { return false }
        return utf8.allSatisfy { Self.isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
