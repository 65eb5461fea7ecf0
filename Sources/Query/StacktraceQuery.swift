public import Model
public import Store

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

    func merge(on store: any ProfileStore, limits: QueryLimits, now: Int64) async throws -> (
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
