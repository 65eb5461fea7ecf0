import Formats
import Model

/// Puts the boxes of a flame graph below one another again, level by level.
///
/// A box belongs to the first box of the level above that it lies within. Each is looked at a fixed number of times, however deep
/// and wide the graph is.
struct FlamebearerBoxes {
    private struct Box {
        let start: Int64
        let end: Int64
        let name: Text
        /// The box above, as an index into all boxes.
        let parent: Int
        /// The place in the tree, once something was counted there or below.
        var node: UInt32?
    }

    private var builder = CallTreeBuilder()
    private var boxes: [Box] = []
    /// The boxes of the level above.
    private var above = 0..<0
    private var depth = -1
    private var position: Int64 = 0
    /// A long name may be that of very many boxes, so what is read of names is bounded.
    private var budget = 256 << 20

    /// Goes on with the next level.
    mutating func beginLevel() {
        above = above.upperBound..<boxes.count
        depth += 1
        position = 0
    }

    /// Adds the next box of a level, which lies `offset` behind the one before.
    mutating func add(offset: Int64, total: Int64, own: Int64, name: Text) throws(FormatError) {
        let start = position.saturatingAdd(offset)
        let end = start.saturatingAdd(total)
        position = end
        guard depth > 0 else {
            boxes.append(Box(start: start, end: end, name: name, parent: -1, node: 0))
            return
        }
        // Boxes of a level are in order, so that a parent which was passed over is none for the boxes that follow.
        while let parent = above.first, !(boxes[parent].start <= start && end <= boxes[parent].end) {
            above.removeFirst()
        }
        guard let parent = above.first else {
            throw FormatError(.invalid, "flamebearer.levels[\(depth)] has a box without a parent")
        }
        boxes.append(Box(start: start, end: end, name: name, parent: parent, node: nil))
        if own > 0 { try count(own, at: boxes.count - 1) }
    }

    private mutating func count(_ own: Int64, at box: Int) throws(FormatError) {
        var missing: [Int] = []
        var next = box
        while boxes[next].node == nil {
            missing.append(next)
            next = boxes[next].parent
        }
        for (index, box) in missing.reversed().enumerated() {
            budget -= boxes[box].name.utf8.count
            guard budget > 0 else { throw FormatError(.tooLarge, "flamebearer.names are too long for so many boxes") }
            boxes[box].node = builder.child(
                of: boxes[boxes[box].parent].node ?? 0, named: boxes[box].name,
                adding: index == missing.count - 1 ? own : 0)
        }
    }

    /// The tree of everything that was counted.
    consuming func finish() -> CallTree { builder.finish() }
}
