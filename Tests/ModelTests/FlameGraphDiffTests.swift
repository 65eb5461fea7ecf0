import Model
import Testing

struct DiffVector: CustomTestStringConvertible, Sendable {
    var left: [(String, Int64)]
    var right: [(String, Int64)]
    var maxNodes = 0
    var names: [Text]
    var levels: [[Int64]]
    var sums: [Int64]

    var testDescription: String { "\(left.map(\.0)) against \(right.map(\.0)) cut to \(maxNodes)" }
}

private let otherStacks: [(String, Int64)] = [("main;foo", 5), ("main;qux", 1), ("zed", 1)]

@Suite struct FlameGraphDiffTests {
    /// Worked vectors of the wire format; `sums` are total, largest self, left and right.
    static let vectors: [DiffVector] = [
        DiffVector(left: [], right: [], names: ["total"], levels: [[0, 0, 0, 0, 0, 0, 0]], sums: [0, 0, 0, 0]),
        DiffVector(
            left: [("a;b", 1), ("a;c", 2)], right: [("a;b", 4), ("a;c", 8)], names: ["total", "a", "c", "b"],
            levels: [[0, 3, 0, 0, 12, 0, 0], [0, 3, 0, 0, 12, 0, 1], [0, 1, 1, 0, 4, 4, 3, 0, 2, 2, 0, 8, 8, 2]],
            sums: [15, 8, 3, 12]),
        DiffVector(
            left: [("a;b", 1), ("a;c", 2)], right: [("a;b", 4), ("a;c", 8)], maxNodes: 2,
            names: ["total", "a", "other"],
            levels: [[0, 3, 0, 0, 12, 0, 0], [0, 3, 0, 0, 12, 0, 1], [0, 3, 3, 0, 12, 12, 2]],
            sums: [15, 12, 3, 12]),
        DiffVector(
            left: [("a;b", 1), ("a;c", 2), ("a;e", 3)], right: [("a;b", 4), ("a;d", 8), ("a;e", 12)],
            names: ["total", "a", "e", "d", "c", "b"],
            levels: [
                [0, 6, 0, 0, 24, 0, 0], [0, 6, 0, 0, 24, 0, 1],
                [
                    0, 1, 1, 0, 4, 4, 5, 0, 2, 2, 0, 0, 0, 4, 0, 0, 0, 0, 8, 8, 3, 0, 3, 3, 0, 12, 12, 2,
                ],
            ], sums: [30, 12, 6, 24]),
        DiffVector(
            left: exampleStacks, right: otherStacks,
            names: ["total", "zed", "main", "qux", "foo", "bar", "baz", "init"],
            levels: [
                [0, 10, 0, 0, 7, 0, 0], [0, 4, 4, 0, 0, 0, 7, 0, 6, 0, 0, 6, 0, 2, 0, 0, 0, 0, 1, 1, 1],
                [4, 3, 3, 0, 0, 0, 6, 0, 3, 2, 0, 5, 5, 4, 0, 0, 0, 0, 1, 1, 3], [9, 1, 1, 5, 0, 0, 5],
            ], sums: [17, 5, 10, 7]),
        DiffVector(
            left: exampleStacks, right: otherStacks, maxNodes: 3, names: ["total", "other", "main", "foo"],
            levels: [
                [0, 10, 0, 0, 7, 0, 0], [0, 6, 0, 0, 6, 0, 2, 0, 4, 4, 0, 1, 1, 1],
                [0, 3, 2, 0, 5, 5, 3, 0, 3, 3, 0, 1, 1, 1], [2, 1, 1, 5, 0, 0, 1],
            ], sums: [17, 5, 10, 7]),
        DiffVector(
            left: exampleStacks, right: otherStacks, maxNodes: 1, names: ["total", "other"],
            levels: [[0, 10, 0, 0, 7, 0, 0], [0, 10, 10, 0, 7, 7, 1]], sums: [17, 10, 10, 7]),
        DiffVector(
            left: [("total;x", 1)], right: [(";x", 1)], names: ["total", "total", "x"],
            levels: [
                [0, 1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1],
                [0, 0, 0, 0, 1, 1, 2, 0, 1, 1, 0, 0, 0, 2],
            ], sums: [2, 1, 1, 1]),
    ]

    @Test(arguments: vectors)
    func `two trees are aligned by name and laid out side by side`(_ vector: DiffVector) {
        let diff = FlameGraphDiff(left: tree(vector.left), right: tree(vector.right), maxNodes: vector.maxNodes)
        #expect(Array(diff.names) == vector.names)
        #expect(diff.levels.map(Array.init) == vector.levels)
        #expect([diff.total, diff.maxSelf, diff.leftTicks, diff.rightTicks] == vector.sums)
    }

    @Test(arguments: 0..<20)
    func `a tree against itself is equal on both sides`(_ seed: Int) {
        let tree = randomTree(seed: UInt64(seed))
        for maxNodes in [0, 1, 4, 16, 500] {
            let diff = FlameGraphDiff(left: tree, right: tree, maxNodes: maxNodes)
            for level in diff.levels.map(Array.init) {
                for box in stride(from: 0, to: level.count, by: 7) {
                    #expect(level[box..<box + 3].elementsEqual(level[box + 3..<box + 6]))
                }
            }
            #expect(diff.leftTicks == tree.total && diff.rightTicks == tree.total)
        }
    }
}
