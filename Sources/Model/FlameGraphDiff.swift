/// Two call trees laid over each other, level by level.
///
/// Each level is a run of seven numbers a box: `[xDelta, total, self]` of the left tree, the same of the right one, and the name's
/// index. The two sides are placed independently. This is the layout of Pyroscope's `FlameGraphDiff` message.
public struct FlameGraphDiff: Sendable, Equatable {
    /// The distinct names; `names[0]` is `total`.
    public var names: TextTable
    /// Seven numbers for each box.
    public var levels: [[Int64]]
    /// The sum of both sides, saturated.
    public var total: Int64
    /// The largest self of any box on either side.
    public var maxSelf: Int64
    /// The sum of the left tree.
    public var leftTicks: Int64
    /// The sum of the right tree.
    public var rightTicks: Int64

    /// Aligns two trees by name and lays them out, cut to about `maxNodes` nodes; 0 or less cuts nothing.
    ///
    /// A node counts by the larger of its two totals. What is cut becomes one leaf `other` for each parent, which comes last.
    public init(left: CallTree, right: CallTree, maxNodes: Int = 0) {
        let aligned = AlignedTrees(left: left, right: right)
        // The reference counts the root here.
        let threshold: Int64
        if let cut = left.cut, cut.maxNodes == maxNodes, right.cut?.maxNodes == maxNodes {
            threshold = cut.threshold
        } else {
            let sizes = aligned.sizes
            threshold =
                maxNodes < 1 || sizes.count <= maxNodes ? 0 : CallTree.smallest(of: sizes, amongLargest: maxNodes)
        }

        // The reference's diff gives the empty name, not `total`, the root's index.
        var names = TextTable(["total"])
        var indices = [Int64](repeating: -1, count: aligned.nameCount)
        var otherIndex: Int64 = -1
        func index(of pair: Int) -> Int64 {
            let rank = aligned.rank(pair)
            if indices[rank] < 0 {
                let name = aligned.name(pair)
                if name.isEmpty {
                    indices[rank] = 0
                } else if name == CallTree.otherName {
                    indices[rank] = indexOfOther()
                } else {
                    indices[rank] = Int64(names.count)
                    names.append(name.utf8)
                }
            }
            return indices[rank]
        }
        func indexOfOther() -> Int64 {
            if otherIndex < 0 {
                otherIndex = Int64(names.count)
                names.append(CallTree.otherName.utf8)
            }
            return otherIndex
        }

        var boxes = BoxColumns(width: 7, capacity: 2 * aligned.count)
        var maxSelf: Int64 = 0
        typealias Side = (x: Int64, total: Int64)
        var waiting: [(level: Int32, pair: Int?, left: Side, right: Side)] = [
            (0, 0, (0, left.total), (0, right.total))
        ]
        while let box = waiting.popLast() {
            guard let pair = box.pair else {
                maxSelf = max(maxSelf, box.left.total, box.right.total)
                boxes.append(box.left.x, box.left.total, box.left.total)
                boxes.append(box.right.x, box.right.total, box.right.total)
                boxes.close(level: box.level, name: indexOfOther())
                continue
            }
            let leftSelf = min(aligned.leftSelf(pair), box.left.total)
            let rightSelf = min(aligned.rightSelf(pair), box.right.total)
            maxSelf = max(maxSelf, leftSelf, rightSelf)
            boxes.append(box.left.x, box.left.total, leftSelf)
            boxes.append(box.right.x, box.right.total, rightSelf)
            boxes.close(level: box.level, name: pair == 0 ? 0 : index(of: pair))
            var leftX = box.left.x + leftSelf
            var rightX = box.right.x + rightSelf
            let leftEnd = box.left.x + box.left.total
            let rightEnd = box.right.x + box.right.total
            var leftCut = aligned.leftLost(pair)
            var rightCut = aligned.rightLost(pair)
            let children = aligned.children(of: pair)
            for child in children {
                let leftTotal = aligned.leftTotal(child)
                let rightTotal = aligned.rightTotal(child)
                guard max(leftTotal, rightTotal) >= threshold else {
                    leftCut = leftCut.saturatingAdd(leftTotal)
                    rightCut = rightCut.saturatingAdd(rightTotal)
                    continue
                }
                let leftWidth = min(leftTotal, leftEnd - leftX)
                let rightWidth = min(rightTotal, rightEnd - rightX)
                guard leftWidth > 0 || rightWidth > 0 else { continue }
                waiting.append((box.level + 1, child, (leftX, leftWidth), (rightX, rightWidth)))
                leftX += leftWidth
                rightX += rightWidth
            }
            leftCut = min(leftCut, leftEnd - leftX)
            rightCut = min(rightCut, rightEnd - rightX)
            if leftCut > 0 || rightCut > 0 {
                waiting.append((box.level + 1, nil, (leftX, leftCut), (rightX, rightCut)))
            }
        }
        self.names = names
        self.maxSelf = maxSelf
        levels = boxes.levels(sides: 2)
        leftTicks = left.total
        rightTicks = right.total
        total = left.total.saturatingAdd(right.total)
    }
}

