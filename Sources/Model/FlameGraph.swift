/// A call tree laid out as boxes, level by level.
///
/// Each level is a run of quadruples `[xDelta, total, self, nameIndex]` from left to right; `xDelta` counts from where the
/// previous box of the level ended. Level 0 is the root, named `total`. A box lies inside its parent's, to the right of the
/// parent's self. This is the layout of Pyroscope's `FlameGraph` message.
public struct FlameGraph: Sendable, Equatable {
    /// The distinct names; `names[0]` is `total`.
    public var names: TextTable
    /// Four numbers for each box.
    public var levels: [ArraySlice<Int64>]
    /// The sum of everything.
    public var total: Int64
    /// The largest self of any box.
    public var maxSelf: Int64

    /// The box of a node.
    private struct Box: BitwiseCopyable {
        var node: UInt32
        var extent: BoxExtent
    }

    /// Lays out a tree, cut to about `maxNodes` nodes; 0 or less cuts nothing.
    ///
    /// Nodes below the total of the `maxNodes`-th largest are summed into one leaf `other` for each parent, which comes last.
    /// A function that is really called `other` joins that leaf. One pass over the exact tree: totals never change.
    public init(_ tree: CallTree, maxNodes: Int = 0) {
        let threshold = tree.threshold(maxNodes: maxNodes)
        let other = tree.index(ofName: CallTree.otherName)
        let (selfs, totals) = (tree.selfs, tree.totals)
        let (nameIndices, childStarts, visits) = (tree.levels.names, tree.levels.childStarts, tree.levels.visits)
        // A function that is really called `total` shares the root's name.
        let layout = FlameGraphBoxes.layout(
            sides: 1, nodes: selfs.count, nameCount: tree.names.count, other: other,
            rootsName: tree.index(ofName: "total")
        ) { boxes in
            var laidOut = FixedStack<Box>(capacity: selfs.count)
            let root = Box(node: 0, extent: BoxExtent(x: 0, total: tree.total))
            boxes.append(root.extent, own: selfs[0], boxes.rootLabel)
            boxes.endLevel()
            laidOut.push(root)

            // A level is laid out from the one above it.
            var level = 0..<0
            while laidOut.count > level.upperBound {
                level = level.upperBound..<laidOut.count
                for index in level {
                    let box = laidOut[index]
                    let node = Int(box.node)
                    var room = BoxRoom(box.extent, own: selfs[node])
                    for child in Int(childStarts[node])..<Int(childStarts[node + 1]) {
                        guard totals[child] >= threshold && nameIndices[child] != other else { continue }
                        let extent = room.take(totals[child])
                        guard extent.total > 0 else { continue }
                        let label = boxes.label(name: nameIndices[child], visit: visits[child])
                        boxes.append(extent, own: selfs[child], label)
                        laidOut.push(Box(node: UInt32(child), extent: extent))
                    }
                    let bucket = room.rest
                    if bucket.total > 0 {
                        boxes.append(bucket, own: bucket.total, boxes.bucketLabel(visit: visits[node]))
                    }
                }
                boxes.endLevel()
            }
        }
        levels = layout.levels
        maxSelf = layout.maxSelf
        total = tree.total
        names = tree.numbered(layout.names)
    }
}

extension CallTree {
    /// The root's name, `total`, and then some of the tree's; a number too large is the bucket's.
    func numbered(_ order: [UInt32]) -> TextTable {
        var numbered = TextTable(reservingTexts: order.count + 1, bytes: names.bytes.count + 16)
        numbered.append("total".utf8)
        for name in order {
            if name < names.count {
                names.withBytes(Int(name)) { _ = numbered.append($0) }
            } else {
                numbered.append(Self.otherName.utf8)
            }
        }
        return numbered
    }
}
