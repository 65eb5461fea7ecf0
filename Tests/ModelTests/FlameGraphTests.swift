import Model
import Testing

struct FlameGraphVector: CustomTestStringConvertible, Sendable {
    var stacks: [(String, Int64)]
    var maxNodes = 0
    var names: [Text]
    var levels: [[Int64]]
    var total: Int64
    var maxSelf: Int64

    var testDescription: String { "\(stacks.map(\.0)) cut to \(maxNodes)" }
}

@Suite struct FlameGraphTests {
    /// Worked vectors of the wire format; names are numbered in a walk from right to left.
    static let vectors: [FlameGraphVector] = [
        FlameGraphVector(
            stacks: exampleStacks, names: ["total", "main", "foo", "bar", "baz", "init"],
            levels: [[0, 10, 0, 0], [0, 4, 4, 5, 0, 6, 0, 1], [4, 3, 3, 4, 0, 3, 2, 2], [9, 1, 1, 3]], total: 10,
            maxSelf: 4),
        FlameGraphVector(
            stacks: exampleStacks, maxNodes: 1, names: ["total", "other", "main"],
            levels: [[0, 10, 0, 0], [0, 6, 0, 2, 0, 4, 4, 1], [0, 6, 6, 1]], total: 10, maxSelf: 6),
        FlameGraphVector(
            stacks: exampleStacks, maxNodes: 2, names: ["total", "main", "other", "init"],
            levels: [[0, 10, 0, 0], [0, 4, 4, 3, 0, 6, 0, 1], [4, 6, 6, 2]], total: 10, maxSelf: 6),
        FlameGraphVector(
            stacks: exampleStacks, maxNodes: 3, names: ["total", "main", "foo", "other", "baz", "init"],
            levels: [[0, 10, 0, 0], [0, 4, 4, 5, 0, 6, 0, 1], [4, 3, 3, 4, 0, 3, 2, 2], [9, 1, 1, 3]], total: 10,
            maxSelf: 4),
        FlameGraphVector(
            stacks: exampleStacks, maxNodes: 5, names: ["total", "main", "foo", "bar", "baz", "init"],
            levels: [[0, 10, 0, 0], [0, 4, 4, 5, 0, 6, 0, 1], [4, 3, 3, 4, 0, 3, 2, 2], [9, 1, 1, 3]], total: 10,
            maxSelf: 4),
        FlameGraphVector(
            stacks: [("a", 1), ("b", 1), ("c", 1), ("d", 1)], maxNodes: 2, names: ["total", "d", "c", "b", "a"],
            levels: [[0, 4, 0, 0], [0, 1, 1, 4, 0, 1, 1, 3, 0, 1, 1, 2, 0, 1, 1, 1]], total: 4, maxSelf: 1),
        FlameGraphVector(
            stacks: [("total;x", 1), ("y", 2)], names: ["total", "y", "x"],
            levels: [[0, 3, 0, 0], [0, 1, 0, 0, 0, 2, 2, 1], [0, 1, 1, 2]], total: 3, maxSelf: 2),
        FlameGraphVector(
            stacks: [(";x", 1), ("y", 2)], names: ["total", "y", "", "x"],
            levels: [[0, 3, 0, 0], [0, 1, 0, 2, 0, 2, 2, 1], [0, 1, 1, 3]], total: 3, maxSelf: 2),
        FlameGraphVector(
            stacks: [("other;x", 1), ("y", 2), ("a;other", 3), ("zz;q", 5)],
            names: ["total", "other", "zz", "q", "y", "a"],
            levels: [[0, 11, 0, 0], [0, 3, 0, 5, 0, 2, 2, 4, 0, 5, 0, 2, 0, 1, 1, 1], [0, 3, 3, 1, 2, 5, 5, 3]],
            total: 11, maxSelf: 5),
        FlameGraphVector(
            stacks: [("f;f;f", 1), ("f;f", 2)], names: ["total", "f"],
            levels: [[0, 3, 0, 0], [0, 3, 0, 1], [0, 3, 2, 1], [2, 1, 1, 1]], total: 3, maxSelf: 2),
        FlameGraphVector(
            stacks: [("a;b;e", 1), ("a;c", 2), ("a;c;d", 1)], names: ["total", "a", "c", "d", "b", "e"],
            levels: [[0, 4, 0, 0], [0, 4, 0, 1], [0, 1, 0, 4, 0, 3, 2, 2], [0, 1, 1, 5, 2, 1, 1, 3]], total: 4,
            maxSelf: 2),
        FlameGraphVector(stacks: [], names: ["total"], levels: [[0, 0, 0, 0]], total: 0, maxSelf: 0),
    ]

