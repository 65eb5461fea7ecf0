import Model

/// Sums of samples per stack: a flat array indexed by stack id.
///
/// Adding a profile is two runs over its columns without a lookup or an allocation. Sums saturate.
struct StackSums {
    private var sums: [Int64]
    /// Room for the stack ids of one blob.
    private var stacks: [UInt32] = []
    /// The stacks that were added to lie in this range.
    private var touched: ClosedRange<Int>?

    init(stackCount: Int) {
        sums = [Int64](repeating: 0, count: stackCount)
    }

    /// For how many stacks there is room.
    var stackCount: Int { sums.count }

    /// Makes room for stacks that a table has gained.
    mutating func grow(to stackCount: Int) {
        if stackCount > sums.count { sums.append(contentsOf: repeatElement(0, count: stackCount - sums.count)) }
    }

    /// Adds one sample.
    mutating func add(_ value: Int64, at stack: UInt32) throws(BlobDamage) {
        guard Int(stack) < sums.count else {
            throw BlobDamage(description: "a blob names a stack that does not exist")
        }
        sums[Int(stack)] = sums[Int(stack)].saturatingAdd(value)
        touch(Int(stack)...Int(stack))
    }

    /// Adds sums of the same stacks.
    mutating func add(_ other: StackSums) {
        guard let range = other.touched else { return }
        grow(to: other.sums.count)
        for stack in range where other.sums[stack] != 0 { sums[stack] = sums[stack].saturatingAdd(other.sums[stack]) }
        touch(range)
    }

    /// Adds a column of ascending stack ids and one of values, where the reader stands.
    mutating func add(count: Int, multiplier: Int64, from reader: inout BlobReader) throws(BlobDamage) {
        guard count > 0 else { return }
        if stacks.count < count { stacks = [UInt32](repeating: 0, count: max(count, 1024)) }
        let range = try reader.deltas(count, into: &stacks)
        guard range.upperBound < sums.count else {
            throw BlobDamage(description: "a blob names a stack that does not exist")
        }
        touch(range)
        try reader.add(count, multiplier: multiplier, to: &sums, at: stacks)
    }

    private mutating func touch(_ range: ClosedRange<Int>) {
        touched = touched.map { min($0.lowerBound, range.lowerBound)...max($0.upperBound, range.upperBound) } ?? range
    }

    /// The stacks whose sum is not 0, ascending, and their sums.
    func columns(where passes: [Bool] = []) -> (stacks: [UInt32], totals: [Int64]) {
        passes.isEmpty ? columns { _ in true } : columns { $0 < passes.count && passes[$0] }
    }

    @inline(__always)
    private func columns(_ passes: (Int) -> Bool) -> (stacks: [UInt32], totals: [Int64]) {
        guard let range = touched else { return ([], []) }
        var found = 0
        var stacks: [UInt32] = []
        let totals = [Int64](unsafeUninitializedCapacity: range.count) { totals, totalCount in
            stacks = [UInt32](unsafeUninitializedCapacity: range.count) { stacks, stackCount in
                sums.withUnsafeBufferPointer { sums in
                    // Each is written, and the next one over it where there is nothing of it.
                    for stack in range {
                        totals.initializeElement(at: found, to: sums[stack])
                        stacks.initializeElement(at: found, to: UInt32(truncatingIfNeeded: stack))
                        found &+= sums[stack] != 0 && passes(stack) ? 1 : 0
                    }
                }
                stackCount = found
            }
            totalCount = found
        }
        return (stacks, totals)
    }

    /// Sets all sums to 0.
    mutating func clear() {
        guard let range = touched else { return }
        for stack in range { sums[stack] = 0 }
        touched = nil
    }
}
