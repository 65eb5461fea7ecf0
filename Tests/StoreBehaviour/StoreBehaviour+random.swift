import Model
import Selectors
import Store

/// A generator whose numbers are the same in each run (xorshift64).
private struct Xorshift {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }
}

extension StoreBehaviour {
    static let random: [StoreBehaviour] = [
        StoreBehaviour("random selectors find what a naive matcher finds") { store in
            var random = Xorshift(state: 20_261_124)
            let values: [Text] = ["", "a", "b", "ab", "a.b"]
            var series: [LabelSet] = []
            for index in 0..<60 {
                let labels = (["x", "y", "z"] as [Text]).map { Label($0, values[random.below(values.count)]) }
                    .filter { !$0.value.isEmpty }
                let profile = checkProfile(
                    [CheckSample(stack: "f", value: Int64(1 + index))], at: 1000, id: UInt64(index),
                    labels: labels + [Label("n", Text("\(index)"))])
                series.append(profile.series)
                try await store.append([profile], for: .anonymous)
            }
            // Patterns with what they mean, so that no engine of regular expressions judges itself.
            let patterns: [(text: Text, matches: (Text) -> Bool)] = [
                ("a|b", { $0 == "a" || $0 == "b" }), ("a.*", { $0.utf8.first == 0x61 }),
                (".*b", { $0.utf8.last == 0x62 }), (".+", { !$0.isEmpty }), ("", { $0.isEmpty }),
                ("a\\.b", { $0 == "a.b" }), ("(a)?", { $0.isEmpty || $0 == "a" }),
            ]
            for _ in 0..<200 {
                var matchers: [LabelMatcher] = []
                var tests: [(LabelSet) -> Bool] = []
                for _ in 0...random.below(3) {
                    let name = (["x", "y", "z"] as [Text])[random.below(3)]
                    let value = values[random.below(values.count)]
                    let pattern = patterns[random.below(patterns.count)]
                    switch random.below(4) {
                    case 0:
                        matchers.append(try LabelMatcher(name, .equal, value))
                        tests.append { $0[name] == value }
                    case 1:
                        matchers.append(try LabelMatcher(name, .notEqual, value))
                        tests.append { $0[name] != value }
                    case 2:
                        matchers.append(try LabelMatcher(name, .matches, pattern.text))
                        tests.append { pattern.matches($0[name]) }
                    default:
                        matchers.append(try LabelMatcher(name, .matchesNot, pattern.text))
                        tests.append { !pattern.matches($0[name]) }
                    }
                }
                let expected = series.enumerated().filter { row in tests.allSatisfy { $0(row.element) } }
                let found = try await store.series(
                    in: TimeRange(start: 0, end: 10_000), matching: matchers, tenants: [.anonymous])
                let written = matchers.map { "\($0.name) \($0.operation) \($0.value)" }.joined(separator: ", ")
                try expect(found, expected.map(\.element).sorted(), "series of \(written)")
                var selection = everything()
                selection.matchers = matchers
                let sums = try await stacks(store, selection)
                try expect(
                    sums["f"] ?? 0, expected.reduce(0) { $0 + Int64(1 + $1.offset) }, "total of \(written)")
            }
        }
    ]
}
