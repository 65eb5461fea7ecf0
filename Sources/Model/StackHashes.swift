/// The hashes of the stacks that a tree was built for, by what their frames are; inner nodes need none.
public struct StackHashes: Sendable, Equatable {
    /// The nodes at which the stacks end, ascending.
    public private(set) var leaves: [UInt32] = []
    /// The hash of each of these stacks.
    public private(set) var hashes: [ContentHash] = []

    /// Makes an empty list.
    init(reserving stacks: Int) {
        leaves.reserveCapacity(stacks)
        hashes.reserveCapacity(stacks)
    }

    /// The hashes of all nodes of a table's tree; the table must be consistent.
    public init(of table: SymbolTable) {
        hashes = ContentHash.stacks(of: table)
        leaves = hashes.indices.map { UInt32($0) }
    }

    /// Adds a stack whose node comes after all others.
    mutating func append(_ hash: ContentHash, at leaf: UInt32) {
        leaves.append(leaf)
        hashes.append(hash)
    }

    /// The number of stacks.
    public var count: Int { leaves.count }

    /// Where the stack of a node stands in ``leaves``, at `guess` or else by search; nil where no stack ends at the node.
    public func index(of leaf: UInt32, guess: Int) -> Int? {
        if guess < leaves.count, leaves[guess] == leaf { return guess }
        var low = 0
        var high = leaves.count
        while low < high {
            let middle = (low + high) / 2
            if leaves[middle] < leaf { low = middle + 1 } else { high = middle }
        }
        return low < leaves.count && leaves[low] == leaf ? low : nil
    }
}
