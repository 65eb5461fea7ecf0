import Model

extension MergedProfile {
    /// Keeps only the leaf-most locations of each stack and merges what becomes equal.
    mutating func cut(for pgo: GoPGO) {
        var interner = SymbolInterner()
        let whole = interner.intern(stacks, of: symbols)
        let table = interner.table
        var sums: [Int64] = []
        for (stack, total) in zip(whole, totals) {
            var leafFirst: [UInt32] = []
            var node = Int(stack)
            while node != 0 && (pgo.keepLocations == 0 || leafFirst.count < pgo.keepLocations) {
                leafFirst.append(table.stacks.locations[node])
                node = Int(table.stacks.parents[node])
            }
            if pgo.aggregateCallees, let leaf = leafFirst.first {
                let location = table.locations[Int(leaf)]
                var lines = Array(table.lines[location.lineRange])
                if !lines.isEmpty { lines[0].line = 0 }
                leafFirst[0] = interner.internLocation(
                    mapping: location.mapping, address: location.address, isFolded: location.isFolded, lines: lines)
            }
            var shortened: UInt32 = 0
            for location in leafFirst.reversed() { shortened = interner.child(of: shortened, at: location) }
            Self.add(total, to: shortened, in: &sums)
        }
        take(interner.table, sums)
    }

    /// Cuts the parts of stacks below the total of the `count`-th largest node; each cut part becomes one frame `other`.
    mutating func cut(toNodes count: Int) {
        let parents = symbols.stacks.parents
        var nodeTotals = [Int64](repeating: 0, count: parents.count)
        for (stack, total) in zip(stacks, totals) {
            nodeTotals[Int(stack)] = nodeTotals[Int(stack)].saturatingAdd(total)
        }
        for node in stride(from: parents.count - 1, to: 0, by: -1) where nodeTotals[node] > 0 {
            let parent = Int(parents[node])
            nodeTotals[parent] = nodeTotals[parent].saturatingAdd(nodeTotals[node])
        }
        let present = nodeTotals.dropFirst().filter { $0 > 0 }
        guard present.count > count else { return }
        let threshold = present.sorted(by: >)[count - 1]

        var interner = SymbolInterner()
        let whole = interner.intern(stacks, of: symbols)
        let name = interner.intern(CallTree.otherName)
        let function = interner.intern(Function(name: name, systemName: name))
        let other = interner.internLocation(lines: [Line(function: function)])
        let table = interner.table
        var sums: [Int64] = []
        for ((stack, interned), total) in zip(zip(stacks, whole), totals) {
            // A child's total never exceeds its parent's, so what is cut is one run at the leaf.
            var node = Int(stack)
            var kept = interned
            while node != 0 && nodeTotals[node] < threshold {
                node = Int(parents[node])
                kept = table.stacks.parents[Int(kept)]
            }
            Self.add(total, to: node == Int(stack) ? interned : interner.child(of: kept, at: other), in: &sums)
        }
        take(interner.table, sums)
    }

    private static func add(_ total: Int64, to stack: UInt32, in sums: inout [Int64]) {
        if Int(stack) >= sums.count {
            sums.append(contentsOf: repeatElement(0, count: Int(stack) + 1 - sums.count))
        }
        sums[Int(stack)] = sums[Int(stack)].saturatingAdd(total)
    }

    private mutating func take(_ table: SymbolTable, _ sums: [Int64]) {
        symbols = table
        stacks = sums.indices.filter { sums[$0] > 0 }.map { UInt32($0) }
        totals = stacks.map { sums[Int($0)] }
    }
}
