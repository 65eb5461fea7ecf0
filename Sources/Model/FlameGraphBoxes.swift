/// The boxes of a flame graph or of a diff, which come level by level and from left to right.
///
/// A box is `x, total, self` for each side and then its name, at first by the number that the tree has for it. The names are
/// numbered at the end, in the order in which a walk from right to left that goes down first meets them, as the reference does.
struct FlameGraphBoxes: ~Copyable {
    /// The largest self of any box.
    private(set) var maxSelf: Int64 = 0
    private let other: UInt32
    private let root: UInt32
    private let width: Int
    private var numbers: FixedStack<Int64>
    private var levelStarts = [0]
    /// Twice the visit in which the walk first meets each name; one more where it is that of a bucket.
    private var firstVisits: FixedStack<UInt64>

    /// Makes room for the boxes of so many nodes, each of which may have a bucket.
    ///
    /// Names are numbers below `nameCount`. `other` is that of the buckets; without one, they get `nameCount`.
    init(sides: Int, capacity: Int, nameCount: Int, other: UInt32?) {
        self.other = other ?? UInt32(nameCount)
        root = UInt32(nameCount + 1)
        width = 3 * sides + 1
        numbers = FixedStack(capacity: 2 * capacity * width)
        firstVisits = FixedStack(repeating: .max, count: nameCount + 2)
    }

    /// Adds one side of a box, which lies behind `end`, the end of the box before; it moves on.
    @inline(__always)
    mutating func append(_ extent: BoxExtent, own: Int64, behind end: inout Int64) {
        // Saturated sums may not fit into a saturated parent: boxes are clipped, so that the layout stays sound.
        let own = min(own, extent.total)
        numbers.push(extent.x - end, extent.total, own)
        maxSelf = max(maxSelf, own)
        end = extent.x + extent.total
    }

    /// Ends the box of a node, which the walk meets in a visit of that number.
    @inline(__always)
    mutating func end(name: UInt32, visit: UInt32) {
        numbers.push(Int64(name))
        firstVisits[Int(name)] = min(firstVisits[Int(name)], UInt64(visit) << 1)
    }

    /// Ends the bucket of a node, which comes right after the node in the walk.
    @inline(__always)
    mutating func endOther(visit: UInt32) {
        numbers.push(Int64(other))
        firstVisits[Int(other)] = min(firstVisits[Int(other)], UInt64(visit) << 1 | 1)
    }

    /// Ends the box of the root, which is a level of its own.
    mutating func endRoot() {
        end(name: root, visit: 0)
        endLevel()
    }

    /// Ends a level; one without boxes is none.
    mutating func endLevel() {
        if let start = levelStarts.last, numbers.count > start { levelStarts.append(numbers.count) }
    }

    /// Numbers the names, and gives the levels and the names from number 1 on; the root's number is 0.
    ///
    /// `rootsName` is a name that shares the root's number.
    consuming func finish(rootsName: UInt32?) -> (levels: [[Int64]], names: [UInt32]) {
        var visited = FixedStack<UInt64>(capacity: firstVisits.count)
        for name in 0..<firstVisits.count where firstVisits[name] != .max && name != root {
            if UInt32(name) != rootsName { visited.push(firstVisits[name] << 32 | UInt64(name)) }
        }
        visited.sort(from: 0)
        let order = visited.array.map { UInt32(truncatingIfNeeded: $0) }
        var indices = [Int64](repeating: 0, count: firstVisits.count)
        for (place, name) in order.enumerated() { indices[Int(name)] = Int64(place + 1) }
        var levels: [[Int64]] = []
        for (start, end) in zip(levelStarts, levelStarts.dropFirst()) {
            var level = numbers.array(start..<end)
            level.withUnsafeMutableBufferPointer { level in
                for place in stride(from: width - 1, to: level.count, by: width) {
                    level[place] = indices[Int(level[place])]
                }
            }
            levels.append(level)
        }
        return (levels, order)
    }
}

/// Where one side of a box lies.
struct BoxExtent: BitwiseCopyable {
    var x: Int64
    var total: Int64
}

/// What is left of one side of a box for its children.
struct BoxRoom {
    private var x: Int64
    private let end: Int64

    @inline(__always)
    init(_ extent: BoxExtent, own: Int64) {
        x = extent.x + min(own, extent.total)
        end = extent.x + extent.total
    }

    /// Where the next child lies; clipped to what is left.
    @inline(__always)
    mutating func take(_ total: Int64) -> BoxExtent {
        let extent = BoxExtent(x: x, total: min(total, end - x))
        x += extent.total
        return extent
    }

    /// Where the bucket lies: a total is a self and the totals of all children, so what those that have a box leave is that of the
    /// others, or as much of it as saturated sums have room for.
    @inline(__always)
    var rest: BoxExtent { BoxExtent(x: x, total: end - x) }
}
