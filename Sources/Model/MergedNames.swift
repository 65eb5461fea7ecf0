/// A tree of names to which those of call trees are added, node by node.
struct MergedNames: Sendable {
    private var grower = NameTreeGrower()
    /// Names that came with a tree, in order, tree by tree.
    private var runs: [[UInt32]] = []
    /// Names that came alone.
    private var others: [UInt32] = []

    /// The child of that name of a node, which is added where it is new.
    mutating func child(of parent: UInt32, named name: Text) -> UInt32 {
        let known = grower.tree.names.count
        let index = name.utf8.withUnsafeBufferPointer { grower.name($0) }
        if index >= known { others.append(index) }
        return grower.child(of: parent, named: index)
    }

    /// Adds the nodes of a tree that are there, and what they have themselves to `selfs`, which has a value for each node.
    mutating func add(_ tree: CallTree, to selfs: inout [Int64]) {
        let known = grower.tree.names.count
        let (totals, nameIndices, parents) = (tree.totals, tree.nameIndices, tree.parents)
        var ownNames = [UInt32](repeating: .max, count: tree.names.count)
        for node in totals.indices.dropFirst() where totals[node] > 0 {
            let name = Int(nameIndices[node])
            if ownNames[name] == .max { ownNames[name] = tree.names.withBytes(name) { grower.name($0) } }
        }
        runs.append(tree.nameOrder.sorted.map { ownNames[Int($0)] }.filter { $0 != .max && $0 >= known })
        var nodes = [UInt32](repeating: 0, count: totals.count)
        for node in totals.indices.dropFirst() where totals[node] > 0 {
            let own = Int(grower.child(of: nodes[Int(parents[node])], named: ownNames[Int(nameIndices[node])]))
            nodes[node] = UInt32(own)
            if own >= selfs.count { selfs.append(contentsOf: repeatElement(0, count: own + 1 - selfs.count)) }
            selfs[own] = selfs[own].saturatingAdd(tree.selfs[node])
        }
    }

    /// The call tree of the nodes, of which each that `selfs` lacks has nothing.
    mutating func tree(_ selfs: [Int64]) -> CallTree {
        let names = grower.tree.names
        let alone = others.sorted { names.isLess(Int($0), Int($1)) }
        grower.tree.sortNames(runs: runs + [alone])
        (runs, others) = ([], [])
        let levels = grower.tree.levels
        var placed = [Int64](repeating: 0, count: levels.count)
        for (node, own) in selfs.enumerated() { placed[Int(levels.places[node])] = own }
        return CallTree(grower.tree, levels, selfs: placed)
    }
}
