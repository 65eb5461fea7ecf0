extension [UInt64] {
    /// Puts the elements in ascending order of their upper halves by counting, nine bits at a time; those that are equal there keep
    /// their order.
    ///
    /// For keys of few bits, each with the index of what it belongs to below it, this takes a fraction of a general sort.
    public mutating func sortByUpperHalf() {
        let union = reduce(0) { $0 | $1 } >> 32
        guard count > 1, union > 0 else { return }
        let bits = 9
        var other = self
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 1 << bits) { starts in
            for shift in stride(from: 0, to: 64 - union.leadingZeroBitCount, by: bits) {
                withUnsafeBufferPointer { from in
                    other.withUnsafeMutableBufferPointer { to in
                        func digit(_ element: UInt64) -> Int {
                            Int(truncatingIfNeeded: element >> UInt64(32 + shift)) & (1 << bits - 1)
                        }
                        starts.initialize(repeating: 0)
                        for element in from { starts[digit(element)] += 1 }
                        var next = 0
                        for digit in starts.indices { (starts[digit], next) = (next, next + starts[digit]) }
                        for element in from {
                            to[starts[digit(element)]] = element
                            starts[digit(element)] += 1
                        }
                    }
                }
                swap(&self, &other)
            }
        }
    }
}
