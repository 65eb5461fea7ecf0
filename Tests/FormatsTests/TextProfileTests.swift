import Formats
import Model
import Testing

@Suite struct TextProfileTests {
    private func decode(
        _ bytes: [UInt8], _ format: TextProfile.Format, scale: Int64 = 1, limits: PprofLimits = .pyroscope
    ) throws -> [String: Int64] {
        let profile = try TextProfile.decode(
            bytes, as: format, type: ValueType(type: "cpu", unit: "nanoseconds"), periodType: nil, scale: scale,
            time: 1, limits: limits)
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
                sums[frames.reversed().joined(separator: ";"), default: 0] += value
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

    private func fold(_ text: String, scale: Int64 = 1, limits: PprofLimits = .pyroscope) throws -> [String: Int64] {
        try decode(Array(text.utf8), .groups, scale: scale, limits: limits)
    }

    private static let lenient: PprofLimits = {
        var limits = PprofLimits.pyroscope
        limits.isStrict = false
        return limits
    }()

    @Test func `counts are multiplied by the period, and one beyond 64 bits is no count`() throws {
        #expect(try fold("a 3\n", scale: 10_000_000) == ["a": 30_000_000])
        #expect(throws: FormatError.self) { try fold("a 9223372036854775808\n") }
    }

    @Test(arguments: [true, false])
    func `negative counts of a stack are taken from its others, and only what is left is stored`(
        _ isStrict: Bool
    ) throws {
        let limits = isStrict ? PprofLimits.pyroscope : Self.lenient
        #expect(try fold("x 10\nx -3\ny 5\ny -5\nz 1\nz -2\n", limits: limits) == ["x": 7])
    }

    @Test func `strictly, sums and products beyond 64 bits wrap, and what becomes negative is dropped`() throws {
        #expect(try fold("f 10000000000000\n", scale: 10_000_000) == ["f": 7_766_279_631_452_241_920])
        #expect(try fold("f 9223372036854775807\nf 9223372036854775807\ng 1\n") == ["g": 1])
        #expect(try fold("f 9223372036854775807\n", scale: 2) == [:])
    }

    @Test func `otherwise, sums and products beyond 64 bits become the largest number, and that is noted`() throws {
        let text = "f 9223372036854775807\nf 1\n"
        #expect(try fold(text, limits: Self.lenient) == ["f": .max])
        #expect(try fold("f 10000000000000\n", scale: 10_000_000, limits: Self.lenient) == ["f": .max])
        let profile = try TextProfile.decode(
            Array(text.utf8), as: .groups, type: ValueType(type: "a", unit: "b"), periodType: nil, scale: 1, time: 0,
            limits: Self.lenient)
        #expect(profile.salvage[.sampleOverflow] == 1)
    }

    @Test func `an empty name after the last semicolon is no frame, and a count alone is on no stack`() throws {
        #expect(try fold("a;b; 5\n 4\n; 3\n;;a 2\n;; 1\n") == ["a;b": 5, "": 7, ";;a": 2, ";": 1])
    }

    @Test func `strictly, more stacks than the limit are refused`() throws {
        var limits = PprofLimits.pyroscope
        limits.maxSamples = 2
        #expect(try fold("a 1\nb 1\nc 0\na 1\n", limits: limits).count == 2)
        #expect {
            try fold("a 1\nb 1\nc 1\n", limits: limits)
        } throws: { "\($0)".contains("exceeds the samples count limit") && ($0 as? FormatError)?.kind == .invalid }
        limits.isStrict = false
        #expect(try fold("a 1\nb 1\nc 1\n", limits: limits).count == 3)
    }

    @Test func `of a stack that is too deep the root side stays`() throws {
        var limits = PprofLimits.pyroscope
        limits.maxDepth = 2
        #expect(try fold("a;b;c 1\na;b;d;e 2\na;b 4\na;c 8\n", limits: limits) == ["a;b": 7, "a;c": 8])
    }

