/// What each function spent itself and with everything that it called, over a whole tree.
///
/// Computed before any truncation. A function that calls itself counts once for each stack in its total.
public struct FunctionTotals: Sendable, Hashable {
    /// One function.
    public struct Row: Sendable, Hashable {
        /// The function's name.
        public var name: Text
        /// The sum of its nodes' selfs, saturated.
        public var own: Int64
        /// The sum of its outermost nodes' totals, saturated.
        public var total: Int64
    }

    /// The functions, largest self first, then by total, then by name.
    public let rows: [Row]
    /// The sum of everything.
    public let total: Int64

    /// Sums a tree.
    public init(_ tree: CallTree) {
        var selfs = [Int64](repeating: 0, count: tree.names.count)
        var totals = [Int64](repeating: 0, count: tree.names.count)
        // How often each name lies on the path to the node that is visited.
        var open = [UInt32](repeating: 0, count: tree.names.count)
        var waiting: [(node: UInt32, isLeaving: Bool)] = tree.children(of: 0).map { ($0, false) }
        while let (node, isLeaving) = waiting.popLast() {
            let name = Int(tree.nameIndices[Int(node)])
            if isLeaving {
                open[name] -= 1
                continue
            }
            selfs[name] = selfs[name].saturatingAdd(tree.selfs[Int(node)])
            if open[name] == 0 { totals[name] = totals[name].saturatingAdd(tree.totals[Int(node)]) }
            open[name] += 1
            waiting.append((node, true))
            for child in tree.children(of: node) { waiting.append((child, false)) }
        }
        total = tree.total
        rows = (0..<tree.names.count).filter { totals[$0] > 0 }
            .map { Row(name: tree.names[$0], own: selfs[$0], total: totals[$0]) }
            .sorted { left, right in
                if left.own != right.own { return left.own > right.own }
                return left.total != right.total ? left.total > right.total : left.name < right.name
            }
    }
}
