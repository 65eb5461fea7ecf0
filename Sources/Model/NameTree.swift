import Synchronization

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

    /// What all states of a tree share; it tells trees apart.
    let lineage = Lineage()
    /// The distinct names.
    var names = TextTable()
    /// All nodes.
    private(set) var nodes = [Node(parent: 0, name: 0)]
    /// The order of the names that have a place in it; ``sortNames()`` gives one to all.
    private(set) var order = NameOrder()

    /// Makes a tree of the root alone.
    init() {}

    /// The number of nodes, root included.
    public var nodeCount: Int { nodes.count }

    /// Adds a node below another, which has none of that name, and returns it.
    mutating func append(_ name: UInt32, below parent: UInt32) -> UInt32 {
        let node = UInt32(nodes.count)
        nodes.append(Node(parent: parent, name: name, previousSibling: nodes[Int(parent)].lastChild))
        nodes[Int(parent)].lastChild = node
        return node
    }

    /// Puts the names that were added into their order.
    mutating func sortNames() {
        order.add((order.sorted.count..<names.count).map { UInt32($0) }, of: names)
    }

    /// The same where these runs are all names that have no place, each in order in itself.
    mutating func sortNames(runs: [[UInt32]]) {
        order.add(runs: runs, of: names)
    }

    /// The level order of this state or of a later one, which it serves as well.
    var levels: LevelOrder { lineage.levels(of: self) }

    /// What the states of a tree have in common.
    final class Lineage: Sendable {
        private let latest = Mutex(LevelOrder())

        /// The level order of a state, worked out where it is later than all that came before.
        fileprivate func levels(of tree: NameTree) -> LevelOrder {
            latest.withLock { latest in
                if latest.count < tree.nodeCount { latest = LevelOrder(of: tree, from: latest) }
                return latest
            }
        }
    }
}
