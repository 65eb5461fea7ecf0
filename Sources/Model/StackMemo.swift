/// Remembers which stack of a table has which content, so that known stacks are recognised without comparing frames.
///
/// It only remembers: what it has forgotten is found by its frames again.
public struct StackMemo: Sendable {
    private struct Slot: Sendable {
        var hash: ContentHash
        /// The stack, or the largest number where the slot is free.
        var stack: UInt32
    }

    private var slots: [Slot] = []
    private var count = 0
    private let limit: Int

    private static let free = Slot(hash: ContentHash(high: 0, low: 0), stack: .max)

    /// Makes an empty memo that holds at most `limit` stacks, and forgets all of them when it is full.
    public init(limit: Int = 1 << 18) {
        self.limit = limit
        slots = [Slot](repeating: Self.free, count: 256)
    }

    /// About how many bytes it takes.
    public var byteCount: Int { slots.count * MemoryLayout<Slot>.stride }

    /// The stack of some content, or nil where it is not remembered.
    public subscript(_ hash: ContentHash) -> UInt32? {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: hash.low) & mask
        while slots[index].stack != .max {
            if slots[index].hash == hash { return slots[index].stack }
            index = (index + 1) & mask
        }
        return nil
    }

    /// Remembers a stack that is not remembered yet.
    public mutating func insert(_ stack: UInt32, for hash: ContentHash) {
        if count >= limit { self = StackMemo(limit: limit) }
        if count * 2 >= slots.count {
            let old = slots
            slots = [Slot](repeating: Self.free, count: old.count * 2)
            for slot in old where slot.stack != .max { place(slot) }
        }
        place(Slot(hash: hash, stack: stack))
        count += 1
    }

    private mutating func place(_ slot: Slot) {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: slot.hash.low) & mask
        while slots[index].stack != .max { index = (index + 1) & mask }
        slots[index] = slot
    }
}
