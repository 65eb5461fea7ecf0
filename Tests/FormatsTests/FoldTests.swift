import Formats
import Model
import Testing

@Suite struct FoldTests {
    /// Random stacks of letters in some groups and two types, some with spans.
    private func profile(samples: Int, groups: Int, using random: inout some RandomNumberGenerator) -> DecodedProfile {
        var symbols = SymbolTable()
        for letter in ["a", "b", "c", "d"] {
            let name = symbols.strings.append(Array(letter.utf8))
            symbols.functions.append(Function(name: name))
            symbols.lines.append(Line(function: UInt32(symbols.functions.count - 1)))
            symbols.locations.append(Location(firstLine: UInt32(symbols.lines.count - 1), lineCount: 1))
        }
        var edges = EdgeTable()
        func columns() -> SampleColumns {
            var parts: [SampleColumns] = []
            for _ in 0..<samples {
                var node: UInt32 = 0
                for _ in 0..<Int.random(in: 0...6, using: &random) {
                    let location = UInt32.random(in: 0...3, using: &random)
                    let next = UInt32(symbols.stacks.count)
                    let child = edges.find(node, location, orInsert: next)
                    if child == next { symbols.stacks.append(parent: node, location: location) }
                    node = child
                }
                parts.append(
                    SampleColumns(
                        stacks: [node], values: [Int64.random(in: 1...1_000_000, using: &random)],
                        spans: [UInt64.random(in: 0...2, using: &random)]))
            }
            return SampleColumns.merging(parts)
        }
        let sampleGroups = (0..<groups).map { index in
            SampleGroup(
                labels: index == 0 ? [] : [Label("g", Text("\(index)"))], columns: [columns(), columns()])
        }
        let types = [ValueType(type: "cpu", unit: "ns"), ValueType(type: "samples", unit: "count")]
        return DecodedProfile(sampleTypes: types, time: 0, symbols: symbols, groups: sampleGroups)
    }

    /// Totals by path of names, root first, for the paths that satisfy a condition.
    private func totals(_ columns: SampleColumns, _ symbols: SymbolTable) -> [[Text]: Int64] {
        var totals: [[Text]: Int64] = [:]
        for (stack, value) in zip(columns.stacks, columns.values) {
            var frames: [Text] = []
            var node = stack
            while node != 0 {
                let location = symbols.locations[Int(symbols.stacks.locations[Int(node)])]
                frames.append(
                    symbols.strings[symbols.functions[Int(symbols.lines[Int(location.firstLine)].function)].name])
                node = symbols.stacks.parents[Int(node)]
            }
            frames.reverse()
            for depth in 0...frames.count { totals[Array(frames[..<depth]), default: 0] += value }
        }
        return totals
    }

    @Test func `folding moves stacks, so that their hashes are no longer those of the decoder`() {
        var random = SystemRandomNumberGenerator()
        var folded = profile(samples: 60, groups: 1, using: &random)
        folded.stackHashes = StackHashes(of: folded.symbols)
        folded.fold(to: 1000)
        #expect(folded.stackHashes?.count == folded.symbols.stacks.count)
        folded.fold(to: 10)
        #expect(folded.stackHashes == nil)
    }

    @Test(arguments: [1, 2, 3, 10, 50])
    func `no total changes, and no type has more samples than the limit`(_ limit: Int) {
        var random = SystemRandomNumberGenerator()
        for groups in [1, 2, 7] {
            let before = profile(samples: 60, groups: groups, using: &random)
            var after = before
            after.fold(to: limit)
            #expect(after.symbols.isConsistent)
            for type in before.sampleTypes.indices {
                let count = after.groups.reduce(0) { $0 + $1.columns[type].count }
                #expect(count <= max(limit, 1))
                func sum(_ profile: DecodedProfile) -> Int64 {
                    profile.groups.reduce(0) { $0 + $1.columns[type].total }
                }
                #expect(sum(after) == sum(before))
                for group in after.groups {
                    let columns = group.columns[type]
                    #expect(columns.stacks == columns.stacks.sorted())
                    #expect(columns.values.allSatisfy { $0 > 0 })
                    #expect(columns.spans.isEmpty || columns.spans.count == columns.count)
                }
            }
        }
    }

    @Test func `totals of each group stay while there is room for the groups`() {
        var random = SystemRandomNumberGenerator()
        let before = profile(samples: 100, groups: 4, using: &random)
        var after = before
        after.fold(to: 60)
        #expect(after.groups.map(\.labels) == before.groups.map(\.labels))
        for (left, right) in zip(before.groups, after.groups) {
            #expect(left.columns.map(\.total) == right.columns.map(\.total))
        }
    }

    @Test func `the largest samples stay as they are, and their callers keep their totals`() {
        var random = SystemRandomNumberGenerator()
        let before = profile(samples: 100, groups: 1, using: &random)
        let limit = before.groups[0].columns[0].count - 10
        var after = before
        after.fold(to: limit)
        let (old, new) = (before.groups[0].columns[0], after.groups[0].columns[0])
        let kept = Set(
            old.values.indices.sorted { old.values[$0] > old.values[$1] }.prefix(limit - 10).map { old.values[$0] })
        #expect(kept.isSubset(of: Set(new.values)))
        let (oldTotals, newTotals) = (totals(old, before.symbols), totals(new, after.symbols))
        for (path, total) in newTotals where !path.contains("other") {
            // A rest that found no frame of its own lies further up.
            #expect(total <= oldTotals[path] ?? 0)
        }
        #expect(newTotals[[]] == oldTotals[[]])
        #expect(after.salvage[.sampleCount] >= 20)
    }

    @Test func `a folded sample goes below the frame that it shares with a kept one`() {
        var symbols = SymbolTable()
        for (index, letter) in ["a", "b", "c", "d"].enumerated() {
            symbols.functions.append(Function(name: symbols.strings.append(Array(letter.utf8))))
            symbols.lines.append(Line(function: UInt32(index)))
            symbols.locations.append(Location(firstLine: UInt32(index), lineCount: 1))
        }
        let a = symbols.stacks.append(parent: 0, location: 0)
        let ab = symbols.stacks.append(parent: a, location: 1)
        let ac = symbols.stacks.append(parent: a, location: 2)
        let ad = symbols.stacks.append(parent: a, location: 3)
        let columns = SampleColumns(stacks: [a, ab, ac, ad], values: [50, 100, 2, 3])
        var profile = DecodedProfile(
            sampleTypes: [ValueType(type: "cpu", unit: "ns")], time: 0, symbols: symbols,
            groups: [SampleGroup(labels: [], columns: [columns])])
        profile.fold(to: 3)
        // Two are kept, and the third place is for the rest.
        #expect(
            totals(profile.groups[0].columns[0], profile.symbols)
                == [[]: 155, ["a"]: 155, ["a", "b"]: 100, ["a", "other"]: 5])
        #expect(profile.salvage[.sampleCount] == 2)
    }

    @Test func `what fits is not touched`() {
        var random = SystemRandomNumberGenerator()
        let before = profile(samples: 20, groups: 2, using: &random)
        for limit in [0, 1000] {
            var after = before
            after.fold(to: limit)
            #expect(after.groups.map(\.columns) == before.groups.map(\.columns) && after.salvage.isEmpty)
        }
    }
}
