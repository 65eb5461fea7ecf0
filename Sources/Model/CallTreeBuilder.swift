/// Merges totals per stack into a ``CallTree``, over any number of symbol partitions.
///
/// Every line of a location becomes a frame of its own, the outermost first; a location without lines adds none, and a stack
/// without any frame disappears. Frames are told apart by their function's name alone.
public struct CallTreeBuilder: Sendable {
    private var names = TextTable()
    private var nameIndex = NameIndex()
    private var sortedNames: [UInt32] = []
    private var nameIndices: [UInt32] = [0]
    private var parents: [UInt32] = [0]
    private var selfs: [Int64] = [0]
    private var edges = EdgeTable()
    /// Partitions that are not merged yet: whether all of them must be, or their largest nodes, is known at the end.
    private var parts: [Part] = []

    /// What each node of a partition's names has itself.
    struct Part: Sendable {
        var tree: NameTree
        var selfs: [Int64]
    }

    /// Makes a builder of an empty tree.
    public init() {}

    /// Adds values to stacks of one partition: `values[i]` belongs to the stack that ends in node `stacks[i]`.
    ///
    /// Values of 0 or less are ignored, as are stacks that the table does not hold.
    public mutating func add(stacks: [UInt32], values: [Int64], symbols: SymbolTable) {
        var grower = NameTreeGrower()
        var progress = NameTreeGrower.Progress()
        grower.add(symbols, &progress)
        add(
            stacks: stacks, values: values,
            named: NamedStacks(tree: grower.tree, nodeOfStack: progress.nodeOfStack))
    }

    /// Adds values to stacks of one partition whose names are at hand.
    public mutating func add(stacks: [UInt32], values: [Int64], named: NamedStacks) {
        let selfs = named.selfs(stacks: stacks, totals: values)
        // Partitions of one tree, such as the days of a service, are added node by node.
        guard let part = parts.firstIndex(where: { $0.tree.identity === named.tree.identity }) else {
            parts.append(Part(tree: named.tree, selfs: selfs))
            return
        }
        if parts[part].tree.nodeCount < named.tree.nodeCount { parts[part].tree = named.tree }
        var sums = parts[part].selfs
        parts[part].selfs = []
        if sums.count < selfs.count { sums.append(contentsOf: repeatElement(0, count: selfs.count - sums.count)) }
        for node in selfs.indices where selfs[node] != 0 { sums[node] = sums[node].saturatingAdd(selfs[node]) }
        // A later part may have taken the tree of a later state.
        let missing = parts[part].tree.nodeCount - sums.count
        if missing > 0 { sums.append(contentsOf: repeatElement(0, count: missing)) }
        parts[part].selfs = sums
    }

    private mutating func mergeParts() {
        for part in parts { merge(part.tree, part.selfs) }
        parts = []
    }

    private mutating func merge(_ named: NameTree, _ values: [Int64]) {
        var isNeeded = values.map { $0 != 0 }
        for node in stride(from: values.count - 1, to: 0, by: -1) where isNeeded[node] {
            isNeeded[Int(named.nodes[node].parent)] = true
        }
        var ownNames = [UInt32](repeating: .max, count: named.names.count)
        for node in 1..<max(values.count, 1) where isNeeded[node] {
            let name = Int(named.nodes[node].name)
            if ownNames[name] == .max { ownNames[name] = index(of: name, in: named.names) }
        }
        // New ones come in order, so they only need to be merged in.
        let known = sortedNames.count
        let new = named.sortedNames.map { ownNames[Int($0)] }.filter { $0 != .max && $0 >= known }
        sortedNames = names.merged(sortedNames, withSorted: new)
        var nodes = [UInt32](repeating: 0, count: values.count)
        for node in 1..<max(values.count, 1) where isNeeded[node] {
            let place = named.nodes[node]
            let own = child(of: nodes[Int(place.parent)], named: ownNames[Int(place.name)])
            nodes[node] = own
            selfs[Int(own)] = selfs[Int(own)].saturatingAdd(values[node])
        }
    }

    /// Adds a value to the stack that has these frames, root first.
    public mutating func add(_ frames: some Sequence<Text>, value: Int64) {
        mergeParts()
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
        if parts.count == 1 && parents.count == 1 { return parts[0].tree.tree(selfs: parts[0].selfs) }
        mergeParts()
        let sorted = names.merged(sortedNames, with: (sortedNames.count..<names.count).map { UInt32($0) })
        return CallTree(
            names: names, sortedNames: sorted, nameIndices: nameIndices, parents: parents, selfs: selfs)
    }

    /// The tree of everything that was added, of which only about the `maxNodes` largest nodes need to be there.
    ///
    /// A flame graph of it that is cut to as many nodes is the one of the whole tree; other questions need ``finish()``.
    public consuming func finish(forFlameGraphOf maxNodes: Int) -> CallTree {
        guard maxNodes > 0, !parts.isEmpty, parents.count == 1 else { return finish() }
        if parts.count == 1 { return parts[0].tree.tree(selfs: parts[0].selfs, maxNodes: maxNodes) }
        var largest = LargestNodes(parts)
        return largest.tree(maxNodes: maxNodes)
    }

    /// Both sides of a diff, of which only what a diff of about `maxNodes` nodes shows needs to be there.
    public static func finish(
        _ left: consuming CallTreeBuilder, _ right: consuming CallTreeBuilder, forDiffOf maxNodes: Int
    ) -> (left: CallTree, right: CallTree) {
        guard maxNodes > 0, let leftPart = left.onlyPart, let rightPart = right.onlyPart,
            leftPart.tree.identity === rightPart.tree.identity
        else { return (left.finish(), right.finish()) }
        let tree = leftPart.tree.nodeCount < rightPart.tree.nodeCount ? rightPart.tree : leftPart.tree
        func padded(_ selfs: [Int64]) -> [Int64] {
            selfs + repeatElement(0, count: tree.nodeCount - selfs.count)
        }
        return tree.pair(padded(leftPart.selfs), padded(rightPart.selfs), maxNodes: maxNodes)
    }

    private var onlyPart: Part? { parts.count == 1 && parents.count == 1 ? parts[0] : nil }

    private mutating func index(of name: Int, in other: TextTable) -> UInt32 {
        other.withBytes(name) { nameIndex.index(of: $0, in: &names) }
    }

    private mutating func index(of name: Text) -> UInt32 {
        name.utf8.withUnsafeBufferPointer { nameIndex.index(of: $0, in: &names) }
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
