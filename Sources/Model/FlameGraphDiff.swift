/// Two call trees laid over each other, level by level.
///
/// Each level is a run of seven numbers a box: `[xDelta, total, self]` of the left tree, the same of the right one, and the name's
/// index. The two sides are placed independently. This is the layout of Pyroscope's `FlameGraphDiff` message.
public struct FlameGraphDiff: Sendable, Equatable {
    /// The distinct names; `names[0]` is `total`.
    public var names: TextTable
    /// Seven numbers for each box.
    public var levels: [ArraySlice<Int64>]
    /// The sum of both sides, saturated.
    public var total: Int64
    /// The largest self of any box on either side.
    public var maxSelf: Int64
    /// The sum of the left tree.
    public var leftTicks: Int64
    /// The sum of the right tree.
    public var rightTicks: Int64

    /// The box of a node.
    private struct Box: BitwiseCopyable {
        var node: UInt32
        var left: BoxExtent
        var right: BoxExtent
    }

    /// Lays two trees over each other by name, cut to about `maxNodes` nodes; 0 or less cuts nothing.
    ///
    /// A node counts by the larger of its two totals. What is cut becomes one leaf `other` for each parent, which comes last.
    public init(left: CallTree, right: CallTree, maxNodes: Int = 0) {
        let (left, right) = Self.aligned(left, right)
        let threshold = Self.threshold(left, right, maxNodes: maxNodes)
        let (leftSelfs, leftTotals, rightSelfs, rightTotals) = (left.selfs, left.totals, right.selfs, right.totals)
        let levels = left.levels
        let (nameIndices, childStarts, visits) = (levels.names, levels.childStarts, levels.visits)
        let treeNames = left.names.count < right.names.count ? right : left
        // The reference's diff gives the empty name, not `total`, the root's index.
        let layout = FlameGraphBoxes.layout(
            sides: 2, nodes: levels.count, nameCount: treeNames.names.count,
            other: treeNames.index(ofName: CallTree.otherName), rootsName: treeNames.index(ofName: .empty)
        ) { boxes in
            var laidOut = FixedStack<Box>(capacity: levels.count)
            let root = Box(
                node: 0, left: BoxExtent(x: 0, total: left.total), right: BoxExtent(x: 0, total: right.total))
            boxes.append(root.left, own: leftSelfs[0], root.right, own: rightSelfs[0], boxes.rootLabel)
            boxes.endLevel()
            laidOut.push(root)

            // A level is laid out from the one above it.
            var level = 0..<0
            while laidOut.count > level.upperBound {
                level = level.upperBound..<laidOut.count
                for index in level {
                    let box = laidOut[index]
                    let node = Int(box.node)
                    var leftRoom = BoxRoom(box.left, own: leftSelfs[node])
                    var rightRoom = BoxRoom(box.right, own: rightSelfs[node])
                    for child in Int(childStarts[node])..<Int(childStarts[node + 1]) {
                        guard max(leftTotals[child], rightTotals[child]) >= threshold else { continue }
                        let leftExtent = leftRoom.take(leftTotals[child])
                        let rightExtent = rightRoom.take(rightTotals[child])
                        guard leftExtent.total > 0 || rightExtent.total > 0 else { continue }
                        boxes.append(
                            leftExtent, own: leftSelfs[child], rightExtent, own: rightSelfs[child],
                            boxes.label(name: nameIndices[child], visit: visits[child]))
                        laidOut.push(Box(node: UInt32(child), left: leftExtent, right: rightExtent))
                    }
                    let (leftBucket, rightBucket) = (leftRoom.rest, rightRoom.rest)
                    if leftBucket.total > 0 || rightBucket.total > 0 {
                        boxes.append(
                            leftBucket, own: leftBucket.total, rightBucket, own: rightBucket.total,
                            boxes.bucketLabel(visit: visits[node]))
                    }
                }
                boxes.endLevel()
            }
        }
        self.levels = layout.levels
        maxSelf = layout.maxSelf
        names = treeNames.numbered(layout.names)
        leftTicks = left.total
        rightTicks = right.total
        total = left.total.saturatingAdd(right.total)
    }

    /// The same trees over nodes that both have.
    private static func aligned(_ left: CallTree, _ right: CallTree) -> (CallTree, CallTree) {
        if left.lineage === right.lineage && left.levels.count == right.levels.count { return (left, right) }
        var merged = MergedNames()
        var (leftSelfs, rightSelfs): ([Int64], [Int64]) = ([0], [0])
        merged.add(left, to: &leftSelfs)
        merged.add(right, to: &rightSelfs)
        return (merged.tree(leftSelfs), merged.tree(rightSelfs))
    }

    /// The smallest size that stays, and at least 1; the root counts here, as in the reference's diff.
    private static func threshold(_ left: CallTree, _ right: CallTree, maxNodes: Int) -> Int64 {
        guard maxNodes > 0 else { return 1 }
        let sizes = left.totals.indices.map { max(left.totals[$0], right.totals[$0]) }
        return max(OrderStatistic.largest(maxNodes, of: sizes), 1)
    }
}
