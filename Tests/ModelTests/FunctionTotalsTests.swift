import Testing

@testable import Model

@Suite struct FunctionTotalsTests {
    private func tree(_ stacks: [(String, Int64)]) -> CallTree {
        var builder = CallTreeBuilder()
        for (stack, value) in stacks { builder.add(stack.split(separator: ";").map { Text($0) }, value: value) }
        return builder.finish()
    }

    @Test func `a function's total counts each stack once, its self every node`() {
        let functions = FunctionTotals(tree([("a;b;a", 1), ("a;b", 2), ("c;a", 4)]))
        #expect(functions.total == 7)
        #expect(functions.rows.map { "\($0.name) \($0.own) \($0.total)" } == ["a 5 7", "b 2 3", "c 0 4"])
    }

    private func paths(_ half: Sandwich.Half, _ sandwich: Sandwich) -> [String: Int64] {
        var paths: [String] = []
        var result: [String: Int64] = [:]
        for node in half.names.indices {
            let name = sandwich.names[Int(half.names[node])].string
            paths.append(node == 0 ? name : paths[Int(half.parents[node])] + ";" + name)
            result[paths[node]] = half.totals[node]
        }
        return result
    }

    @Test func `a frame filter wants every included name somewhere in a stack, and no excluded one`() {
        var interner = SymbolInterner()
        func function(_ name: Text) -> UInt32 {
            let text = interner.intern(name)
            return interner.intern(Function(name: text, systemName: text))
        }
        func child(_ parent: UInt32, _ names: [Text]) -> UInt32 {
            interner.child(
                of: parent, at: interner.internLocation(lines: names.map { Line(function: function($0)) }))
        }
        let main = child(0, ["main"])
        _ = child(main, ["work"])
        _ = child(main, ["idle", "wait"])
        func passes(_ includes: [Text], _ excludes: [Text]) -> [Bool] {
            StackFilter(
                includes: includes.map { name in { $0 == name } }, excludes: excludes.map { name in { $0 == name } }
            ).passes(in: interner.table)
        }
        #expect(passes(["main"], []) == [false, true, true, true])
        #expect(passes(["main", "work"], []) == [false, false, true, false])
        #expect(passes([], ["wait"]) == [true, true, true, false])
        #expect(passes(["main"], ["work"]) == [false, true, false, true])
        #expect(passes(["missing"], []) == [false, false, false, false])
    }

    @Test func `a sandwich has the callers outwards and the callees inwards`() {
        let sandwich = Sandwich(of: "f", in: tree([("a;f;x", 1), ("b;f;x", 2), ("b;f", 4), ("a", 8)]))
        #expect(paths(sandwich.callees, sandwich) == ["f": 7, "f;x": 3])
        #expect(paths(sandwich.callers, sandwich) == ["f": 7, "f;a": 1, "f;b": 6])
        #expect(sandwich.total == 7 && sandwich.own == 4)
    }

    @Test func `a function that calls itself is on both sides, and its total counts once`() {
        let sandwich = Sandwich(of: "f", in: tree([("f;f", 5)]))
        #expect(paths(sandwich.callees, sandwich) == ["f": 10, "f;f": 5])
        #expect(paths(sandwich.callers, sandwich) == ["f": 10, "f;f": 5])
        #expect(sandwich.total == 5)
    }

    @Test func `callers that would take too many steps are summed into one, which is marked`() {
        let stacks = (0..<20).map { (["r\($0)"] + [String](repeating: "f", count: 50)).joined(separator: ";") }
        let tree = tree(stacks.map { ($0, 1) })
        let whole = Sandwich(of: "f", in: tree)
        #expect(!whole.callers.isCut.contains(true) && whole.callers.names.count == 50 + 50 * 20)
        let cut = Sandwich(of: "f", in: tree, mostRows: 5000)
        #expect(cut.callers.isCut.contains(true) && cut.callers.names.count < 50 + 50 * 20)
        #expect(cut.total == whole.total && cut.callers.totals[0] == whole.callers.totals[0])
        // A cut node stands for all that comes next to its parent.
        let marked = cut.callers.isCut.indices.filter { cut.callers.isCut[$0] }
        #expect(marked.allSatisfy { cut.callers.totals[$0] > 0 })
    }

    @Test func `a function that never ran is a root of nothing`() {
        let sandwich = Sandwich(of: "f", in: tree([("a", 5)]))
        #expect(sandwich.callees.totals == [0] && sandwich.callers.totals == [0] && sandwich.total == 0)
    }

    @Test func `what is cut from a half is summed into other for each parent`() {
        let sandwich = Sandwich(of: "f", in: tree([("f;a", 5), ("f;b", 1), ("f;c", 1)]), maxNodes: 2)
        #expect(paths(sandwich.callees, sandwich) == ["f": 7, "f;a": 5, "f;other": 2])
        #expect(sandwich.callees.isCut == [false, false, true])
    }
}
