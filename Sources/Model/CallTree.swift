/// Functions calling functions: a forest of named nodes under a synthetic root, with self and total for each.
///
/// Node 0 is the root, whose self is 0. Siblings are unique by name and sorted by its bytes. A child's index is larger than
/// its parent's. Sums saturate.
public struct CallTree: Sendable {
    /// The distinct names.
    public let names: TextTable
    /// The name of each node, as an index into ``names``; meaningless for the root.
    public let nameIndices: [UInt32]
    /// The parent of each node; the root is its own.
    public let parents: [UInt32]
    /// What each node spent itself.
    public let selfs: [Int64]
    /// What each node and everything below it spent.
    public let totals: [Int64]
    /// The children of node `i` are `children[childStarts[i]..<childStarts[i + 1]]`, ascending by name.
    let childStarts: [UInt32]
    let children: [UInt32]

    /// Where the tree holds only its largest nodes: how many were wanted, their smallest total, and what each node lost.
    let cut: Cut?

    /// What was left out of a tree.
    struct Cut: Sendable {
        /// The number of nodes that were wanted.
        let maxNodes: Int
        /// The smallest total that stayed.
        let threshold: Int64
        /// The sum of the children that each node lost.
        let lost: [Int64]
    }

    /// The number of nodes without the root.
    public var nodeCount: Int { parents.count - 1 }

    /// The sum of everything.
    public var total: Int64 { totals[0] }

    /// The children of a node, ascending by name.
    public func children(of node: UInt32) -> ArraySlice<UInt32> {
        children[Int(childStarts[Int(node)])..<Int(childStarts[Int(node) + 1])]
    }

    /// Every name once, ascending by its bytes, as indices into ``names``.
    let sortedNames: [UInt32]

    /// Closes a forest: sums totals in one backward pass, unless they are at hand, and puts the children of each node in order.
    ///
    /// `sortedNames` holds every name once, in order; so no name is compared here.
    init(
        names: TextTable, sortedNames: [UInt32], nameIndices: [UInt32], parents: [UInt32], selfs: [Int64],
        totals: [Int64]? = nil, cut: Cut? = nil
    ) {
        self.names = names
        self.sortedNames = sortedNames
        self.nameIndices = nameIndices
        self.parents = parents
        self.selfs = selfs
        self.cut = cut
        let count = parents.count

        var starts = [UInt32](repeating: 0, count: count + 1)
        for node in 1..<max(count, 1) { starts[Int(parents[node]) + 1] += 1 }
        for node in 0..<count { starts[node + 1] += starts[node] }
        childStarts = starts
        if let totals {
            self.totals = totals
        } else {
            var totals = selfs
            for node in stride(from: count - 1, to: 0, by: -1) {
                let parent = Int(parents[node])
                totals[parent] = totals[parent].saturatingAdd(totals[node])
            }
            self.totals = totals
        }

        // Nodes dealt out in the order of their names leave each parent's children in order.
        var children = [UInt32](repeating: 0, count: max(count - 1, 0))
        for node in Self.nodesByName(nameIndices, sortedNames) {
            let parent = Int(parents[Int(node)])
            children[Int(starts[parent])] = node
            starts[parent] += 1
        }
        self.children = children
    }

    /// All nodes but the root, ascending by name: a counting sort by the names' ranks.
    private static func nodesByName(_ nameIndices: [UInt32], _ sortedNames: [UInt32]) -> [UInt32] {
        var ranks = [UInt32](repeating: 0, count: sortedNames.count)
        for (rank, name) in sortedNames.enumerated() { ranks[Int(name)] = UInt32(rank) }
        var starts = [UInt32](repeating: 0, count: sortedNames.count + 1)
        for name in nameIndices.dropFirst() { starts[Int(ranks[Int(name)]) + 1] += 1 }
        for rank in sortedNames.indices { starts[rank + 1] += starts[rank] }
        var nodes = [UInt32](repeating: 0, count: max(nameIndices.count - 1, 0))
        for node in 1..<max(nameIndices.count, 1) {
            let rank = Int(ranks[Int(nameIndices[node])])
            nodes[Int(starts[rank])] = UInt32(node)
            starts[rank] += 1
        }
        return nodes
    }
}

extension CallTree {
    /// The bucket that holds what was cut.
    public static let otherName: Text = "other"

    /// The smallest total that stays when at most `maxNodes` nodes are wanted.
    ///
    /// Ties stay too; 0 if nothing is cut.
    func threshold(maxNodes: Int) -> Int64 {
        if let cut, cut.maxNodes == maxNodes { return cut.threshold }
        return maxNodes < 1 || nodeCount <= maxNodes ? 0 : Self.smallest(of: totals.dropFirst(), amongLargest: maxNodes)
    }

    /// The index of the name `other`, or nil if no node has it.
    var otherIndex: UInt32? {
        (0..<names.count).first { names.equals($0, Self.otherName.utf8) }.map(UInt32.init)
    }

    /// The smallest of the `count` largest values.
    ///
    /// - Precondition: `0 < count <= values.count`
    static func smallest(of values: some Collection<Int64>, amongLargest count: Int) -> Int64 {
        OrderStatistic.largest(count, of: Array(values))
    }
}
