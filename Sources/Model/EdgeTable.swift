/// A hash table from a node and what leads on from it to the child, with open addressing over flat arrays.
public struct EdgeTable: Sendable {
    private var keys: [UInt64]
    private var nodes: [UInt32]
    private var count = 0
    /// Interned integers cannot be chosen by a sender one by one, but their order can; a secret keeps chains short.
    private let secret = UInt64.random(in: 0 ... .max) | 1

    /// Makes an empty table.
    public init() {
        keys = [UInt64](repeating: .max, count: 64)
        nodes = [UInt32](repeating: 0, count: 64)
    }

    /// The child that is known for a key, or `new` after noting it.
    public mutating func find(_ parent: UInt32, _ step: UInt32, orInsert new: UInt32) -> UInt32 {
        if count * 2 >= keys.count { grow() }
        let key = UInt64(parent) << 32 | UInt64(step)
        let slot = slot(of: key)
        if keys[slot] == key { return nodes[slot] }
        keys[slot] = key
        nodes[slot] = new
        count += 1
        return new
    }

    private func slot(of key: UInt64) -> Int {
        let mask = keys.count - 1
        let product = (key ^ secret).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        var slot = Int(truncatingIfNeeded: product.high ^ product.low) & mask
        while keys[slot] != .max && keys[slot] != key { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func grow() {
        let oldKeys = keys
        let oldNodes = nodes
        keys = [UInt64](repeating: .max, count: oldKeys.count * 2)
        nodes = [UInt32](repeating: 0, count: oldKeys.count * 2)
        for (key, node) in zip(oldKeys, oldNodes) where key != .max {
            let slot = slot(of: key)
            keys[slot] = key
            nodes[slot] = node
        }
    }
}
