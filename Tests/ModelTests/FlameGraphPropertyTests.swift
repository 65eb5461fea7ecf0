import Model
import Testing

/// A generator whose numbers are the same in each run (splitmix64).
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// A box as Grafana's plugin reads it: levels hold offset, total, self and name, each offset counted from the end of the box
/// before.
private struct Box {
    var start: Int64
    var total: Int64
    var own: Int64
    var name: Int
}

@Suite struct FlameGraphPropertyTests {
    private static let names: [Text] = ["a", "b", "c", "other", "", "total", "é", "main"]

    private func forest(_ random: inout Seeded) -> CallTree {
        var builder = CallTreeBuilder()
        for _ in 0..<Int.random(in: 0...60, using: &random) {
            let depth = Int.random(in: 1...8, using: &random)
            let frames = (0..<depth).map { _ in Self.names.randomElement(using: &random) ?? "a" }
            builder.add(frames, value: Int64.random(in: 1...1000, using: &random))
        }
        return builder.finish()
    }

    private func boxes(_ graph: FlameGraph) -> [[Box]] {
        graph.levels.map(Array.init).map { level in
            var end: Int64 = 0
            return stride(from: 0, to: level.count, by: 4).map { index in
                let start = end + level[index]
                end = start + level[index + 1]
                return Box(start: start, total: level[index + 1], own: level[index + 2], name: Int(level[index + 3]))
            }
        }
    }

    /// What a reader of flame graphs relies on; the first broken rule, or nil.
    private func problem(_ graph: FlameGraph) -> String? {
        let levels = boxes(graph)
        guard levels.first?.count == 1, levels[0][0].start == 0, levels[0][0].total == graph.total else {
            return "the first level is not one box of the total"
        }
        if Set(graph.names).count != graph.names.count { return "a name occurs twice" }
        if graph.levels.contains(where: { $0.count % 4 != 0 }) { return "a level does not hold whole boxes" }
        for (depth, level) in levels.enumerated() {
            for box in level {
                if box.own < 0 || box.total < box.own || box.start < 0 { return "a box has a negative part" }
                if !graph.names.indices.contains(box.name) { return "a box has no name" }
                if box.own > graph.maxSelf { return "a self is larger than the largest" }
            }
            if zip(level, level.dropFirst()).contains(where: { $0.start + $0.total > $1.start }) {
                return "boxes of a level overlap"
            }
            guard depth > 0 else { continue }
            for box in level {
                let parents = levels[depth - 1].filter {
                    $0.start <= box.start && box.start + box.total <= $0.start + $0.total
                }
                if parents.isEmpty { return "a box lies outside of its parent" }
            }
        }
        for (depth, level) in levels.enumerated() {
            for parent in level {
                let next = depth + 1 < levels.count ? levels[depth + 1] : []
                let children = next.filter {
                    parent.start <= $0.start && $0.start + $0.total <= parent.start + parent.total && $0.total > 0
                }
                if children.reduce(parent.own, { $0 + $1.total }) != parent.total {
                    return "a box is not its self and its children"
                }
                let others = children.indices.filter { graph.names[children[$0].name] == "other" }
                if others.count > 1 || others.first.map({ $0 != children.count - 1 }) ?? false {
                    return "other is not the last child"
                }
            }
        }
        return nil
    }

    @Test func `a flame graph of any forest, cut to any size, can be read`() {
        var random = Seeded(state: 1)
        for round in 0..<400 {
            let tree = forest(&random)
            for maxNodes in [0, 1, 2, 3, 5, 10, 40, 1000] {
                let graph = FlameGraph(tree, maxNodes: maxNodes)
                #expect(graph.total == tree.total)
                if let problem = problem(graph) {
                    Issue.record("round \(round), \(maxNodes) nodes: \(problem)")
                    return
                }
            }
        }
    }

    @Test func `a forest of 65 000 names can be read, whole and cut`() {
        var builder = CallTreeBuilder()
        for index in 0..<65_000 { builder.add([Text("function \(index)")], value: Int64(index + 1)) }
        let tree = builder.finish()
        for maxNodes in [0, 100, 65_000] {
            let graph = FlameGraph(tree, maxNodes: maxNodes)
            #expect(problem(graph) == nil && graph.total == tree.total)
        }
    }

    @Test func `a graph that is cut keeps its largest nodes and stays near its size`() {
        var random = Seeded(state: 2)
        for _ in 0..<200 {
            let tree = forest(&random)
            let sorted = tree.totals.dropFirst().sorted(by: >)
            for maxNodes in [1, 4, 16] where tree.nodeCount > maxNodes {
                let ties = sorted.filter { $0 == sorted[maxNodes - 1] }.count
                let kept = boxes(FlameGraph(tree, maxNodes: maxNodes)).joined().count - 1
                // Each kept node, and the root, may have one leaf of what was cut.
                #expect(kept <= 2 * (maxNodes + ties) + 1)
            }
        }
    }

