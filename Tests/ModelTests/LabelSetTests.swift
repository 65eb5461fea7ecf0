import Model
import Testing

@Suite struct LabelSetTests {
    @Test func `labels are sorted by bytes, without empty values, the last of a name`() {
        let set = LabelSet([Label("b", "1"), Label("a", ""), Label("Z", "2"), Label("b", "3")])
        #expect(set.labels == [Label("Z", "2"), Label("b", "3")])
        #expect(set["b"] == "3")
        #expect(set["a"] == "")
    }

    @Test func `a projection keeps the order that was asked for and drops what is absent`() {
        let set = LabelSet([Label("a", "1"), Label("b", "2")])
        #expect(set.projection(on: ["b", "x", "a", "b"]) == [Label("b", "2"), Label("a", "1")])
    }

    @Test func `labels are kept by ascending names, whether these are there, absent or repeated`() {
        let set = LabelSet([Label("a", "1"), Label("b", "2"), Label("d", "4")])
        for (names, kept) in [
            (["b"], ["b"]), (["a", "d"], ["a", "d"]), (["", "b", "b", "c", "d", "e"], ["b", "d"]), ([], []),
            (["z"], []),
        ] as [([Text], [Text])] {
            #expect(set.filter(names: names).labels.map(\.name) == kept)
        }
    }

    @Test func `sets are ordered pair by pair, a prefix first`() {
        var random = SplitMix(seed: 11)
        func text() -> Text {
            Text(utf8: (0..<Int.random(in: 1...20, using: &random)).map { _ in random.next() % 2 == 0 ? 0x61 : 0xf0 })
        }
        let sets = (0..<300).map { _ in
            LabelSet((0..<Int.random(in: 0...3, using: &random)).map { _ in Label(text(), text()) })
        }
        func pairs(_ set: LabelSet) -> [[[UInt8]]] { set.labels.map { [$0.name.utf8, $0.value.utf8] } }
        for (left, right) in zip(sets, sets.shuffled(using: &random)) {
            let isLess = pairs(left).flatMap(\.self).lexicographicallyPrecedes(pairs(right).flatMap(\.self)) {
                $0.lexicographicallyPrecedes($1)
            }
            #expect((left < right) == isLess)
            #expect((left == right) == (pairs(left) == pairs(right)))
        }
    }

    @Test func `names that are canonically equal are different labels`() {
        let set = LabelSet([Label("caf\u{e9}", "1"), Label("cafe\u{301}", "2")])
        #expect(set.labels.count == 2)
    }
}

@Suite struct ProfileTypeTests {
    @Test(arguments: [("process_cpu:cpu:nanoseconds:cpu:nanoseconds", 5), ("a:b:c:d:e:delta", 6), ("::::", 5)])
    func `five or six parts are a profile type`(_ text: String, _ parts: Int) throws {
        let type = try ProfileType(parsing: Text(text))
        #expect(type.id.string.split(separator: ":", omittingEmptySubsequences: false).count == 5)
        #expect(text.hasPrefix(type.id.string))
    }

    @Test(arguments: [("", 1), ("a:b:c", 3), ("a:b:c:d:e:f:g", 7)])
    func `any other number of parts is refused with the number`(_ text: String, _ parts: Int) {
        #expect {
            try ProfileType(parsing: Text(text))
        } throws: { error in
            "\(error)".hasSuffix("(:delta), got(\(parts)): \"\(text)\"")
        }
    }
}

@Suite struct TimeRangeTests {
    @Test func `both ends of a range are inside and the next nanosecond is not`() {
        let range = TimeRange(start: 5, end: 7)
        #expect(range.contains(nanoseconds: 5_000_000) && range.contains(nanoseconds: 7_000_000))
        #expect(!range.contains(nanoseconds: 4_999_999) && !range.contains(nanoseconds: 7_000_001))
        #expect(TimeRange.all.contains(nanoseconds: .max))
    }
}
