/// A hash table from a node and what leads on from it to the child, with open addressing over flat arrays.
public struct EdgeTable: Sendable {
    private struct Slot: Sendable {
        var key: UInt64
        var node: UInt32
    }

    private var slots: [Slot]
    private var count = 0
    /// Interned integers cannot be chosen by a sender one by one, but their order can; a secret keeps chains short.
    private let secret = UInt64.random(in: 0 ... .max)

    /// The key of no edge: no node is its own grandchild by such numbers.
    private static let free = UInt64.max

    /// Makes an empty table with room for some edges before it must grow.
    public init(reserving edges: Int = 0) {
        var size = 64
        while size < edges * 2 { size *= 2 }
        slots = [Slot](repeating: Slot(key: Self.free, node: 0), count: size)
    }

    /// The child that is known for a key, or `new` after noting it.
    public mutating func find(_ parent: UInt32, _ step: UInt32, orInsert new: UInt32) -> UInt32 {
        if count * 2 >= slots.count { grow() }
        let key = UInt64(parent) << 32 | UInt64(step)
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: ContentHash.fold(key ^ secret, 0x9e37_79b9_7f4a_7c15)) & mask
        while true {
            let slot = slots[index]
            if slot.key == key { return slot.node }
            if slot.key == Self.free { break }
            index = (index + 1) & mask
        }
        slots[index] = Slot(key: key, node: new)
        count += 1
        return new
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(key: Self.free, node: 0), count: old.count * 2)
        let mask = slots.count - 1
        for slot in old where slot.key != Self.free {
            var index = Int(truncatingIfNeeded: ContentHash.fold(slot.key ^ secret, 0x9e37_79b9_7f4a_7c15)) & mask
            while slots[index].key != Self.free { index = (index + 1) & mask }
            slots[index] = slot
        }
    }
}
