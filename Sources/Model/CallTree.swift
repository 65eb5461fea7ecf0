/// Functions calling functions: a forest of named nodes under a synthetic root, with self and total for each.
///
/// Node 0 is the root, whose self is 0. Nodes come level by level and, within a level, from left to right: siblings are unique by
/// name and sorted by its bytes. So a child's index is larger than its parent's, and the children of a node lie side by side. Sums
/// saturate. A node whose total is 0 counts as not there: the nodes are those of everything that is known of a service.
public struct CallTree: Sendable {
    /// The distinct names.
    public let names: TextTable
    /// The order of all names.
    let nameOrder: NameOrder
    /// The nodes.
    let levels: LevelOrder
    /// What the nodes are of: trees of one lineage and of as many nodes have the same.
    let lineage: NameTree.Lineage
    /// What each node spent itself.
    public let selfs: [Int64]
    /// What each node and everything below it spent.
    public let totals: [Int64]

    /// Where only the largest nodes are there, which these are; totals are those of the whole tree.
    let bound: Bound?

    /// A bound on the nodes of a tree.
    struct Bound: Sendable {
        /// The number of nodes that were wanted.
        let maxNodes: Int
        /// The smallest total that stayed.
        let threshold: Int64
    }

    /// Sums up the values of a tree of names, in the level order of it.
    ///
    /// `selfs` has a value for each place in the order, none of them negative.
    init(_ tree: NameTree, _ levels: LevelOrder, selfs: [Int64]) {
        self.init(tree, levels, selfs: selfs, totals: Self.totals(of: selfs, levels), bound: nil)
    }

    /// Takes columns that are at hand, all in level order.
    init(_ tree: NameTree, _ levels: LevelOrder, selfs: [Int64], totals: [Int64], bound: Bound?) {
        names = tree.names
        nameOrder = tree.order
        lineage = tree.lineage
        self.levels = levels
        self.selfs = selfs
        self.totals = totals
        self.bound = bound
    }

    private static func totals(of selfs: [Int64], _ levels: LevelOrder) -> [Int64] {
        var totals = selfs
        levels.parents.withUnsafeBufferPointer { parents in
            totals.withUnsafeMutableBufferPointer { totals in
                for node in stride(from: totals.count - 1, to: 0, by: -1) {
                    let parent = Int(parents[node])
                    totals[parent] = totals[parent].saturatingAdd(totals[node])
                }
            }
        }
        return totals
    }
}

extension CallTree {
    /// The bucket that holds what was cut.
    public static let otherName: Text = "other"

    /// The sum of everything.
    public var total: Int64 { totals[0] }

    /// The number of nodes that are there, without the root.
    public var nodeCount: Int { totals.dropFirst().reduce(0) { $0 + ($1 > 0 ? 1 : 0) } }

    /// The name of each node, as an index into ``names``; meaningless for the root.
    public var nameIndices: [UInt32] { levels.names }

    /// The parent of each node; the root is its own.
    public var parents: [UInt32] { levels.parents }

    /// The children of a node that are there, ascending by name.
    public func children(of node: UInt32) -> some BidirectionalCollection<UInt32> {
        (levels.childStarts[Int(node)]..<levels.childStarts[Int(node) + 1]).lazy.filter { totals[Int($0)] > 0 }
    }

    /// The index of a name, or nil if no node has it.
    func index(ofName name: Text) -> UInt32? { nameOrder.find(name, in: names) }

    /// The smallest total that stays when at most `maxNodes` nodes are wanted.
    ///
    /// Ties stay too; at least 1, as nodes without a share are not there.
    func threshold(maxNodes: Int) -> Int64 {
        if let bound, bound.maxNodes == maxNodes { return max(bound.threshold, 1) }
        guard maxNodes > 0 else { return 1 }
        return totals.withUnsafeBufferPointer {
            max(OrderStatistic.largest(maxNodes, of: UnsafeBufferPointer(rebasing: $0.dropFirst())), 1)
        }
    }
}