    @Test func `a tree compared with itself is equal on both sides`() {
        var random = Seeded(state: 3)
        for _ in 0..<200 {
            let tree = forest(&random)
            let diff = FlameGraphDiff(left: tree, right: tree, maxNodes: Int.random(in: 0...20, using: &random))
            #expect(diff.leftTicks == tree.total && diff.rightTicks == tree.total)
            for level in diff.levels.map(Array.init) {
                for box in stride(from: 0, to: level.count, by: 7) {
                    #expect(level[box + 1] == level[box + 4] && level[box + 2] == level[box + 5])
                }
            }
        }
    }

    @Test func `tree bytes come back as they were`() throws {
        var random = Seeded(state: 4)
        for _ in 0..<200 {
            let tree = forest(&random)
            let bytes = tree.encoded(maxNodes: 0)
            let again = try #require(CallTree(reading: bytes))
            #expect(again.total == tree.total && again.encoded(maxNodes: 0) == bytes)
        }
    }

    @Test func `functions of a tree have the sums that the tree has`() {
        var random = Seeded(state: 5)
        for _ in 0..<200 {
            let tree = forest(&random)
            let functions = FunctionTotals(tree)
            #expect(functions.rows.reduce(0) { $0 + $1.own } == tree.total)
            #expect(functions.rows.allSatisfy { $0.own <= $0.total && $0.total <= tree.total })
        }
    }

    /// Partitions with stacks of the names, some of them in several.
    private func partitions(_ random: inout Seeded) -> [(symbols: SymbolTable, stacks: [UInt32], values: [Int64])] {
        (0..<Int.random(in: 1...4, using: &random)).map { _ in
            var interner = SymbolInterner()
            var values: [UInt32: Int64] = [:]
            for _ in 0..<Int.random(in: 0...80, using: &random) {
                var stack: UInt32 = 0
                for _ in 0..<Int.random(in: 1...7, using: &random) {
                    let name = interner.intern(Self.names.randomElement(using: &random) ?? "a")
                    let line = Int64.random(in: 1...2, using: &random)
                    let function = interner.intern(Function(name: name, startLine: line))
                    stack = interner.child(
                        of: stack, at: interner.internLocation(lines: [Line(function: function, line: line)]))
                }
                // Equal totals are common, and some sums saturate.
                values[stack] =
                    Int64.random(in: 0..<50, using: &random) == 0 ? .max / 3 : .random(in: 0...9, using: &random)
            }
            let stacks = values.keys.sorted()
            return (interner.table, stacks, stacks.map { values[$0] ?? 0 })
        }
    }

