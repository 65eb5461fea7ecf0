/// A call tree laid out as boxes, level by level.
///
/// Each level is a run of quadruples `[xDelta, total, self, nameIndex]` from left to right; `xDelta` counts from where the
/// previous box of the level ended. Level 0 is the root, named `total`. A box lies inside its parent's, to the right of the
/// parent's self. This is the layout of Pyroscope's `FlameGraph` message.
public struct FlameGraph: Sendable, Equatable {
    /// The distinct names; `names[0]` is `total`.
    public var names: TextTable
    /// Four numbers for each box.
    public var levels: [[Int64]]
    /// The sum of everything.
    public var total: Int64
    /// The largest self of any box.
    public var maxSelf: Int64

    /// A box that waits to be visited; a synthetic `other` has no node.
    private struct Waiting: BitwiseCopyable {
        var level: Int32
        var node: UInt32
        var x: Int64
        var total: Int64
    }

    /// Lays out a tree, cut to about `maxNodes` nodes; 0 or less cuts nothing.
    ///
    /// Nodes below the total of the `maxNodes`-th largest are summed into one leaf `other` for each parent, which comes last.
    /// A function that is really called `other` joins that leaf. One pass over the exact tree: totals never change.
    public init(_ tree: CallTree, maxNodes: Int = 0) {
        let threshold = tree.threshold(maxNodes: maxNodes)
        let other = tree.otherIndex
        var names = FlameGraphNames(tree: tree)
        // Each node may have a box, and a synthetic `other` below it.
        let most = 2 * (tree.nodeCount + 1)
        var boxes = BoxColumns(width: 4, capacity: most)
        var maxSelf: Int64 = 0
        let (selfs, totals, nameIndices) = (tree.selfs, tree.totals, tree.nameIndices)
        let (children, childStarts, lost) = (tree.children, tree.childStarts, tree.cut?.lost ?? [])
        var waiting = FixedStack<Waiting>(capacity: most)
        waiting.push(Waiting(level: 0, node: 0, x: 0, total: tree.total))
        let noNode = UInt32.max

        // Last child first: names are numbered in this order, as the reference does.
        while let box = waiting.pop() {
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
                waiting.push(Waiting(level: box.level + 1, node: child, x: x, total: width))
                x += width
            }
            cut = min(cut, end - x)
            if cut > 0 { waiting.push(Waiting(level: box.level + 1, node: noNode, x: x, total: cut)) }
        }
        self.names = names.texts
        self.maxSelf = maxSelf
        total = tree.total
        levels = boxes.levels(sides: 1)
    }
}

/// Numbers names in the order of their first use; `total` is 0.
struct FlameGraphNames {
    private(set) var texts = TextTable(["total"])
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
            table.withBytes(Int(name)) { _ = texts.append($0) }
        }
        return indices[Int(name)]
    }

    mutating func otherIndex() -> Int64 {
        if other < 0 {
            other = Int64(texts.count)
            texts.append(CallTree.otherName.utf8)
        }
        return other
    }
}

/// Boxes in the order of a right-to-left walk, sorted into levels at the end.
struct BoxColumns: ~Copyable {
    private let width: Int
    private var numbers: FixedStack<Int64>
    private var levelOfBox: FixedStack<Int32>
    private var levelCount = 0

    /// Makes room for boxes of `width` numbers, and for no more than `capacity` of them.
    init(width: Int, capacity: Int) {
        self.width = width
        numbers = FixedStack(capacity: capacity * width)
        levelOfBox = FixedStack(capacity: capacity)
    }

    /// Adds a box of one side.
    @inline(__always)
    mutating func append(level: Int32, _ x: Int64, _ total: Int64, _ own: Int64, name: Int64) {
        append(x, total, own)
        close(level: level, name: name)
    }

    /// Adds what one side of a box holds.
    @inline(__always)
    mutating func append(_ x: Int64, _ total: Int64, _ own: Int64) {
        numbers.push(x)
        numbers.push(total)
        numbers.push(own)
    }

    /// Ends a box whose sides were added.
    @inline(__always)
    mutating func close(level: Int32, name: Int64) {
        numbers.push(name)
        levelOfBox.push(level)
        levelCount = max(levelCount, Int(level) + 1)
    }

    /// The levels from left to right, with each side's x counted from the end of the box before.
    ///
    /// A box holds `x, total, self` for each side, then its name.
    func levels(sides: Int) -> [[Int64]] {
        var counts = [Int](repeating: 0, count: levelCount)
        for box in 0..<levelOfBox.count { counts[Int(levelOfBox[box])] += 1 }
        // All levels in one array first: the boxes of level `i` begin at `next[i]`.
        var next = [Int](repeating: 0, count: levelCount + 1)
        for level in 0..<levelCount { next[level + 1] = next[level] + counts[level] * width }
        let starts = next
        var ends = [Int64](repeating: 0, count: levelCount * sides)
        let flat = [Int64](unsafeUninitializedCapacity: numbers.count) { flat, initialized in
            for box in stride(from: levelOfBox.count - 1, through: 0, by: -1) {
                let level = Int(levelOfBox[box])
                let first = box * width
                let place = next[level]
                next[level] = place + width
                for side in 0..<sides {
                    let x = numbers[first + 3 * side]
                    let total = numbers[first + 3 * side + 1]
                    flat.initializeElement(at: place + 3 * side, to: x - ends[level * sides + side])
                    flat.initializeElement(at: place + 3 * side + 1, to: total)
                    flat.initializeElement(at: place + 3 * side + 2, to: numbers[first + 3 * side + 2])
                    ends[level * sides + side] = x + total
                }
                flat.initializeElement(at: place + width - 1, to: numbers[first + width - 1])
            }
            initialized = numbers.count
        }
        return (0..<levelCount).map { Array(flat[starts[$0]..<starts[$0 + 1]]) }
    }
}
