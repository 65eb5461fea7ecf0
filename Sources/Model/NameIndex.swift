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
