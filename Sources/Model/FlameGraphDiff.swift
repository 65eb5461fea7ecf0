/// Two call trees laid over each other, level by level.
///
/// Each level is a run of seven numbers a box: `[xDelta, total, self]` of the left tree, the same of the right one, and the name's
/// index. The two sides are placed independently. This is the layout of Pyroscope's `FlameGraphDiff` message.
public struct FlameGraphDiff: Sendable, Equatable {
    /// The distinct names; `names[0]` is `total`.
    public var names: [Text]
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
        let sizes = aligned.sizes
        let threshold =
            maxNodes < 1 || sizes.count <= maxNodes ? 0 : CallTree.smallest(of: sizes, amongLargest: maxNodes)

        var names: [Text] = ["total"]
        // The reference's diff gives the empty name, not `total`, the root's index.
        var nameIndices: [Text: Int64] = [.empty: 0]
        func index(of name: Text) -> Int64 {
            if let known = nameIndices[name] { return known }
            let index = Int64(names.count)
            names.append(name)
            nameIndices[name] = index
            return index
        }

        var boxes = BoxColumns(width: 7)
        var maxSelf: Int64 = 0
        typealias Side = (x: Int64, total: Int64)
        var waiting: [(level: Int, pair: Int?, left: Side, right: Side)] = [
            (0, 0, (0, left.total), (0, right.total))
        ]
        while let box = waiting.popLast() {
            guard let pair = box.pair else {
                maxSelf = max(maxSelf, box.left.total, box.right.total)
                boxes.append(
                    level: box.level,
                    [
                        box.left.x, box.left.total, box.left.total, box.right.x, box.right.total, box.right.total,
                        index(of: CallTree.otherName),
                    ])
                continue
            }
            let leftSelf = min(aligned.leftSelf(pair), box.left.total)
            let rightSelf = min(aligned.rightSelf(pair), box.right.total)
            maxSelf = max(maxSelf, leftSelf, rightSelf)
            boxes.append(
                level: box.level,
                [
                    box.left.x, box.left.total, leftSelf, box.right.x, box.right.total, rightSelf,
                    pair == 0 ? 0 : index(of: aligned.name(pair)),
                ])
            var leftX = box.left.x + leftSelf
            var rightX = box.right.x + rightSelf
            let leftEnd = box.left.x + box.left.total
            let rightEnd = box.right.x + box.right.total
            var leftCut: Int64 = 0
            var rightCut: Int64 = 0
            for child in aligned.children(of: pair) {
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
    private var leftNodes: [UInt32?] = [0]
    private var rightNodes: [UInt32?] = [0]
    /// The children of pair `i` are the pairs `childStarts[i]..<childEnds[i]`, ascending by name.
    private var childStarts: [Int] = []
    private var childEnds: [Int] = []

    init(left: CallTree, right: CallTree) {
        self.left = left
        self.right = right
        // Breadth first: the children of a pair lie side by side.
        var pair = 0
        while pair < leftNodes.count {
            childStarts.append(leftNodes.count)
            let leftChildren = leftNodes[pair].map(left.children(of:)) ?? []
            let rightChildren = rightNodes[pair].map(right.children(of:)) ?? []
            var leftIndex = leftChildren.startIndex
            var rightIndex = rightChildren.startIndex
            while leftIndex < leftChildren.endIndex || rightIndex < rightChildren.endIndex {
                let order = Self.order(
                    leftIndex < leftChildren.endIndex
                        ? left.names[left.nameIndices[Int(leftChildren[leftIndex])]] : nil,
                    rightIndex < rightChildren.endIndex
                        ? right.names[right.nameIndices[Int(rightChildren[rightIndex])]] : nil)
                leftNodes.append(order <= 0 ? leftChildren[leftIndex] : nil)
                rightNodes.append(order >= 0 ? rightChildren[rightIndex] : nil)
                if order <= 0 { leftIndex += 1 }
                if order >= 0 { rightIndex += 1 }
            }
            childEnds.append(leftNodes.count)
            pair += 1
        }
    }

    /// The larger total of each pair, root included.
    var sizes: [Int64] { leftNodes.indices.map { max(leftTotal($0), rightTotal($0)) } }

    func children(of pair: Int) -> Range<Int> { childStarts[pair]..<childEnds[pair] }
    func leftTotal(_ pair: Int) -> Int64 { leftNodes[pair].map { left.totals[Int($0)] } ?? 0 }
    func rightTotal(_ pair: Int) -> Int64 { rightNodes[pair].map { right.totals[Int($0)] } ?? 0 }
    func leftSelf(_ pair: Int) -> Int64 { leftNodes[pair].map { left.selfs[Int($0)] } ?? 0 }
    func rightSelf(_ pair: Int) -> Int64 { rightNodes[pair].map { right.selfs[Int($0)] } ?? 0 }

    func name(_ pair: Int) -> Text {
        if let node = leftNodes[pair] { return left.names[left.nameIndices[Int(node)]] }
        return rightNodes[pair].map { right.names[right.nameIndices[Int($0)]] } ?? .empty
    }

    /// -1 if only the left comes now, 1 if only the right, 0 if both are the same name.
    private static func order(_ left: Text?, _ right: Text?) -> Int {
        guard let left else { return 1 }
        guard let right else { return -1 }
        return left == right ? 0 : left < right ? -1 : 1
    }
}
