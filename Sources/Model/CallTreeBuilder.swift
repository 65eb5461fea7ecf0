/// Merges totals per stack into a ``CallTree``, over any number of symbol partitions.
///
/// Every line of a location becomes a frame of its own, the outermost first; a location without lines adds none, and a stack
/// without any frame disappears. Frames are told apart by their function's name alone.
public struct CallTreeBuilder: Sendable {
    private var names = TextTable()
    private var nameIndex: [Text: UInt32] = [:]
    private var nameIndices: [UInt32] = [0]
    private var parents: [UInt32] = [0]
    private var selfs: [Int64] = [0]
    private var edges = EdgeTable()

    /// Makes a builder of an empty tree.
    public init() {}

    /// Adds values to stacks of one partition: `values[i]` belongs to the stack that ends in node `stacks[i]`.
    ///
    /// Values of 0 or less are ignored, as are stacks that the table does not hold.
    public mutating func add(stacks: [UInt32], values: [Int64], symbols: SymbolTable) {
        let count = symbols.stacks.count
        let stackParents = symbols.stacks.parents
        var needed = [Bool](repeating: false, count: count)
        for (stack, value) in zip(stacks, values) where value > 0 && Int(stack) < count { needed[Int(stack)] = true }
        for node in stride(from: count - 1, to: 0, by: -1) where needed[node] {
            needed[Int(stackParents[node])] = true
        }

        var nodeNames = [UInt32](repeating: .max, count: symbols.functions.count)
        var treeNodes = [UInt32](repeating: 0, count: count)
        for node in 1..<max(count, 1) where needed[node] {
            var treeNode = treeNodes[Int(stackParents[node])]
            let location = symbols.locations[Int(symbols.stacks.locations[node])]
            for line in location.lineRange.reversed() {
                let function = Int(symbols.lines[line].function)
                if nodeNames[function] == .max {
                    nodeNames[function] = index(of: symbols.strings[symbols.functions[function].name])
                }
                treeNode = child(of: treeNode, named: nodeNames[function])
            }
            treeNodes[node] = treeNode
        }
        for (stack, value) in zip(stacks, values) where value > 0 && Int(stack) < count {
            let treeNode = Int(treeNodes[Int(stack)])
            if treeNode > 0 { selfs[treeNode] = selfs[treeNode].saturatingAdd(value) }
        }
    }

    /// Adds a value to the stack that has these frames, root first.
    public mutating func add(_ frames: some Sequence<Text>, value: Int64) {
        var node: UInt32 = 0
        for frame in frames { node = child(of: node, named: index(of: frame)) }
        if node > 0 && value > 0 { selfs[Int(node)] = selfs[Int(node)].saturatingAdd(value) }
    }

    /// Adds a value to the child of that name of a node, and returns the child's node; for readers of whole trees.
    ///
    /// - Precondition: `parent` is 0, the root, or what this returned.
    public mutating func child(of parent: UInt32, named name: Text, adding value: Int64) -> UInt32 {
        let node = child(of: parent, named: index(of: name))
        if value > 0 { selfs[Int(node)] = selfs[Int(node)].saturatingAdd(value) }
        return node
    }

    /// The tree of everything that was added.
    public consuming func finish() -> CallTree {
        CallTree(names: names, nameIndices: nameIndices, parents: parents, selfs: selfs)
    }

    private mutating func index(of name: Text) -> UInt32 {
        if let known = nameIndex[name] { return known }
        let index = names.append(name.utf8)
        nameIndex[name] = index
        return index
    }

    private mutating func child(of parent: UInt32, named name: UInt32) -> UInt32 {
        let next = UInt32(parents.count)
        let node = edges.find(parent, name, orInsert: next)
        if node == next {
            parents.append(parent)
            nameIndices.append(name)
            selfs.append(0)
        }
        return node
    }
}
