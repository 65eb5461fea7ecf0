/// Finds names by their bytes.
public struct NameIndex: Sendable {
    private var index = ContentIndex()
    private let mixer = ContentHash.Mixer()

    /// Makes an index of a table without names.
    public init() {}

    /// The index of a name in a table, to which it is added where it is new; it is always the same table.
    public mutating func index(of name: UnsafeBufferPointer<UInt8>, in names: inout TextTable) -> UInt32 {
        let hash = UInt32(truncatingIfNeeded: mixer.bytes(name).low)
        if let known = index.find(hash, where: { names.equals(Int($0), name) }) { return known }
        let new = names.append(name)
        index.insert(new, hash: hash)
        return new
    }
}

extension TextTable {
    /// Two lists of texts as one in ascending order; the first is in order already, the second need not be.
    func merged(_ sorted: [UInt32], with others: [UInt32]) -> [UInt32] {
        others.isEmpty ? sorted : merged(sorted, withSorted: others.sorted { isLess(Int($0), Int($1)) })
    }

    /// Two lists of texts, both in ascending order, as one.
    func merged(_ sorted: [UInt32], withSorted others: [UInt32]) -> [UInt32] {
        guard !sorted.isEmpty else { return others }
        var merged: [UInt32] = []
        merged.reserveCapacity(sorted.count + others.count)
        var next = 0
        for other in others {
            while next < sorted.count && !isLess(Int(other), Int(sorted[next])) {
                merged.append(sorted[next])
                next += 1
            }
            merged.append(other)
        }
        merged.append(contentsOf: sorted[next...])
        return merged
    }
}