    @Test func `of a name that is too long the tail stays, strictly only if that is UTF-8`() throws {
        var limits = PprofLimits.pyroscope
        limits.maxSymbolBytes = 3
        #expect(try fold("abcdef;g 1\n", limits: limits) == ["def;g": 1])
        #expect(throws: FormatError.self) { try fold("aéü 1\n", limits: limits) }
        limits.isStrict = false
        #expect(try fold("aéü 1\n", limits: limits) == ["ü": 1])
        limits.isStrict = true
        #expect(try decode(node("", 0, 1) + node("abcdef", 1, 0), .trie, limits: limits) == ["def": 1])
        #expect(throws: FormatError.self) { try decode(node("", 0, 1) + node("abcdef", 1, 0), .tree, limits: limits) }
    }

    @Test func `a line of 64 KiB ends the reading of counts strictly`() throws {
        let long = String(repeating: "x", count: 65_534)
        #expect(try fold("a 1\n\(long) 2\nb 3\n") == ["a": 1])
        #expect(try fold("a 1\n\(long.dropLast()) 2\nb 3\n").count == 3)
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

    @Test func `a tree cut anywhere is refused`() {
        let tree = node("", 0, 1) + node("a", 5, 1) + node("b", 7, 0)
        for length in 0..<tree.count {
            #expect(throws: FormatError.self) { try decode(Array(tree[..<length]), .tree) }
        }
    }

    @Test func `a trie cut within a record is refused, and between two of them read so far`() throws {
        let records = [node("", 0, 1), node("a", 5, 1), node("b", 7, 0)]
        let ends = [0, records[0].count, records[0].count + records[1].count]
        let trie = records.flatMap { $0 }
        for length in 0..<trie.count where !ends.contains(length) {
            #expect(throws: FormatError.self) { try decode(Array(trie[..<length]), .trie) }
        }
        #expect(try decode(Array(trie[..<ends[2]]), .trie) == ["a": 5])
        #expect(try decode([], .trie) == [:])
    }

    @Test func `records after those of a trie's first one go on from it too`() throws {
        #expect(
            try decode(node("a;", 1, 1) + node("b", 2, 0) + node("c", 3, 0), .trie) == ["a": 1, "a;b": 2, "a;c": 3])
        #expect(try decode(node("a", 1, 0) + node("b", 2, 0), .trie) == ["a": 1, "b": 2])
    }

    @Test func `a name in a tree may hold several frames`() throws {
        let tree = node("", 0, 1) + node("a;b", 5, 2) + node("c", 7, 0) + node("", 3, 0)
        #expect(try decode(tree, .tree) == ["a;b": 8, "a;b;c": 7])
    }

    @Test func `of siblings of one name in a tree the last value counts, and their children are together`() throws {
        let tree = node("", 0, 2) + node("a", 5, 1) + node("b", 1, 0) + node("a", 7, 1) + node("c", 2, 0)
        #expect(try decode(tree, .tree) == ["a": 7, "a;b": 1, "a;c": 2])
    }

    @Test func `what a tree's root and a child of it without a name have themselves is left out`() throws {
        let tree = node("", 9, 1) + node("", 5, 1) + node("b", 7, 0)
        #expect(try decode(tree, .tree) == [";b": 7])
        #expect(try decode(node("ro", 9, 1) + node("a", 1, 0), .tree) == ["o": 9, "o;a": 1])
        #expect(try decode(node("r", 9, 1) + node("a", 1, 0), .tree) == [";a": 1])
    }

    @Test func `a length beyond the end is refused and no overflow`() {
        let huge: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]
        for format in [TextProfile.Format.trie, .tree] {
            #expect(throws: FormatError.self) { try decode(huge, format) }
        }
    }

    @Test func `a name that is no UTF-8 is refused if it has a value`() throws {
        #expect(throws: FormatError.self) { try decode([0xc3, 0x28, 0x20, 0x31], .groups) }
        #expect(try decode([0xff, 0x20, 0x30, 0x0a] + Array("a 1".utf8), .groups) == ["a": 1])
    }
}
