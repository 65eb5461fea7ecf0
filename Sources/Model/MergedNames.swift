/// A tree of names to which those of call trees are added, node by node.
struct MergedNames: Sendable {
    private var grower = NameTreeGrower()

    /// The child of that name of a node, which is added where it is new.
    mutating func child(of parent: UInt32, named name: Text) -> UInt32 {
        grower.child(of: parent, named: name.utf8.withUnsafeBufferPointer { grower.name($0) })
    }

    /// Adds the nodes of a tree that are there, and what they have themselves to `selfs`, which has a value for each node.
    mutating func add(_ tree: CallTree, to selfs: inout [Int64]) {
        grower.tree.sortNames()
        let (totals, nameIndices, parents) = (tree.totals, tree.nameIndices, tree.parents)
        var ownNames = [UInt32](repeating: .max, count: tree.names.count)
        for node in totals.indices.dropFirst() where totals[node] > 0 {
            let name = Int(nameIndices[node])
            if ownNames[name] == .max { ownNames[name] = tree.names.withBytes(name) { grower.name($0) } }
        }
        // New ones come in order, so they only need to be merged in.
        let known = grower.tree.order.sorted.count
        grower.tree.sortNames(tree.nameOrder.sorted.map { ownNames[Int($0)] }.filter { $0 != .max && $0 >= known })

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
        grower.tree.sortNames()
        let levels = grower.tree.levels
        var placed = [Int64](repeating: 0, count: levels.count)
        for (node, own) in selfs.enumerated() { placed[Int(levels.places[node])] = own }
        return CallTree(grower.tree, levels, selfs: placed)
    }
}
