import Formats
import Model
import Testing

@Suite struct TextProfileTests {
    private func decode(_ bytes: [UInt8], _ format: TextProfile.Format, scale: Int64 = 1) throws -> [String: Int64] {
        let profile = try TextProfile.decode(
            bytes, as: format, type: ValueType(type: "cpu", unit: "nanoseconds"), periodType: nil, scale: scale,
            time: 1,
            limits: .pyroscope)
        var sums: [String: Int64] = [:]
        let symbols = profile.symbols
        for columns in profile.groups.flatMap(\.columns) {
            for (stack, value) in zip(columns.stacks, columns.values) {
                var frames: [String] = []
                var node = Int(stack)
                while node != 0 {
                    let location = symbols.locations[Int(symbols.stacks.locations[node])]
                    let function = symbols.functions[
                        Int(symbols.lines[location.lineRange][location.lineRange.lowerBound].function)]
                    frames.append(symbols.strings[function.name].string)
                    node = Int(symbols.stacks.parents[node])
                }
                sums[frames.reversed().joined(separator: ";")] = value
            }
        }
        return sums
    }

    @Test(
        arguments: [
            ("a;b 1\na 2\n", ["a;b": 1, "a": 2]), ("a b;c 3", ["a b;c": 3]), ("a 1\na 2\n", ["a": 3]),
            ("a 1\r\nb 2\r\n", ["a": 1, "b": 2]), ("a 0\nb -1\n", [:]), ("no count\n\n", [:]), ("", [:]),
        ] as [(String, [String: Int64])])
    func `a line is a stack and its count`(_ text: String, _ expected: [String: Int64]) throws {
        // "no count" is a stack "no" with a count that is no number.
        if text.hasPrefix("no count") {
            #expect(throws: FormatError.self) { try decode(Array(text.utf8), .groups) }
        } else {
            #expect(try decode(Array(text.utf8), .groups) == expected)
        }
    }

    @Test func `lines without counts count as one`() throws {
        #expect(try decode(Array("a;b\na;b\nc\n".utf8), .lines) == ["a;b": 2, "c": 1])
    }

    @Test func `counts are multiplied by the period, and a product beyond 64 bits is refused`() throws {
        #expect(try decode(Array("a 3\n".utf8), .groups, scale: 10_000_000) == ["a": 30_000_000])
        #expect(throws: FormatError.self) { try decode(Array("a 9223372036854775807\n".utf8), .groups, scale: 2) }
        #expect(throws: FormatError.self) { try decode(Array("a 9223372036854775808\n".utf8), .groups) }
    }

    /// A node is its name's length, its name, its value and the number of its children.
    private func node(_ name: String, _ value: UInt8, _ children: UInt8) -> [UInt8] {
        [UInt8(name.utf8.count)] + Array(name.utf8) + [value, children]
    }

    @Test func `a prefix tree of texts is stacks`() throws {
        let trie = node("", 0, 1) + node("a;", 0, 2) + node("b", 1, 0) + node("c", 2, 0)
        #expect(try decode(trie, .trie) == ["a;b": 1, "a;c": 2])
    }

    @Test func `a tree of frames is stacks`() throws {
        let tree = node("", 0, 1) + node("a", 5, 1) + node("b", 7, 0)
        #expect(try decode(tree, .tree) == ["a": 5, "a;b": 7])
    }

    @Test(arguments: [TextProfile.Format.trie, .tree])
    func `a tree cut anywhere is refused`(_ format: TextProfile.Format) {
        let tree = node("", 0, 1) + node("a", 5, 1) + node("b", 7, 0)
        for length in 1..<tree.count {
            #expect(throws: FormatError.self) { try decode(Array(tree[..<length]), format) }
        }
    }

    @Test func `a length beyond the end is refused and no overflow`() {
        let huge: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]
        for format in [TextProfile.Format.trie, .tree] {
            #expect(throws: FormatError.self) { try decode(huge, format) }
        }
    }

    @Test func `a name that is no UTF-8 is refused`() {
        #expect(throws: FormatError.self) { try decode([0xc3, 0x28, 0x20, 0x31], .groups) }
    }
}
