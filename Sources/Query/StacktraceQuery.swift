public import Model
import Selectors
public import Store

/// The fields that every question about samples shares, as a client sent them.
public struct SampleQuery: Sendable {
    /// Whose profiles.
    public var tenants: [Tenant]
    /// The profile type's id.
    public var profileType: Text
    /// A label selector such as `{service_name="api"}`.
    public var selector: Text
    /// The first millisecond.
    public var start: Int64
    /// The last millisecond.
    public var end: Int64
    /// Span ids of 16 hex digits, any of which; empty for no condition.
    public var spans: [Text] = []
    /// Trace ids of 32 hex digits, any of which; empty for no condition.
    public var traces: [Text] = []
    /// Profile UUIDs, any of which; empty for no condition.
    public var profiles: [Text] = []
    /// Function names, root first, that stacks begin with; empty for no condition.
    public var callSite: [Text] = []
    /// Conditions on the functions of whole stacks.
    public var frameFilter = FrameFilter()

    /// Makes a query.
    public init(tenants: [Tenant], profileType: Text, selector: Text, start: Int64, end: Int64) {
        self.tenants = tenants
        self.profileType = profileType
        self.selector = selector
        self.start = start
        self.end = end
    }

    /// Refuses a question about spans and traces at once, before anything else is checked.
    func refuseSpansWithTraces() throws(QueryError) {
        guard spans.isEmpty || traces.isEmpty else {
            throw QueryError("span_selector and trace_id_selector cannot be combined")
        }
    }

    /// Checks type, selector and ids, in the order in which the reference does.
    func selection(in range: TimeRange) throws(QueryError) -> Selection {
        let type = try parsedType()
        return try selection(of: type, in: range)
    }

    /// The profile type, or an error that says what form it should have.
    func parsedType() throws(QueryError) -> ProfileType {
        do throws(ProfileTypeError) {
            return try ProfileType(parsing: profileType)
        } catch {
            throw QueryError(error.description)
        }
    }

    /// The selection of a type that was parsed before, in a checked range.
    func selection(of type: ProfileType, in range: TimeRange) throws(QueryError) -> Selection {
        let matchers = try parseSelector(selector, prefix: "parsing label selector")
        var selection = Selection(tenants: tenants, profileType: type, matchers: matchers, range: range)
        if !profiles.isEmpty {
            var ids: Set<ProfileID> = []
            for text in profiles { ids.insert(try Identifiers.profile(text)) }
            selection.profiles = ids
        }
        if !spans.isEmpty {
            var ids: Set<UInt64> = []
            for text in spans { ids.insert(try Identifiers.span(text)) }
            selection.spans = ids
        }
        if !traces.isEmpty {
            var ids: Set<TraceID> = []
            for text in traces { ids.insert(try Identifiers.trace(text)) }
            selection.traces = ids
        }
        let frames = try frameFilter.tests()
        selection.stacks = StackFilter(callSite: callSite, includes: frames.includes, excludes: frames.excludes)
        return selection
    }
}

/// Parses a selector; the error begins with `prefix` and the selector in quotes.
func parseSelector(_ text: Text, prefix: String) throws(QueryError) -> [LabelMatcher] {
    do throws(SelectorError) {
        return try Selector.parse(text)
    } catch {
        throw QueryError("\(prefix) \"\(text)\": \(error)")
    }
}

/// Merged stacks of a selection: what flame graphs, trees and diffs are made of.
public struct StacktraceQuery: Sendable {
    /// What is selected.
    public var samples: SampleQuery
    /// The most nodes of the answer; nil or 0 for the default.
    public var maxNodes: Int64?

    /// Makes a query.
    public init(_ samples: SampleQuery, maxNodes: Int64? = nil) {
        self.samples = samples
        self.maxNodes = maxNodes
    }

    /// The exact merged tree and the number of nodes to cut it to.
    ///
    /// Throws ``QueryError`` for what cannot be asked and `StoreError` for what the store could not do.
    public func run(on store: any ProfileStore, limits: QueryLimits, now: Int64) async throws -> (
        tree: CallTree, maxNodes: Int
    ) {
        let (builder, nodes) = try await merge(on: store, limits: limits, now: now)
        return (builder.finish(), nodes)
    }

    /// The flame graph, for which only the largest nodes are merged.
    public func flameGraph(on store: any ProfileStore, limits: QueryLimits, now: Int64) async throws -> FlameGraph {
        let (builder, nodes) = try await merge(on: store, limits: limits, now: now)
        return FlameGraph(builder.finish(forFlameGraphOf: nodes), maxNodes: nodes)
    }

    fileprivate func merge(on store: any ProfileStore, limits: QueryLimits, now: Int64) async throws -> (
        builder: CallTreeBuilder, maxNodes: Int
    ) {
        try samples.refuseSpansWithTraces()
        var builder = CallTreeBuilder()
        guard let range = try limits.range(start: samples.start, end: samples.end, now: now) else {
            return (builder, 0)
        }
        let nodes = try limits.nodes(maxNodes)
        for partition in try await store.stackTotals(for: samples.selection(in: range)) {
            if let named = partition.named {
                builder.add(stacks: partition.stacks, values: partition.totals, named: named)
            } else {
                builder.add(stacks: partition.stacks, values: partition.totals, symbols: partition.symbols)
            }
            try Task.checkCancellation()
        }
        return (builder, nodes)
    }
}

/// Two merged trees side by side.
public struct DiffQuery: Sendable {
    /// The left side.
    public var left: StacktraceQuery
    /// The right side.
    public var right: StacktraceQuery

    /// Makes a query.
    public init(left: StacktraceQuery, right: StacktraceQuery) {
        self.left = left
        self.right = right
    }

    /// The aligned trees, cut to the larger limit of both sides.
    public func run(on store: any ProfileStore, limits: QueryLimits, now: Int64) async throws -> FlameGraphDiff {
        let (left, right, nodes) = try await merge(on: store, limits: limits, now: now)
        let trees = CallTreeBuilder.finish(left, right, forDiffOf: nodes)
        return FlameGraphDiff(left: trees.left, right: trees.right, maxNodes: nodes)
    }

    /// The exact trees of both sides, and the number of nodes to cut them to.
    public func trees(
        on store: any ProfileStore, limits: QueryLimits, now: Int64
    ) async throws -> (left: CallTree, right: CallTree, maxNodes: Int) {
        let (left, right, nodes) = try await merge(on: store, limits: limits, now: now)
        return (left.finish(), right.finish(), nodes)
    }

    private func merge(
        on store: any ProfileStore, limits: QueryLimits, now: Int64
    ) async throws -> (left: CallTreeBuilder, right: CallTreeBuilder, maxNodes: Int) {
        let wanted = max(left.maxNodes ?? 0, right.maxNodes ?? 0)
        let nodes = try limits.nodes(wanted)
        _ = try left.samples.parsedType()
        _ = try right.samples.parsedType()
        async let leftSide = StacktraceQuery(left.samples, maxNodes: Int64(nodes)).merge(
            on: store, limits: limits, now: now)
        async let rightSide = StacktraceQuery(right.samples, maxNodes: Int64(nodes)).merge(
            on: store, limits: limits, now: now)
        return try await (leftSide.builder, rightSide.builder, nodes)
    }
}
