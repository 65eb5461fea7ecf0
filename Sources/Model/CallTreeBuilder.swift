/// Merges totals per stack into a ``CallTree``, over any number of symbol partitions.
///
/// Every line of a location becomes a frame of its own, the outermost first; a location without lines adds none, and a stack
/// without any frame disappears. Frames are told apart by their function's name alone.
public struct CallTreeBuilder: Sendable {
    private var merged = MergedNames()
    /// What each node of the merged names has itself.
    private var selfs: [Int64] = [0]
    /// Partitions that are not merged yet: whether all of them must be, or their largest nodes, is known at the end.
    private var parts: [Part] = []

    /// Values of stacks that end in one tree of names, such as the days of a service.
    private struct Part: Sendable {
        var tree: NameTree
        var values: [(named: NamedStacks, stacks: [UInt32], totals: [Int64])]

        func finish(_ levels: LevelOrder? = nil) -> CallTree {
            let levels = levels ?? tree.levels
            var selfs = [Int64](repeating: 0, count: levels.count)
            for value in values {
                value.named.add(stacks: value.stacks, totals: value.totals, levels, to: &selfs)
            }
            return CallTree(tree, levels, selfs: selfs)
        }
    }

    /// Makes a builder of an empty tree.
    public init() {}

    /// Adds values to stacks of one partition: `values[i]` belongs to the stack that ends in node `stacks[i]`.
    ///
    /// Values of 0 or less are ignored, as are stacks that the table does not hold.
    public mutating func add(stacks: [UInt32], values: [Int64], symbols: SymbolTable) {
        add(stacks: stacks, values: values, named: NamedStacks(symbols))
    }

    /// Adds values to stacks of one partition whose names are at hand.
    public mutating func add(stacks: [UInt32], values: [Int64], named: NamedStacks) {
        guard let part = parts.firstIndex(where: { $0.tree.lineage === named.tree.lineage }) else {
            parts.append(Part(tree: named.tree, values: [(named, stacks, values)]))
            return
        }
        if parts[part].tree.nodeCount < named.tree.nodeCount { parts[part].tree = named.tree }
        parts[part].values.append((named, stacks, values))
    }

    /// Adds a value to the stack that has these frames, root first.
    public mutating func add(_ frames: some Sequence<Text>, value: Int64) {
        var node: UInt32 = 0
        for frame in frames { node = child(of: node, named: frame, adding: 0) }
        if node > 0 && value > 0 { selfs[Int(node)] = selfs[Int(node)].saturatingAdd(value) }
    }

    /// Adds a value to the child of that name of a node, and returns the child's node; for readers of whole trees.
    ///
    /// - Precondition: `parent` is 0, the root, or what this returned.
    public mutating func child(of parent: UInt32, named name: Text, adding value: Int64) -> UInt32 {
        let node = merged.child(of: parent, named: name)
        if Int(node) == selfs.count { selfs.append(0) }
        if value > 0 { selfs[Int(node)] = selfs[Int(node)].saturatingAdd(value) }
        return node
    }

    /// The tree of everything that was added.
    public consuming func finish() -> CallTree {
        if let part = onlyPart { return part.finish() }
        var (names, selfs) = (merged, selfs)
        for part in parts { names.add(part.finish(), to: &selfs) }
        return names.tree(selfs)
    }

    /// The tree of everything that was added, of which only about the `maxNodes` largest nodes need to be there.
    ///
    /// A flame graph of it that is cut to as many nodes is the one of the whole tree; other questions need ``finish()``.
    public consuming func finish(forFlameGraphOf maxNodes: Int) -> CallTree {
        guard maxNodes > 0, parts.count > 1, selfs.count == 1 else { return finish() }
        var largest = LargestNodes(parts.map { $0.finish() })
        return largest.tree(maxNodes: maxNodes)
    }

    /// Both sides of a diff.
    public static func finish(
        _ left: consuming CallTreeBuilder, _ right: consuming CallTreeBuilder
    ) -> (left: CallTree, right: CallTree) {
        guard let leftPart = left.onlyPart, let rightPart = right.onlyPart,
            leftPart.tree.lineage === rightPart.tree.lineage
        else { return (left.finish(), right.finish()) }
        let levels = (leftPart.tree.nodeCount < rightPart.tree.nodeCount ? rightPart.tree : leftPart.tree).levels
        return (leftPart.finish(levels), rightPart.finish(levels))
    }

    private var onlyPart: Part? { parts.count == 1 && selfs.count == 1 ? parts[0] : nil }
}
