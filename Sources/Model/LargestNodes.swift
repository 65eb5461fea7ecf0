/// Finds the largest nodes of the tree that several partitions make together, without making that tree.
///
/// A child's total is at most its parent's, so a search that always opens the largest node that it has seen meets the nodes in
/// descending order of their totals. What it costs depends on how many are wanted, and hardly on how many there are.
struct LargestNodes {
    /// A node of one partition.
    private struct Member {
        var part: Int
        var node: UInt32
    }

    /// A path that was seen: the nodes that have it are `members[first..<first + count]`.
    private struct Seen {
        var name: UInt32
        var parent: UInt32
        var total: Int64
        var first: Int
        var count: Int
    }

    private let parts: [CallTree]
    /// The nodes that were taken.
    private var result = NameTree()
    private var nameIndex = NameIndex()
    /// The index of each partition's names in the result, where they were met.
    private var ownNames: [[UInt32]]
    private var members: [Member] = []
    private var seen: [Seen] = []
    /// Indices of `seen` that were not opened, the largest total first.
    private var heap = TotalHeap()

    init(_ parts: [CallTree]) {
        self.parts = parts
        ownNames = parts.map { [UInt32](repeating: .max, count: $0.names.count) }
    }

    mutating func tree(maxNodes: Int) -> CallTree {
        members = parts.indices.map { Member(part: $0, node: 0) }
        let total = parts.reduce(Int64(0)) { $0.saturatingAdd($1.total) }
        var selfs: [Int64] = [0]
        var keptTotals = [total]
        open(Seen(name: 0, parent: 0, total: total, first: 0, count: members.count), as: 0)
        var threshold: Int64 = 0
        while let next = heap.largest, result.nodeCount <= maxNodes || next.total == threshold {
            heap.removeLargest()
            let node = seen[Int(next.index)]
            keptTotals.append(node.total)
            selfs.append(
                members[node.first..<node.first + node.count].reduce(Int64(0)) {
                    $0.saturatingAdd(parts[$1.part].selfs[Int($1.node)])
                })
            open(node, as: result.append(node.name, below: node.parent))
            threshold = node.total
        }
        result.sortNames(runs: namesInOrder())
        let levels = result.levels
        func placed(_ values: [Int64]) -> [Int64] {
            var placed = values
            for (node, value) in values.enumerated() { placed[Int(levels.places[node])] = value }
            return placed
        }
        return CallTree(
            result, levels, selfs: placed(selfs), totals: placed(keptTotals),
            bound: CallTree.Bound(maxNodes: maxNodes, threshold: heap.isEmpty ? 0 : threshold))
    }

    /// Adds the children of a node, which has become node `index` of the result.
    private mutating func open(_ node: Seen, as index: UInt32) {
        guard node.count > 1 else {
            let part = members[node.first].part
            for child in children(of: members[node.first]) where total(of: child, in: part) > 0 {
                see(name(of: child, in: part), index, total(of: child, in: part))
                members.append(Member(part: part, node: UInt32(child)))
            }
            return
        }
        // Children of several partitions that have one name are one child.
        var children: [(name: UInt32, member: Member, total: Int64)] = []
        for member in members[node.first..<node.first + node.count] {
            for child in self.children(of: member) where total(of: child, in: member.part) > 0 {
                children.append(
                    (
                        name(of: child, in: member.part), Member(part: member.part, node: UInt32(child)),
                        total(of: child, in: member.part)
                    ))
            }
        }
        children.sort { $0.name < $1.name }
        var start = 0
        while start < children.count {
            var end = start
            var total: Int64 = 0
            while end < children.count, children[end].name == children[start].name {
                total = total.saturatingAdd(children[end].total)
                end += 1
            }
            see(children[start].name, index, total, count: end - start)
            for child in children[start..<end] { members.append(child.member) }
            start = end
        }
    }

    /// Notes a path; its members are added next.
    private mutating func see(_ name: UInt32, _ parent: UInt32, _ total: Int64, count: Int = 1) {
        heap.insert(total, UInt32(seen.count))
        seen.append(Seen(name: name, parent: parent, total: total, first: members.count, count: count))
    }

    private func children(of member: Member) -> Range<Int> {
        let node = Int(member.node)
        return Int(parts[member.part].levels.childStarts[node])..<Int(parts[member.part].levels.childStarts[node + 1])
    }

    private func total(of node: Int, in part: Int) -> Int64 { parts[part].totals[node] }

    private mutating func name(of node: Int, in part: Int) -> UInt32 {
        let name = Int(parts[part].levels.names[node])
        if ownNames[part][name] == .max {
            ownNames[part][name] = parts[part].names.withBytes(name) { nameIndex.index(of: $0, in: &result.names) }
        }
        return ownNames[part][name]
    }

    /// The names that were met, each once: each partition's are in order already.
    private func namesInOrder() -> [[UInt32]] {
        var isKnown = [Bool](repeating: false, count: result.names.count)
        return parts.indices.map { part in
            parts[part].nameOrder.sorted.compactMap { name in
                let own = ownNames[part][Int(name)]
                guard own != .max, !isKnown[Int(own)] else { return nil }
                isKnown[Int(own)] = true
                return own
            }
        }
    }
}

/// A heap of totals, the largest on top.
struct TotalHeap {
    struct Entry {
        var total: Int64
        var index: UInt32
    }

    private(set) var entries: [Entry] = []

    var isEmpty: Bool { entries.isEmpty }
    var largest: Entry? { entries.first }

    mutating func insert(_ total: Int64, _ index: UInt32) {
        let new = Entry(total: total, index: index)
        var place = entries.count
        entries.append(new)
        while place > 0 {
            let parent = (place - 1) / 2
            guard entries[parent].total < total else { break }
            entries[place] = entries[parent]
            place = parent
        }
        entries[place] = new
    }

    mutating func removeLargest() {
        guard let last = entries.popLast(), !entries.isEmpty else { return }
        var place = 0
        while true {
            var child = 2 * place + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count && entries[child + 1].total > entries[child].total { child += 1 }
            guard entries[child].total > last.total else { break }
            entries[place] = entries[child]
            place = child
        }
        entries[place] = last
    }
}