    @Test(arguments: vectors)
    func `a tree is laid out as the wire format says`(_ vector: FlameGraphVector) {
        let graph = FlameGraph(tree(vector.stacks), maxNodes: vector.maxNodes)
        #expect(Array(graph.names) == vector.names)
        #expect(graph.levels.map(Array.init) == vector.levels)
        #expect(graph.total == vector.total)
        #expect(graph.maxSelf == vector.maxSelf)
    }

    @Test(arguments: 0..<40)
    func `any cut keeps the total and lays boxes inside their parents`(_ seed: Int) {
        let tree = randomTree(seed: UInt64(seed))
        for maxNodes in [0, 1, 2, 3, 5, 8, 13, 40, 1000] {
            let graph = FlameGraph(tree, maxNodes: maxNodes)
            #expect(graph.total == tree.total)
            expectSound(graph)
        }
    }

    @Test func `a cut beside a function called other loses nothing`() {
        let graph = FlameGraph(
            tree([("r;a", 1), ("r;b", 2), ("r;c", 4), ("r;other", 8), ("r;z", 16)]), maxNodes: 3)
        #expect(graph.total == 31)
        #expect(graph.levels[1] == [0, 31, 0, 1])
        // z keeps its 16; a, b, c and the real other are one box.
        #expect(graph.levels[2].count == 8)
        #expect(Array(graph.levels[2].suffix(3).prefix(2)) == [15, 15])
    }

    @Test func `names equal canonically but not by bytes stay apart`() {
        let graph = FlameGraph(tree([("caf\u{e9}", 1), ("cafe\u{301}", 2)]))
        #expect(graph.levels[1].count == 8)
        #expect(Set(graph.names).count == 3)
    }

    @Test func `sums past the signed range saturate and the layout stays sound`() {
        let big = Int64(1) << 62
        let graph = FlameGraph(tree([("a;x", big), ("a;y", big), ("b", big), ("c", .max)]))
        #expect(graph.total == .max)
        expectSound(graph)
    }

    @Test func `a stack of 65 000 frames and one parent of 15 000 children are laid out`() {
        var builder = CallTreeBuilder()
        builder.add((0..<65_000).map { Text("f\($0 % 7)") }, value: 3)
        for child in 0..<15_000 { builder.add(["wide", Text("c\(child)")], value: 1) }
        let graph = FlameGraph(builder.finish())
        #expect(graph.levels.count == 65_001)
        #expect(graph.total == 15_003)
        expectSound(graph)
    }

    @Test func `inlined lines are frames of their own, the outermost first`() {
        var symbols = SymbolTable()
        for name in ["outer", "inner", "main"] as [Text] {
            symbols.functions.append(Function(name: symbols.strings.append(name.utf8)))
        }
        symbols.lines = [Line(function: 1), Line(function: 0), Line(function: 2)]
        symbols.locations = [
            Location(firstLine: 0, lineCount: 2), Location(firstLine: 2, lineCount: 1),
            Location(address: 0x10, firstLine: 3, lineCount: 0),
        ]
        let main = symbols.stacks.append(parent: 0, location: 1)
        let unknown = symbols.stacks.append(parent: main, location: 2)
        let leaf = symbols.stacks.append(parent: unknown, location: 0)
        var builder = CallTreeBuilder()
        // The empty stack disappears; the location without lines adds no frame.
        builder.add(stacks: [0, leaf], values: [5, 7], symbols: symbols)
        let graph = FlameGraph(builder.finish())
        #expect(graph == FlameGraph(tree([("main;outer;inner", 7)])))
    }
}

/// Fails unless every box lies inside a parent, no box is empty, and self plus children fit.
func expectSound(_ graph: FlameGraph, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(graph.names.first == "total", sourceLocation: sourceLocation)
    #expect(graph.levels.first?.count == 4, sourceLocation: sourceLocation)
    var parents: [(start: Int64, end: Int64)] = [(0, graph.total)]
    var maxSelf: Int64 = 0
    var problems: [String] = []
    for (depth, level) in graph.levels.map(Array.init).enumerated().dropFirst() {
        var boxes: [(start: Int64, end: Int64)] = []
        var end: Int64 = 0
        var parent = 0
        for first in stride(from: 0, to: level.count, by: 4) {
            let start = level[first] + end
            end = start + level[first + 1]
            while parent < parents.count, parents[parent].end < end { parent += 1 }
            if parent == parents.count || start < parents[parent].start { problems.append("level \(depth): outside") }
            if level[first + 1] <= 0 || level[first + 2] > level[first + 1] { problems.append("level \(depth): size") }
            if level[first + 3] < 0 || level[first + 3] >= Int64(graph.names.count) { problems.append("name") }
            maxSelf = max(maxSelf, level[first + 2])
            boxes.append((start, end))
        }
        parents = boxes
    }
    #expect(problems.isEmpty, sourceLocation: sourceLocation)
    #expect(maxSelf == graph.maxSelf, sourceLocation: sourceLocation)
}
