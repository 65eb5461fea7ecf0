import Model
import Testing

@Suite struct CallTreeTests {
    private static func hex(_ text: String) -> [UInt8] {
        stride(from: 0, to: text.utf8.count, by: 2).compactMap { offset in
            UInt8(text.dropFirst(offset).prefix(2), radix: 16)
        }
    }

    @Test(arguments: [
        (
            stacks: exampleStacks, maxNodes: 0,
            bytes: "000002046d61696e000203666f6f02010362617201000362617a030004696e69740400"
        ),
        (stacks: exampleStacks, maxNodes: 1, bytes: "000002056f746865720400046d61696e0001056f746865720600"),
        (stacks: exampleStacks, maxNodes: 2, bytes: "000002046d61696e0001056f74686572060004696e69740400"),
        (
            stacks: [("other;x", 1), ("y", 2), ("a;other", 3), ("zz;q", 5)], maxNodes: 0,
            bytes: "000004027a7a00010171050001790200056f7468657200010178010001610001056f746865720300"
        ),
        (stacks: [], maxNodes: 0, bytes: ""),
    ])
    func `a tree's bytes are preorder with descending siblings`(
        _ stacks: [(String, Int64)], _ maxNodes: Int, _ bytes: String
    ) {
        #expect(tree(stacks).encoded(maxNodes: maxNodes) == Self.hex(bytes))
    }

    @Test(arguments: 0..<20)
    func `bytes read back give the same tree`(_ seed: Int) throws {
        let tree = randomTree(seed: UInt64(seed))
        let read = try #require(CallTree(reading: tree.encoded()))
        #expect(FlameGraph(read) == FlameGraph(tree))
        for maxNodes in 1..<20 {
            #expect(CallTree(reading: tree.encoded(maxNodes: maxNodes))?.total == tree.total)
        }
    }

    @Test func `a call site passes only stacks that begin with it`() {
        var symbols = SymbolTable()
        for name in ["main", "foo", "bar"] as [Text] {
            symbols.functions.append(Function(name: symbols.strings.append(name.utf8)))
        }
        symbols.lines = [Line(function: 0), Line(function: 1), Line(function: 2)]
        symbols.locations = (0..<3).map { Location(firstLine: UInt32($0), lineCount: 1) }
        let main = symbols.stacks.append(parent: 0, location: 0)
        let foo = symbols.stacks.append(parent: main, location: 1)
        symbols.stacks.append(parent: foo, location: 2)
        symbols.stacks.append(parent: 0, location: 1)
        #expect(StackFilter(callSite: ["main", "foo"]).passes(in: symbols) == [false, false, true, true, false])
        #expect(StackFilter(callSite: ["foo"]).passes(in: symbols) == [false, false, false, false, true])
        #expect(StackFilter().passes(in: symbols) == [true, true, true, true, true])
    }
}
