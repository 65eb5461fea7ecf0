/// A call tree laid out as boxes, level by level.
///
/// Each level is a run of quadruples `[xDelta, total, self, nameIndex]` from left to right; `xDelta` counts from where the
/// previous box of the level ended. Level 0 is the root, named `total`. A box lies inside its parent's, to the right of the
/// parent's self. This is the layout of Pyroscope's `FlameGraph` message.
public struct FlameGraph: Sendable, Equatable {
    /// The distinct names; `names[0]` is `total`.
    public var names: [Text]
    /// Four numbers for each box.
    public var levels: [[Int64]]
    /// The sum of everything.
    public var total: Int64
    /// The largest self of any box.
    public var maxSelf: Int64

    /// Lays out a tree, cut to about `maxNodes` nodes; 0 or less cuts nothing.
    ///
    /// Nodes below the total of the `maxNodes`-th largest are summed into one leaf `other` for each parent, which comes last.
    /// A function that is really called `other` joins that leaf. One pass over the exact tree: totals never change.
    public init(_ tree: CallTree, maxNodes: Int = 0) {
        let threshold = tree.threshold(maxNodes: maxNodes)
        let other = tree.otherIndex
        var names = FlameGraphNames(tree: tree)
        var boxes = BoxColumns(width: 4, reserving: tree.nodeCount + tree.nodeCount / 4 + 2)
        var maxSelf: Int64 = 0
        let (selfs, totals, nameIndices) = (tree.selfs, tree.totals, tree.nameIndices)
        let (children, childStarts, lost) = (tree.children, tree.childStarts, tree.cut?.lost ?? [])
        // A box waiting to be visited; a synthetic `other` has no node.
        var waiting: [(level: Int, node: UInt32, x: Int64, total: Int64)] = [(0, 0, 0, tree.total)]
        let noNode = UInt32.max

        // Last child first: names are numbered in this order, as the reference does.
        while let box = waiting.popLast() {
            guard box.node != noNode else {
                maxSelf = max(maxSelf, box.total)
                boxes.append(level: box.level, box.x, box.total, box.total, name: names.otherIndex())
                continue
            }
            let node = Int(box.node)
            // Saturated sums may not fit into a saturated parent: boxes are clipped, so that the layout stays sound.
            let own = min(selfs[node], box.total)
            maxSelf = max(maxSelf, own)
            boxes.append(
                level: box.level, box.x, box.total, own, name: node == 0 ? 0 : names.index(of: nameIndices[node]))
            var x = box.x + own
            let end = box.x + box.total
            var cut = lost.isEmpty ? 0 : lost[node]
            for place in Int(childStarts[node])..<Int(childStarts[node + 1]) {
                let child = children[place]
                let total = totals[Int(child)]
                guard total >= threshold && nameIndices[Int(child)] != other else {
                    cut = cut.saturatingAdd(total)
                    continue
                }
                let width = min(total, end - x)
                guard width > 0 else { continue }
                waiting.append((box.level + 1, child, x, width))
                x += width
            }
            cut = min(cut, end - x)
            if cut > 0 { waiting.append((box.level + 1, noNode, x, cut)) }
        }
        self.names = names.texts
        self.maxSelf = maxSelf
        total = tree.total
        levels = boxes.levels(sides: 1)
    }
}

/// Numbers names in the order of their first use; `total` is 0.
struct FlameGraphNames {
    private(set) var texts: [Text] = ["total"]
    private let table: TextTable
    private var indices: [Int64]
    private var other: Int64 = -1

    init(tree: CallTree) {
        table = tree.names
        indices = [Int64](repeating: -1, count: tree.names.count)
        // A function that is really called `total` shares the root's name.
        for name in 0..<table.count where table.equals(name, texts[0].utf8) { indices[name] = 0 }
    }

    mutating func index(of name: UInt32) -> Int64 {
        if indices[Int(name)] < 0 {
            indices[Int(name)] = Int64(texts.count)
            texts.append(table[name])
        }
        return indices[Int(name)]
    }

    mutating func otherIndex() -> Int64 {
        if other < 0 {
            other = Int64(texts.count)
            texts.append(CallTree.otherName)
        }
        return other
    }
}

/// Boxes in the order of a right-to-left walk, sorted into levels at the end.
struct BoxColumns {
    private let width: Int
    private var numbers: [Int64] = []
    private var levelOfBox: [Int] = []
    private var levelCount = 0

    init(width: Int, reserving boxes: Int = 0) {
        self.width = width
        numbers.reserveCapacity(boxes * width)
        levelOfBox.reserveCapacity(boxes)
    }

    /// Adds a box of one side.
    mutating func append(level: Int, _ x: Int64, _ total: Int64, _ own: Int64, name: Int64) {
        append(x, total, own)
        close(level: level, name: name)
    }

    /// Adds what one side of a box holds.
    mutating func append(_ x: Int64, _ total: Int64, _ own: Int64) {
        numbers.append(x)
        numbers.append(total)
        numbers.append(own)
    }

    /// Ends a box whose sides were added.
    mutating func close(level: Int, name: Int64) {
        numbers.append(name)
        levelOfBox.append(level)
        levelCount = max(levelCount, level + 1)
    }

    /// The levels from left to right, with each side's x counted from the end of the box before.
    ///
    /// A box holds `x, total, self` for each side, then its name.
    func levels(sides: Int) -> [[Int64]] {
        var counts = [Int](repeating: 0, count: levelCount)
        for level in levelOfBox { counts[level] += 1 }
        // All levels in one array first: the boxes of level `i` begin at `next[i]`.
        var next = [Int](repeating: 0, count: levelCount + 1)
        for level in 0..<levelCount { next[level + 1] = next[level] + counts[level] * width }
        let starts = next
        var flat = [Int64](repeating: 0, count: numbers.count)
        var ends = [Int64](repeating: 0, count: levelCount * sides)
        for box in stride(from: levelOfBox.count - 1, through: 0, by: -1) {
            let level = levelOfBox[box]
            let first = box * width
            let place = next[level]
            next[level] = place + width
            for side in 0..<sides {
                let x = numbers[first + 3 * side]
                let total = numbers[first + 3 * side + 1]
                flat[place + 3 * side] = x - ends[level * sides + side]
                flat[place + 3 * side + 1] = total
                flat[place + 3 * side + 2] = numbers[first + 3 * side + 2]
                ends[level * sides + side] = x + total
            }
            flat[place + width - 1] = numbers[first + width - 1]
        }
        return (0..<levelCount).map { Array(flat[starts[$0]..<starts[$0 + 1]]) }
    }
}
