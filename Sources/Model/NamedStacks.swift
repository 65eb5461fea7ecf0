/// The tree of function names that the stacks of a symbol table make, kept beside the table while it grows.
///
/// Every line of a location is a frame of its own, the outermost first, and frames are told apart by their function's name
/// alone. With this at hand, a flame graph is one pass over integers: the names were compared when the table was read.
public struct NamedStacks: Sendable {
    /// The distinct names.
    private(set) var names = TextTable()
    /// The name of each node, as an index into ``names``; meaningless for the root.
    private(set) var nameIndices: [UInt32] = [0]
    /// The parent of each node, whose index is smaller; the root is its own.
    private(set) var parents: [UInt32] = [0]
    /// The node at which each stack of the table ends.
    private(set) var nodeOfStack: [UInt32] = [0]
    /// All names, ascending by their bytes.
    private(set) var sortedNames: [UInt32] = []

    /// The children of node `i` are `children[childStarts[i]..<childStarts[i + 1]]`, in no order.
    private(set) var childStarts: [UInt32] = [0, 0]
    private(set) var children: [UInt32] = []

    private var index = NameIndex()
    private var edges = EdgeTable()
    private var nameOfFunction: [UInt32] = []

    /// Makes the tree of an empty table.
    public init() {}

    /// About how many bytes it takes.
    public var byteCount: Int {
        names.bytes.count + names.count * 24 + parents.count * 60 + nodeOfStack.count * 4 + nameOfFunction.count * 4
    }

    /// Adds the stacks that a table has beyond those that are known; the table is the one of before, or grew out of it.
    ///
    /// The table must be consistent.
    public mutating func extend(with table: SymbolTable) {
        guard table.stacks.count > nodeOfStack.count else { return }
        for function in table.functions[nameOfFunction.count...] {
            nameOfFunction.append(
                table.strings.withBytes(Int(function.name)) { index.index(of: $0, in: &names) })
        }
        let stackParents = table.stacks.parents
        let places = table.stacks.locations
        nodeOfStack.reserveCapacity(stackParents.count)
        for stack in nodeOfStack.count..<stackParents.count {
            var node = nodeOfStack[Int(stackParents[stack])]
            for line in table.lines[table.locations[Int(places[stack])].lineRange].reversed() {
                let name = nameOfFunction[Int(line.function)]
                let next = UInt32(parents.count)
                let child = edges.find(node, name, orInsert: next)
                if child == next {
                    parents.append(node)
                    nameIndices.append(name)
                }
                node = child
            }
            nodeOfStack.append(node)
        }
        sortedNames = names.merged(sortedNames, with: (sortedNames.count..<names.count).map { UInt32($0) })
        (childStarts, children) = Self.children(of: parents)
    }

    private static func children(of parents: [UInt32]) -> (starts: [UInt32], children: [UInt32]) {
        var starts = [UInt32](repeating: 0, count: parents.count + 1)
        for node in 1..<max(parents.count, 1) { starts[Int(parents[node]) + 1] += 1 }
        for node in parents.indices { starts[node + 1] += starts[node] }
        var next = starts
        var children = [UInt32](repeating: 0, count: max(parents.count - 1, 0))
        for node in 1..<max(parents.count, 1) {
            let parent = Int(parents[node])
            children[Int(next[parent])] = UInt32(node)
            next[parent] += 1
        }
        return (starts, children)
    }

    /// What each node has itself, where `totals[i]` belongs to `stacks[i]`; values of 0 or less count for nothing.
    ///
    /// Stacks that the table does not hold are passed over, as are those without any frame.
    func selfs(stacks: [UInt32], totals: [Int64]) -> [Int64] {
        var selfs = [Int64](repeating: 0, count: parents.count)
        for (stack, total) in zip(stacks, totals) where total > 0 && Int(stack) < nodeOfStack.count {
            let node = Int(nodeOfStack[Int(stack)])
            selfs[node] = selfs[node].saturatingAdd(total)
        }
        selfs[0] = 0
        return selfs
    }

    /// What each node and all below it have.
    func totals(of selfs: [Int64]) -> [Int64] {
        var totals = selfs
        for node in stride(from: totals.count - 1, to: 0, by: -1) where totals[node] != 0 {
            let parent = Int(parents[node])
            totals[parent] = totals[parent].saturatingAdd(totals[node])
        }
        return totals
    }

    /// The call tree of some stacks, without the nodes that have no share in it.
    func tree(selfs: [Int64]) -> CallTree {
        let totals = totals(of: selfs)
        var places = [UInt32](repeating: 0, count: totals.count)
        var kept: [UInt32] = [0]
        for node in 1..<max(totals.count, 1) where totals[node] != 0 {
            places[node] = UInt32(kept.count)
            kept.append(UInt32(node))
        }
        return CallTree(
            names: names, sortedNames: sortedNames, nameIndices: kept.map { nameIndices[Int($0)] },
            parents: kept.map { places[Int(parents[Int($0)])] }, selfs: kept.map { selfs[Int($0)] },
            totals: kept.map { totals[Int($0)] })
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
