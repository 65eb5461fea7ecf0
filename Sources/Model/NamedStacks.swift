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

    /// Names the stacks of a table that shares its names with no other.
    public init(_ table: SymbolTable) {
        var grower = NameTreeGrower()
        var progress = NameTreeGrower.Progress()
        grower.add(table, &progress)
        self.init(tree: grower.tree, nodeOfStack: progress.nodeOfStack)
    }

    /// Adds to what each node has itself, in level order, where `totals[i]` belongs to `stacks[i]`.
    ///
    /// Values of 0 or less count for nothing. Stacks that the table does not hold are passed over, as are those without any frame.
    func add(stacks: [UInt32], totals: [Int64], _ levels: LevelOrder, to selfs: inout [Int64]) {
        let places = levels.places
        selfs.withUnsafeMutableBufferPointer { selfs in
            for (stack, total) in zip(stacks, totals) where total > 0 && Int(stack) < nodeOfStack.count {
                let place = Int(places[Int(nodeOfStack[Int(stack)])])
                selfs[place] = selfs[place].saturatingAdd(total)
            }
            selfs[0] = 0
        }
    }
}
