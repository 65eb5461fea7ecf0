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
