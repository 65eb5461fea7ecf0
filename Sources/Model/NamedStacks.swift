/// A tree of function names, in which the stacks of one or several symbol tables end.
///
/// It only grows; what was made of an earlier state of it holds for every later one.
public struct NameTree: Sendable {
    /// A node of the tree.
    ///
    /// The root is node 0, its own parent and nobody's child, so 0 stands for no node.
    struct Node: Sendable {
        /// The parent, whose index is smaller.
        var parent: UInt32
        /// The name, as an index into ``names``; meaningless for the root.
        var name: UInt32
        /// The child that came last.
        var lastChild: UInt32 = 0
        /// The child of the same parent that came before.
        var previousSibling: UInt32 = 0
    }

    /// What tells trees apart: states of one tree share it.
    final class Identity: Sendable {}

    let identity = Identity()
    /// The distinct names.
    fileprivate(set) var names = TextTable()
    /// All nodes.
    fileprivate(set) var nodes = [Node(parent: 0, name: 0)]
    /// All names, ascending by their bytes.
    fileprivate(set) var sortedNames: [UInt32] = []

    /// Makes a tree of the root alone.
    init() {}

    /// The number of nodes, root included.
    public var nodeCount: Int { nodes.count }

    /// What each node and all below it have.
    func totals(of selfs: [Int64]) -> [Int64] {
        var totals = selfs
        nodes.withUnsafeBufferPointer { nodes in
            totals.withUnsafeMutableBufferPointer { totals in
                for node in stride(from: totals.count - 1, to: 0, by: -1) where totals[node] != 0 {
                    let parent = Int(nodes[node].parent)
                    totals[parent] = totals[parent].saturatingAdd(totals[node])
                }
            }
        }
        return totals
    }

    /// The call tree of some stacks, without the nodes that have no share in it.
    ///
    /// With `maxNodes`, only the largest nodes are there, those whose total is at least the one of the `maxNodes`-th.
    func tree(selfs: [Int64], maxNodes: Int? = nil) -> CallTree {
        let totals = totals(of: selfs)
        guard let maxNodes else {
            return tree(selfs: selfs, totals: totals, sizes: totals, maxNodes: 0, threshold: nil)
        }
        let threshold =
            maxNodes > 0
            ? totals.withUnsafeBufferPointer { OrderStatistic.largest(maxNodes, of: .init(rebasing: $0.dropFirst())) }
            : 0
        return tree(selfs: selfs, totals: totals, sizes: totals, maxNodes: maxNodes, threshold: threshold)
    }

    /// Two call trees of this tree's nodes, of which only those are there that a diff of about `maxNodes` nodes shows.
    ///
    /// A node counts by the larger of its two totals, and the root counts, as in ``FlameGraphDiff``.
    func pair(_ left: [Int64], _ right: [Int64], maxNodes: Int) -> (left: CallTree, right: CallTree) {
        let leftTotals = totals(of: left)
        let rightTotals = totals(of: right)
        let sizes = leftTotals.indices.map { max(leftTotals[$0], rightTotals[$0]) }
        let threshold = OrderStatistic.largest(maxNodes, of: sizes)
        return (
            tree(selfs: left, totals: leftTotals, sizes: sizes, maxNodes: maxNodes, threshold: threshold),
            tree(selfs: right, totals: rightTotals, sizes: sizes, maxNodes: maxNodes, threshold: threshold)
        )
    }

    /// The nodes that have a share and whose size is at least a threshold, with what the others take from their parents.
    private func tree(
        selfs: [Int64], totals: [Int64], sizes: [Int64], maxNodes: Int, threshold: Int64?
    ) -> CallTree {
        let least = max(threshold ?? 0, 1)
        var kept = FixedStack<UInt32>(capacity: totals.count)
        var lost = FixedStack<Int64>(capacity: totals.count)
        kept.push(0)
        lost.push(0)
        var places = [UInt32](repeating: 0, count: totals.count)
        nodes.withUnsafeBufferPointer { nodes in
            places.withUnsafeMutableBufferPointer { places in
                // A parent comes before its children and has at least what each of them has, so it was kept before.
                for node in 1..<max(totals.count, 1) where totals[node] > 0 {
                    let parent = Int(nodes[node].parent)
                    if sizes[node] >= least {
                        places[node] = UInt32(kept.count)
                        kept.push(UInt32(node))
                        lost.push(0)
                    } else if places[parent] > 0 || parent == 0 {
                        lost.add(totals[node], at: Int(places[parent]))
                    }
                }
            }
        }
        let count = kept.count
        func column<Value>(_ value: (Int) -> Value) -> [Value] {
            [Value](unsafeUninitializedCapacity: count) { column, initialized in
                for place in 0..<count { column.initializeElement(at: place, to: value(Int(kept[place]))) }
                initialized = count
            }
        }
        let names = column { nodes[$0].name }
        let parents = column { places[Int(nodes[$0].parent)] }
        let keptSelfs = column { selfs[$0] }
        let keptTotals = column { totals[$0] }
        return CallTree(
            names: self.names, sortedNames: sortedNames, nameIndices: names, parents: parents, selfs: keptSelfs,
            totals: keptTotals,
            cut: threshold.map { CallTree.Cut(maxNodes: maxNodes, threshold: $0, lost: lost.array) })
    }
}

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

/// Finds names by their bytes.
struct NameIndex: Sendable {
    private var index = ContentIndex()
    private let mixer = ContentHash.Mixer()

    /// The index of a name in a table, to which it is added where it is new.
    mutating func index(of name: UnsafeBufferPointer<UInt8>, in names: inout TextTable) -> UInt32 {
        let hash = UInt32(truncatingIfNeeded: mixer.bytes(name).low)
        if let known = index.find(hash, where: { names.equals(Int($0), name) }) { return known }
        let new = names.append(name)
        index.insert(new, hash: hash)
        return new
    }
}

extension TextTable {
    /// Two lists of texts as one in ascending order; the first is in order already, the second need not be.
    func merged(_ sorted: [UInt32], with others: [UInt32]) -> [UInt32] {
        others.isEmpty ? sorted : merged(sorted, withSorted: others.sorted { isLess(Int($0), Int($1)) })
    }

    /// Two lists of texts, both in ascending order, as one.
    func merged(_ sorted: [UInt32], withSorted others: [UInt32]) -> [UInt32] {
        guard !sorted.isEmpty else { return others }
        var merged: [UInt32] = []
        merged.reserveCapacity(sorted.count + others.count)
        var next = 0
        for other in others {
            while next < sorted.count && !isLess(Int(other), Int(sorted[next])) {
                merged.append(sorted[next])
                next += 1
            }
            merged.append(other)
        }
        merged.append(contentsOf: sorted[next...])
        return merged
    }
}
