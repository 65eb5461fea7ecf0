public import Model
public import Store

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
        let trees = CallTreeBuilder.finish(left, right)
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
