/// Where the stacks of a symbol table end in a tree of names.
///
/// Every line of a location is a frame of its own, the outermost first, and frames are told apart by their function's name
/// alone. With this at hand, a flame graph is one pass over integers: the names were compared when the table was read.
public struct NamedStacks: Sendable {
    /// The tree.
    public var tree: NameTree
    /// The node at which each stack of the table ends.
    public var nodeOfStack: [UInt32]

    /// Takes what a ``NameTreeGrower`` has found.
    public init(tree: NameTree, nodeOfStack: [UInt32]) {
        self.tree = tree
        self.nodeOfStack = nodeOfStack
    }

    /// What each node has itself, where `totals[i]` belongs to `stacks[i]`; values of 0 or less count for nothing.
    ///
    /// Stacks that the table does not hold are passed over, as are those without any frame.
    func selfs(stacks: [UInt32], totals: [Int64]) -> [Int64] {
        var selfs = [Int64](repeating: 0, count: tree.nodes.count)
        for (stack, total) in zip(stacks, totals) where total > 0 && Int(stack) < nodeOfStack.count {
            let node = Int(nodeOfStack[Int(stack)])
            selfs[node] = selfs[node].saturatingAdd(total)
        }
        selfs[0] = 0
        return selfs
    }
}
