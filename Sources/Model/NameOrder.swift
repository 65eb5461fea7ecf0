/// Names in ascending order of their bytes.
struct NameOrder: Sendable {
    /// The names, as indices into their table.
    private(set) var sorted: [UInt32] = []
    /// The place of each name in ``sorted``.
    private(set) var ranks: [UInt32] = []

    /// Adds names, in any order.
    mutating func add(_ names: [UInt32], of table: TextTable) {
        add(runs: [names.sorted { table.isLess(Int($0), Int($1)) }], of: table)
    }

    /// Adds names in runs, each in order in itself.
    mutating func add(runs: [[UInt32]], of table: TextTable) {
        var runs = runs.filter { !$0.isEmpty }
        guard !runs.isEmpty else { return }
        // Neighbours are merged, round by round, so that no name is moved for each of the runs.
        while runs.count > 1 {
            runs = stride(from: 0, to: runs.count, by: 2).map { first in
                first + 1 < runs.count ? Self.merged(runs[first], runs[first + 1], of: table) : runs[first]
            }
        }
        sorted = Self.merged(sorted, runs[0], of: table)
        ranks = [UInt32](repeating: 0, count: table.count)
        for (rank, name) in sorted.enumerated() { ranks[Int(name)] = UInt32(rank) }
    }

    /// Two lists of names, both in ascending order, as one.
    private static func merged(_ sorted: [UInt32], _ others: [UInt32], of table: TextTable) -> [UInt32] {
        guard !sorted.isEmpty else { return others }
        var merged: [UInt32] = []
        merged.reserveCapacity(sorted.count + others.count)
        var next = 0
        for other in others {
            while next < sorted.count && !table.isLess(Int(other), Int(sorted[next])) {
                merged.append(sorted[next])
                next += 1
            }
            merged.append(other)
        }
        merged.append(contentsOf: sorted[next...])
        return merged
    }

    /// The name that has these bytes, or nil.
    func find(_ name: Text, in table: TextTable) -> UInt32? {
        var (low, high) = (0, sorted.count)
        name.utf8.withUnsafeBufferPointer { name in
            while low < high {
                let middle = low + (high - low) / 2
                if table.withBytes(Int(sorted[middle]), { TextTable.isLess($0, name) }) {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
        }
        return low < sorted.count && table.equals(Int(sorted[low]), name.utf8) ? sorted[low] : nil
    }
}
