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

    /// The number of nodes without the root.
    public var nodeCount: Int { parents.count - 1 }

    /// The sum of everything.
    public var total: Int64 { totals[0] }

    /// The children of a node, ascending by name.
    public func children(of node: UInt32) -> ArraySlice<UInt32> {
        children[Int(childStarts[Int(node)])..<Int(childStarts[Int(node) + 1])]
    }

    /// Closes a forest: sums totals in one backward pass, then sorts the children of each node.
    init(names: TextTable, nameIndices: [UInt32], parents: [UInt32], selfs: [Int64]) {
        self.names = names
        self.nameIndices = nameIndices
        self.parents = parents
        self.selfs = selfs
        let count = parents.count

        var totals = selfs
        var childCounts = [UInt32](repeating: 0, count: count + 1)
        for node in stride(from: count - 1, to: 0, by: -1) {
            let parent = Int(parents[node])
            totals[parent] = totals[parent].saturatingAdd(totals[node])
            childCounts[parent] += 1
        }
        self.totals = totals

        var starts = [UInt32](repeating: 0, count: count + 1)
        for node in 0..<count { starts[node + 1] = starts[node] + childCounts[node] }
        childStarts = starts

        // Ranks let the sort below compare integers: each distinct name is compared by its bytes only once.
        let ranks = Self.ranks(of: names)
        var children = [UInt32](repeating: 0, count: max(count - 1, 0))
        for node in 1..<max(count, 1) {
            let parent = Int(parents[node])
            children[Int(starts[parent])] = UInt32(node)
            starts[parent] += 1
        }
        for node in 0..<count {
            let range = Int(childStarts[node])..<Int(childStarts[node + 1])
            if range.count > 1 {
                children[range].sort { ranks[Int(nameIndices[Int($0)])] < ranks[Int(nameIndices[Int($1)])] }
            }
        }
        self.children = children
    }

    private static func ranks(of names: TextTable) -> [UInt32] {
        let order = (0..<names.count).sorted { names.isLess($0, $1) }
        var ranks = [UInt32](repeating: 0, count: names.count)
        for (rank, name) in order.enumerated() { ranks[name] = UInt32(rank) }
        return ranks
    }
}

extension CallTree {
    /// The bucket that holds what was cut.
    public static let otherName: Text = "other"

    /// The smallest total that stays when at most `maxNodes` nodes are wanted.
    ///
    /// Ties stay too; 0 if nothing is cut.
    func threshold(maxNodes: Int) -> Int64 {
        maxNodes < 1 || nodeCount <= maxNodes ? 0 : Self.smallest(of: totals.dropFirst(), amongLargest: maxNodes)
    }

    /// The index of the name `other`, or nil if no node has it.
    var otherIndex: UInt32? {
        (0..<names.count).first { names.equals($0, Self.otherName.utf8) }.map(UInt32.init)
    }

    /// The smallest of the `count` largest values, found with a heap of that size.
    ///
    /// - Precondition: `0 < count < values.count`
    static func smallest(of values: some Collection<Int64>, amongLargest count: Int) -> Int64 {
        var heap = Array(values.prefix(count))
        heap.withUnsafeMutableBufferPointer { heap in
            func sift(_ start: Int) {
                var parent = start
                while true {
                    var child = 2 * parent + 1
                    guard child < heap.count else { return }
                    if child + 1 < heap.count && heap[child + 1] < heap[child] { child += 1 }
                    guard heap[child] < heap[parent] else { return }
                    heap.swapAt(child, parent)
                    parent = child
                }
            }
            for start in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sift(start) }
            for value in values.dropFirst(count) where value > heap[0] {
                heap[0] = value
                sift(0)
            }
        }
        return heap[0]
    }
}
