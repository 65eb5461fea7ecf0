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
    var names = TextTable()
    /// All nodes.
    var nodes = [Node(parent: 0, name: 0)]
    /// All names, ascending by their bytes.
    var sortedNames: [UInt32] = []

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
