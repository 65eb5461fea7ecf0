/// The boxes of a flame graph or of a diff, which come level by level and from left to right.
///
/// A box is `x, total, self` for each side and then its name, at first by the number that the tree has for it. The names are
/// numbered at the end, in the order in which a walk from right to left that goes down first meets them, as the reference does.
///
/// A box lies inside its parent's, and the root's ends at the total, so no sum here overflows.
struct FlameGraphBoxes: ~Copyable {
    /// What was laid out.
    struct Layout {
        /// The numbers of each level.
        var levels: [ArraySlice<Int64>]
        /// The tree's numbers of the names, from number 1 on; the root's number is 0.
        var names: [UInt32]
        /// The largest self of any box.
        var maxSelf: Int64
    }

    /// What a box stands for.
    struct Label {
        fileprivate var name: UInt32
        /// Twice the visit in which the walk meets it, and one more for a bucket, which comes right after its node.
        fileprivate var visit: UInt64
    }

    private let other: UInt32
    private let root: UInt32
    private let numbers: UnsafeMutableBufferPointer<Int64>
    private var count = 0
    private var levelStarts = [0]
    /// Where the last box of the level ends, on each side.
    private var (leftEnd, rightEnd): (Int64, Int64) = (0, 0)
    private var maxSelf: Int64 = 0
    /// When the walk first meets each name.
    private var firstVisits: FixedStack<UInt64>

    private init(_ numbers: UnsafeMutableBufferPointer<Int64>, nameCount: Int, other: UInt32?) {
        self.numbers = numbers
        self.other = other ?? UInt32(nameCount)
        root = UInt32(nameCount + 1)
        firstVisits = FixedStack(repeating: .max, count: nameCount + 2)
    }

    /// Lays out the boxes of at most so many nodes, each of which may have a bucket; the first one is the root's.
    ///
    /// Names are numbers below `nameCount`. `other` is that of the buckets; without one, they get `nameCount`. `rootsName` is a name
    /// that shares the root's number.
    @inline(__always)
    static func layout(
        sides: Int, nodes: Int, nameCount: Int, other: UInt32?, rootsName: UInt32?,
        _ body: (inout FlameGraphBoxes) -> Void
    ) -> Layout {
        let width = 3 * sides + 1
        var layout = Layout(levels: [], names: [], maxSelf: 0)
        var starts: [Int] = []
        let numbers = [Int64](unsafeUninitializedCapacity: 2 * nodes * width) { numbers, count in
            var boxes = FlameGraphBoxes(numbers, nameCount: nameCount, other: other)
            body(&boxes)
            layout.names = boxes.numberNames(width: width, rootsName: rootsName)
            layout.maxSelf = boxes.maxSelf
            starts = boxes.levelStarts
            count = boxes.count
        }
        layout.levels = zip(starts, starts.dropFirst()).map { numbers[$0..<$1] }
        return layout
    }

    /// The label of the root.
    var rootLabel: Label { Label(name: root, visit: 0) }

    /// The label of a node, which the walk meets in a visit of that number.
    @inline(__always)
    func label(name: UInt32, visit: UInt32) -> Label { Label(name: name, visit: UInt64(visit) << 1) }

    /// The label of a node's bucket.
    @inline(__always)
    func bucketLabel(visit: UInt32) -> Label { Label(name: other, visit: UInt64(visit) << 1 | 1) }

    /// Adds a box of a flame graph.
    @inline(__always)
    mutating func append(_ extent: BoxExtent, own: Int64, _ label: Label) {
        precondition(count + 4 <= numbers.count)
        write(extent, own: own, behind: leftEnd)
        leftEnd = extent.end
        finish(label)
    }

    /// Adds a box of a diff.
    @inline(__always)
    mutating func append(_ left: BoxExtent, own leftOwn: Int64, _ right: BoxExtent, own rightOwn: Int64, _ label: Label)
    {
        precondition(count + 7 <= numbers.count)
        write(left, own: leftOwn, behind: leftEnd)
        write(right, own: rightOwn, behind: rightEnd)
        (leftEnd, rightEnd) = (left.end, right.end)
        finish(label)
    }

    /// Writes a side of a box, for which there is room.
    @inline(__always)
    private mutating func write(_ extent: BoxExtent, own: Int64, behind end: Int64) {
        // Saturated sums may not fit into a saturated parent: boxes are clipped, so that the layout stays sound.
        let own = min(own, extent.total)
        numbers.initializeElement(at: count, to: extent.x &- end)
        numbers.initializeElement(at: count &+ 1, to: extent.total)
        numbers.initializeElement(at: count &+ 2, to: own)
        maxSelf = max(maxSelf, own)
        count &+= 3
    }

    /// Writes the name of a box, for which there is room.
    @inline(__always)
    private mutating func finish(_ label: Label) {
        numbers.initializeElement(at: count, to: Int64(label.name))
        firstVisits[Int(label.name)] = min(firstVisits[Int(label.name)], label.visit)
        count &+= 1
    }

    /// Ends a level; one without boxes is none.
    mutating func endLevel() {
        if let start = levelStarts.last, count > start { levelStarts.append(count) }
        (leftEnd, rightEnd) = (0, 0)
    }

    /// Puts the numbers of names in order, and gives the names.
    private mutating func numberNames(width: Int, rootsName: UInt32?) -> [UInt32] {
        firstVisits[Int(root)] = .max
        if let rootsName { firstVisits[Int(rootsName)] = .max }
        var visited: [UInt64] = []
        visited.reserveCapacity(firstVisits.count)
        for name in 0..<firstVisits.count where firstVisits[name] != .max {
            visited.append(firstVisits[name] << 32 | UInt64(name))
        }
        visited.sortByUpperHalf()
        let order = visited.map { UInt32(truncatingIfNeeded: $0) }
        var indices = [Int64](repeating: 0, count: firstVisits.count)
        for (place, name) in order.enumerated() { indices[Int(name)] = Int64(place + 1) }
        for place in stride(from: width - 1, to: count, by: width) { numbers[place] = indices[Int(numbers[place])] }
        return order
    }
}

/// Where one side of a box lies.
struct BoxExtent: BitwiseCopyable {
    var x: Int64
    var total: Int64

    @inline(__always)
    var end: Int64 { x &+ total }
}

/// What is left of one side of a box for its children.
struct BoxRoom {
    private var x: Int64
    private let end: Int64

    @inline(__always)
    init(_ extent: BoxExtent, own: Int64) {
        x = extent.x &+ min(own, extent.total)
        end = extent.end
    }

    /// Where the next child lies; clipped to what is left.
    @inline(__always)
    mutating func take(_ total: Int64) -> BoxExtent {
        let extent = BoxExtent(x: x, total: min(total, end &- x))
        x = extent.end
        return extent
    }

    /// Where the bucket lies: a total is a self and the totals of all children, so what those that have a box leave is that of the
    /// others, or as much of it as saturated sums have room for.
    @inline(__always)
    var rest: BoxExtent { BoxExtent(x: x, total: end &- x) }
}
