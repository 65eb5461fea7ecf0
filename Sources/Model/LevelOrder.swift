/// The nodes of a tree of names level by level and, within a level, from left to right: siblings ascend by name.
///
/// So the children of a node lie side by side, and whoever goes through a level in order meets the next one in order. What is
/// known of a node here depends on the tree alone, so it is worked out once for all questions.
struct LevelOrder: Sendable {
    /// The place of each node.
    private(set) var places: [UInt32] = []
    /// The node at each place.
    private var nodes: [UInt32] = []
    /// The place of the parent; the root, at place 0, is its own.
    private(set) var parents: [UInt32] = []
    /// The name at each place; meaningless for the root.
    private(set) var names: [UInt32] = []
    /// The children of place `i` are the places `childStarts[i]..<childStarts[i + 1]`.
    private(set) var childStarts: [UInt32] = []
    /// When a walk from right to left that goes down first meets each place.
    private(set) var visits: [UInt32] = []

    /// Makes the order of no nodes.
    init() {}

    /// The number of nodes.
    var count: Int { nodes.count }

    /// Puts a tree in order, all names of which have their rank; `old` is the order of an earlier state of it.
    ///
    /// What was there keeps its order, so that only the children of nodes that have gained some are sorted.
    init(of tree: NameTree, from old: LevelOrder) {
        // Each node, with the rank of its name above it where siblings are to be sorted.
        var order = FixedStack<UInt64>(capacity: tree.nodeCount)
        var parents = FixedStack<UInt32>(capacity: tree.nodeCount)
        var starts = FixedStack<UInt32>(capacity: tree.nodeCount + 1)
        order.push(0)
        parents.push(0)
        let ranks = tree.order.ranks
        tree.nodes.withUnsafeBufferPointer { nodes in
            func keyed(_ node: UInt32) -> UInt64 { UInt64(ranks[Int(nodes[Int(node)].name)]) << 32 | UInt64(node) }
            var place = 0
            var oldPlace = 0
            while place < order.count {
                let node = UInt32(truncatingIfNeeded: order[place])
                let first = order.count
                starts.push(UInt32(first))
                var child = nodes[Int(node)].lastChild
                let isGrown = child >= old.count && child != 0
                if node < old.count {
                    for oldChild in old.childStarts[oldPlace]..<old.childStarts[oldPlace + 1] {
                        let known = old.nodes[Int(oldChild)]
                        order.push(isGrown ? keyed(known) : UInt64(known))
                        parents.push(UInt32(place))
                    }
                    oldPlace += 1
                }
                if isGrown {
                    while child >= old.count && child != 0 {
                        order.push(keyed(child))
                        parents.push(UInt32(place))
                        child = nodes[Int(child)].previousSibling
                    }
                    order.sort(from: first)
                }
                place += 1
            }
            starts.push(UInt32(order.count))
        }
        self.parents = parents.array
        childStarts = starts.array
        nodes = order.array.map { UInt32(truncatingIfNeeded: $0) }
        names = nodes.map { tree.nodes[Int($0)].name }
        places = [UInt32](repeating: 0, count: nodes.count)
        for (place, node) in nodes.enumerated() { places[Int(node)] = UInt32(place) }
        visits = Self.visits(self.parents, childStarts)
    }

    private static func visits(_ parents: [UInt32], _ childStarts: [UInt32]) -> [UInt32] {
        var sizes = [UInt32](repeating: 1, count: parents.count)
        for place in stride(from: parents.count - 1, to: 0, by: -1) { sizes[Int(parents[place])] += sizes[place] }
        var visits = [UInt32](repeating: 0, count: parents.count)
        for place in parents.indices {
            var next = visits[place] + 1
            for child in (childStarts[place]..<childStarts[place + 1]).reversed() {
                visits[Int(child)] = next
                next += sizes[Int(child)]
            }
        }
        return visits
    }
}
