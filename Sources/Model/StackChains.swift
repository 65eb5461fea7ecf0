/// Collects whole stacks of a profile, each as a chain of nodes of its own in a tree, and finds those that come again.
///
/// A profile's stacks are mostly distinct and are looked up once more where they are stored; to look for what they share frame
/// by frame here would cost more than everything else. One pass over a stack gives its place here and the hash by which the store
/// recognises it.
public struct StackChains: Sendable {
    private struct Slot {
        var hash: ContentHash
        /// The stack's leaf, or 0 where the slot is free.
        var leaf: UInt32
    }

    /// The tree of all stacks.
    public private(set) var tree = StackTree()
    private let locations: [ContentHash]
    private let mixer = ContentHash.Mixer()
    private var slots: [Slot]
    /// The hash of each stack.
    public private(set) var hashes: StackHashes

    /// Stands for a location that means nothing.
    public static let noLocation = UInt32.max

    /// Begins without stacks; `locations` has the hash of each location, as ``ContentHash/locations(of:)`` gives them.
    public init(locations: [ContentHash], reservingStacks stacks: Int, frames: Int) {
        self.locations = locations
        var size = 64
        while size < min(stacks, 1 << 20) * 2 { size *= 2 }
        slots = [Slot](repeating: Slot(hash: .seed, leaf: 0), count: size)
        hashes = StackHashes(reserving: stacks + 1)
        // The stack without frames.
        hashes.append(.seed, at: 0)
        tree.reserveCapacity(frames + 1)
    }

    /// The leaf of the stack with these locations, leaf first, which is added where it is new; nil if one is ``noLocation``.
    ///
    /// - Precondition: every other location has a hash.
    public mutating func find(leafFirst frames: ArraySlice<UInt32>) -> UInt32? {
        frames.withUnsafeBufferPointer { find($0) }
    }

    private mutating func find(_ frames: UnsafeBufferPointer<UInt32>) -> UInt32? {
        var hash = ContentHash.seed
        let isWhole = locations.withUnsafeBufferPointer { locations in
            for location in frames.reversed() {
                guard location != Self.noLocation else { return false }
                hash = mixer.mix(hash, locations[Int(location)])
            }
            return true
        }
        guard isWhole else { return nil }
        guard !frames.isEmpty else { return 0 }
        if hashes.count * 2 >= slots.count { grow() }
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: hash.low) & mask
        while slots[index].leaf != 0 {
            if slots[index].hash == hash && tree.chain(to: slots[index].leaf, isLeafFirst: frames) {
                return slots[index].leaf
            }
            index = (index + 1) & mask
        }
        let leaf = tree.appendChain(leafFirst: frames)
        slots[index] = Slot(hash: hash, leaf: leaf)
        hashes.append(hash, at: leaf)
        return leaf
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(hash: .seed, leaf: 0), count: old.count * 2)
        let mask = slots.count - 1
        for slot in old where slot.leaf != 0 {
            var index = Int(truncatingIfNeeded: slot.hash.low) & mask
            while slots[index].leaf != 0 { index = (index + 1) & mask }
            slots[index] = slot
        }
    }
}
