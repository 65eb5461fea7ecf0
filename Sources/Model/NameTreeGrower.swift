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
    public internal(set) var tree = NameTree()
    private var index = NameIndex()
    private var edges = EdgeTable()

    /// Makes a tree of the root alone.
    public init() {}

    /// About how many bytes the tree, its indices and its level order take.
    public var byteCount: Int { tree.names.bytes.count + tree.names.count * 24 + tree.nodes.count * 88 }

    /// Adds the stacks that a table has beyond those that were added; it is the one of before, or grew out of it.
    ///
    /// The table must be consistent.
    public mutating func add(_ table: SymbolTable, _ progress: inout Progress) {
        guard table.stacks.count > progress.nodeOfStack.count else { return }
        for function in table.functions[progress.nameOfFunction.count...] {
            progress.nameOfFunction.append(table.strings.withBytes(Int(function.name)) { self.name($0) })
        }
        let stackParents = table.stacks.parents
        let places = table.stacks.locations
        progress.nodeOfStack.reserveCapacity(stackParents.count)
        for stack in progress.nodeOfStack.count..<stackParents.count {
            var node = progress.nodeOfStack[Int(stackParents[stack])]
            for line in table.lines[table.locations[Int(places[stack])].lineRange].reversed() {
                node = child(of: node, named: progress.nameOfFunction[Int(line.function)])
            }
            progress.nodeOfStack.append(node)
        }
        tree.sortNames()
    }

    /// The index of a name, which is added where it is new.
    mutating func name(_ name: UnsafeBufferPointer<UInt8>) -> UInt32 { index.index(of: name, in: &tree.names) }

    /// The child of that name of a node, which is added where it is new.
    mutating func child(of parent: UInt32, named name: UInt32) -> UInt32 {
        let next = UInt32(tree.nodeCount)
        let node = edges.find(parent, name, orInsert: next)
        return node == next ? tree.append(name, below: parent) : node
    }
}