    @Test func `a flame graph of the largest nodes is the one of the whole tree`() {
        var random = Seeded(state: 77)
        for _ in 0..<400 {
            let partitions = partitions(&random)
            var whole = CallTreeBuilder()
            for part in partitions { whole.add(stacks: part.stacks, values: part.values, symbols: part.symbols) }
            let largest = whole
            let maxNodes = Int.random(in: 1...120, using: &random)
            #expect(
                FlameGraph(largest.finish(forFlameGraphOf: maxNodes), maxNodes: maxNodes)
                    == FlameGraph(whole.finish(), maxNodes: maxNodes))
        }
    }

    @Test func `a name tree that grew with its table gives what a new one gives`() {
        var random = Seeded(state: 78)
        for _ in 0..<50 {
            var interner = SymbolInterner()
            var grower = NameTreeGrower()
            var progress = NameTreeGrower.Progress()
            var stacks: [UInt32] = []
            for _ in 0..<5 {
                for part in partitions(&random) { stacks += interner.intern(part.stacks, of: part.symbols) }
                grower.add(interner.table, &progress)
            }
            let values = stacks.map { Int64($0 % 7 + 1) }
            var fromGrown = CallTreeBuilder()
            fromGrown.add(
                stacks: stacks, values: values, named: NamedStacks(tree: grower.tree, nodeOfStack: progress.nodeOfStack)
            )
            var fromTable = CallTreeBuilder()
            fromTable.add(stacks: stacks, values: values, symbols: interner.table)
            #expect(FlameGraph(fromGrown.finish()) == FlameGraph(fromTable.finish()))
        }
    }

    @Test func `a name tree that is asked while it grows answers for each of its states, early ones too`() {
        var random = Seeded(state: 82)
        for _ in 0..<20 {
            var interner = SymbolInterner()
            var grower = NameTreeGrower()
            var progress = NameTreeGrower.Progress()
            var states: [(named: NamedStacks, table: SymbolTable)] = []
            for _ in 0..<12 {
                for _ in 0..<Int.random(in: 0...60, using: &random) {
                    var stack: UInt32 = 0
                    // Wide nodes: what is sorted as a whole, and what one name is put into.
                    for _ in 0..<Int.random(in: 1...3, using: &random) {
                        let name = interner.intern(Text("f\(Int.random(in: 0..<40, using: &random))"))
                        let line = Line(function: interner.intern(Function(name: name)))
                        stack = interner.child(of: stack, at: interner.internLocation(lines: [line]))
                    }
                }
                grower.add(interner.table, &progress)
                states.append(
                    (NamedStacks(tree: grower.tree, nodeOfStack: progress.nodeOfStack), interner.table))
                for state in [states[states.count - 1], states.randomElement(using: &random) ?? states[0]] {
                    let stacks = state.table.stacks.parents.indices.dropFirst().map { UInt32($0) }
                    let values = stacks.map { _ in Int64.random(in: 0...5, using: &random) }
                    var grown = CallTreeBuilder()
                    grown.add(stacks: stacks, values: values, named: state.named)
                    var new = CallTreeBuilder()
                    new.add(stacks: stacks, values: values, symbols: state.table)
                    let (left, right) = (grown.finish(), new.finish())
                    #expect(FlameGraph(left) == FlameGraph(right))
                    #expect(left.encoded() == right.encoded())
                    #expect(FunctionTotals(left) == FunctionTotals(right))
                    #expect(left.nodeCount == right.nodeCount)
                }
            }
        }
    }

    @Test func `stacks that are interned part by part are those that are interned at once`() {
        var random = Seeded(state: 83)
        for _ in 0..<100 {
            for part in partitions(&random) {
                var (once, step) = (SymbolInterner(), SymbolInterner())
                let stacks = once.intern(part.stacks, of: part.symbols)
                var transfer = SymbolInterner.Transfer(of: part.symbols)
                var places = Array(part.stacks.indices)
                places.shuffle(using: &random)
                var stepped = [UInt32](repeating: 0, count: places.count)
                while !places.isEmpty {
                    let next = Array(places.suffix(Int.random(in: 1...9, using: &random)))
                    places.removeLast(next.count)
                    let ids = step.intern(next.map { part.stacks[$0] }, of: part.symbols, &transfer)
                    for (place, id) in zip(next, ids) { stepped[place] = id }
                }
                #expect(step.table.stacks.count == once.table.stacks.count && step.table.isConsistent)
                var (left, right) = (CallTreeBuilder(), CallTreeBuilder())
                left.add(stacks: stacks, values: part.values, symbols: once.table)
                right.add(stacks: stepped, values: part.values, symbols: step.table)
                #expect(FlameGraph(left.finish()) == FlameGraph(right.finish()))
            }
        }
    }

    @Test func `a compacted table resolves its stacks as the one it came from`() {
        var random = Seeded(state: 79)
        for _ in 0..<100 {
            for part in partitions(&random) {
                let kept = part.stacks.indices.filter { _ in Bool.random(using: &random) }
                let (table, stacks) = part.symbols.compacted(to: kept.map { part.stacks[$0] })
                #expect(table.isConsistent)
                var compact = CallTreeBuilder()
                compact.add(stacks: stacks, values: kept.map { part.values[$0] }, symbols: table)
                var whole = CallTreeBuilder()
                whole.add(
                    stacks: kept.map { part.stacks[$0] }, values: kept.map { part.values[$0] }, symbols: part.symbols)
                #expect(FlameGraph(compact.finish()) == FlameGraph(whole.finish()))
            }
        }
    }

    @Test func `tables that share a tree of names, at any state of it, give what each gives alone`() {
        var random = Seeded(state: 80)
        for _ in 0..<200 {
            let parts = partitions(&random) + partitions(&random)
            var grower = NameTreeGrower()
            var shared = CallTreeBuilder()
            var alone = CallTreeBuilder()
            let named = parts.map { part in
                var progress = NameTreeGrower.Progress()
                grower.add(part.symbols, &progress)
                return NamedStacks(tree: grower.tree, nodeOfStack: progress.nodeOfStack)
            }
            for index in parts.indices.shuffled(using: &random) {
                shared.add(stacks: parts[index].stacks, values: parts[index].values, named: named[index])
                alone.add(stacks: parts[index].stacks, values: parts[index].values, symbols: parts[index].symbols)
            }
            let maxNodes = Int.random(in: 1...60, using: &random)
            #expect(
                FlameGraph(shared.finish(forFlameGraphOf: maxNodes), maxNodes: maxNodes)
                    == FlameGraph(alone.finish(), maxNodes: maxNodes))
        }
    }

    @Test func `a diff of trees that share their names, at different states, is that of trees of their own`() {
        var random = Seeded(state: 81)
        for _ in 0..<400 {
            let parts = (partitions(&random)[0], partitions(&random)[0])
            var grower = NameTreeGrower()
            func named(_ symbols: SymbolTable) -> NamedStacks {
                var progress = NameTreeGrower.Progress()
                grower.add(symbols, &progress)
                return NamedStacks(tree: grower.tree, nodeOfStack: progress.nodeOfStack)
            }
            var (left, right) = (CallTreeBuilder(), CallTreeBuilder())
            left.add(stacks: parts.0.stacks, values: parts.0.values, named: named(parts.0.symbols))
            right.add(stacks: parts.1.stacks, values: parts.1.values, named: named(parts.1.symbols))
            let maxNodes = Int.random(in: 1...80, using: &random)
            let shared = CallTreeBuilder.finish(left, right)
            #expect(
                FlameGraphDiff(left: shared.left, right: shared.right, maxNodes: maxNodes)
                    == FlameGraphDiff(left: left.finish(), right: right.finish(), maxNodes: maxNodes))
        }
    }
}
