/// Adds the stacks of tables to a tree of names.
public struct NameTreeGrower: Sendable {
    /// How far a table has been added.
    public struct Progress: Sendable {
        /// The node at which each stack of the table ends.
        public fileprivate(set) var nodeOfStack: [UInt32] = [0]
        fileprivate var nameOfFunction: [UInt32] = []

        /// Makes the progress of a table of which nothing was added.
        public init() {}

        /// About how many bytes it takes.
        public var byteCount: Int { nodeOfStack.count * 4 + nameOfFunction.count * 4 }
    }

    /// The tree so far.
    public private(set) var tree = NameTree()
    private var index = NameIndex()
    private var edges = EdgeTable()

    /// Makes a tree of the root alone.
    public init() {}

    /// About how many bytes the tree and its indices take.
    public var byteCount: Int { tree.names.bytes.count + tree.names.count * 24 + tree.nodes.count * 64 }

    /// Adds the stacks that a table has beyond those that were added; it is the one of before, or grew out of it.
    ///
    /// The table must be consistent.
    public mutating func add(_ table: SymbolTable, _ progress: inout Progress) {
        guard table.stacks.count > progress.nodeOfStack.count else { return }
        for function in table.functions[progress.nameOfFunction.count...] {
            progress.nameOfFunction.append(
                table.strings.withBytes(Int(function.name)) { index.index(of: $0, in: &tree.names) })
        }
        let stackParents = table.stacks.parents
        let places = table.stacks.locations
        progress.nodeOfStack.reserveCapacity(stackParents.count)
        for stack in progress.nodeOfStack.count..<stackParents.count {
            var node = progress.nodeOfStack[Int(stackParents[stack])]
            for line in table.lines[table.locations[Int(places[stack])].lineRange].reversed() {
                let name = progress.nameOfFunction[Int(line.function)]
                let next = UInt32(tree.nodes.count)
                let child = edges.find(node, name, orInsert: next)
                if child == next {
                    tree.nodes.append(
                        NameTree.Node(parent: node, name: name, previousSibling: tree.nodes[Int(node)].lastChild))
                    tree.nodes[Int(node)].lastChild = child
                }
                node = child
            }
            progress.nodeOfStack.append(node)
        }
        let known = tree.sortedNames.count
        tree.sortedNames = tree.names.merged(
            tree.sortedNames, with: (known..<tree.names.count).map { UInt32($0) })
    }
}