/// Two trees as one: a pair of nodes for each path that either has; pair 0 is the roots.
private struct AlignedTrees {
    private let left: CallTree
    private let right: CallTree
    /// The rank of each name among the names of both trees; equal names have one rank.
    private let ranks: (left: [UInt32], right: [UInt32], count: Int)
    /// The nodes of each pair; `absent` where only the other tree has the path.
    private var leftNodes: [UInt32] = [0]
    private var rightNodes: [UInt32] = [0]
    /// The children of pair `i` are the pairs `childStarts[i]..<childEnds[i]`, ascending by name.
    private var childStarts: [Int] = []
    private var childEnds: [Int] = []

    private static let absent = UInt32.max

    init(left: CallTree, right: CallTree) {
        self.left = left
        self.right = right
        ranks = Self.ranks(left, right)
        // Breadth first: the children of a pair lie side by side.
        var pair = 0
        while pair < leftNodes.count {
            childStarts.append(leftNodes.count)
            let (leftPlaces, rightPlaces) = (
                Self.children(of: leftNodes[pair], in: left), Self.children(of: rightNodes[pair], in: right)
            )
            var (leftPlace, rightPlace) = (leftPlaces.lowerBound, rightPlaces.lowerBound)
            while leftPlace < leftPlaces.upperBound || rightPlace < rightPlaces.upperBound {
                let leftRank =
                    leftPlace < leftPlaces.upperBound
                    ? ranks.left[Int(left.nameIndices[Int(left.children[leftPlace])])] : .max
                let rightRank =
                    rightPlace < rightPlaces.upperBound
                    ? ranks.right[Int(right.nameIndices[Int(right.children[rightPlace])])] : .max
                leftNodes.append(leftRank <= rightRank ? left.children[leftPlace] : Self.absent)
                rightNodes.append(rightRank <= leftRank ? right.children[rightPlace] : Self.absent)
                if leftRank <= rightRank { leftPlace += 1 }
                if rightRank <= leftRank { rightPlace += 1 }
            }
            childEnds.append(leftNodes.count)
            pair += 1
        }
    }

    /// Where the children of a node lie in a tree's list of them.
    private static func children(of node: UInt32, in tree: CallTree) -> Range<Int> {
        node == absent ? 0..<0 : Int(tree.childStarts[Int(node)])..<Int(tree.childStarts[Int(node) + 1])
    }

    /// Merges the sorted names of both trees.
    private static func ranks(_ left: CallTree, _ right: CallTree) -> (left: [UInt32], right: [UInt32], count: Int) {
        var leftRanks = [UInt32](repeating: 0, count: left.names.count)
        var rightRanks = [UInt32](repeating: 0, count: right.names.count)
        var rank: UInt32 = 0
        var leftIndex = 0
        var rightIndex = 0
        while leftIndex < left.sortedNames.count || rightIndex < right.sortedNames.count {
            var takesLeft = leftIndex < left.sortedNames.count
            var takesRight = rightIndex < right.sortedNames.count
            if takesLeft && takesRight {
                let leftName = (table: left.names, index: Int(left.sortedNames[leftIndex]))
                let rightName = (table: right.names, index: Int(right.sortedNames[rightIndex]))
                if TextTable.isLess(leftName, rightName) {
                    takesRight = false
                } else if TextTable.isLess(rightName, leftName) {
                    takesLeft = false
                }
            }
            if takesLeft {
                leftRanks[Int(left.sortedNames[leftIndex])] = rank
                leftIndex += 1
            }
            if takesRight {
                rightRanks[Int(right.sortedNames[rightIndex])] = rank
                rightIndex += 1
            }
            rank += 1
        }
        return (leftRanks, rightRanks, Int(rank))
    }

    /// The number of pairs.
    var count: Int { leftNodes.count }

    /// The number of distinct names.
    var nameCount: Int { ranks.count }

    /// The larger total of each pair, root included.
    var sizes: [Int64] { leftNodes.indices.map { max(leftTotal($0), rightTotal($0)) } }

    func children(of pair: Int) -> Range<Int> { childStarts[pair]..<childEnds[pair] }

    func leftTotal(_ pair: Int) -> Int64 { Self.value(left.totals, leftNodes[pair]) }
    func rightTotal(_ pair: Int) -> Int64 { Self.value(right.totals, rightNodes[pair]) }
    func leftSelf(_ pair: Int) -> Int64 { Self.value(left.selfs, leftNodes[pair]) }
    func rightSelf(_ pair: Int) -> Int64 { Self.value(right.selfs, rightNodes[pair]) }

    /// What nodes that are not there take from the left node of a pair.
    func leftLost(_ pair: Int) -> Int64 { left.cut.map { Self.value($0.lost, leftNodes[pair]) } ?? 0 }
    /// What nodes that are not there take from the right node of a pair.
    func rightLost(_ pair: Int) -> Int64 { right.cut.map { Self.value($0.lost, rightNodes[pair]) } ?? 0 }

    private static func value(_ values: [Int64], _ node: UInt32) -> Int64 { node == absent ? 0 : values[Int(node)] }

    /// The rank of a pair's name; not for the roots.
    func rank(_ pair: Int) -> Int {
        Int(
            leftNodes[pair] != Self.absent
                ? ranks.left[Int(left.nameIndices[Int(leftNodes[pair])])]
                : ranks.right[Int(right.nameIndices[Int(rightNodes[pair])])])
    }

    func name(_ pair: Int) -> Text {
        leftNodes[pair] != Self.absent
            ? left.names[left.nameIndices[Int(leftNodes[pair])]]
            : right.names[right.nameIndices[Int(rightNodes[pair])]]
    }
}
