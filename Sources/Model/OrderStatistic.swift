/// Finds an order statistic without sorting.
enum OrderStatistic {
    /// The `rank`-th largest value, counted from 1, or 0 where fewer than that are above 0.
    ///
    /// Values are counted in buckets of a thirty-second of their size, like those of an HDR histogram; only the bucket in which the
    /// rank lies is searched.
    static func largest(_ rank: Int, of values: UnsafeBufferPointer<Int64>) -> Int64 {
        guard rank > 0 else { return .max }
        return withUnsafeTemporaryAllocation(of: Int32.self, capacity: bucketCount) { counts in
            counts.initialize(repeating: 0)
            for value in values where value > 0 { counts[bucket(of: value)] &+= 1 }
            // How many are larger than all of the bucket.
            var larger = 0
            guard
                let wanted = (0..<bucketCount).last(where: { bucket in
                    guard larger + Int(counts[bucket]) < rank else { return true }
                    larger += Int(counts[bucket])
                    return false
                })
            else { return 0 }
            var inside: [Int64] = []
            inside.reserveCapacity(Int(counts[wanted]))
            for value in values where value > 0 && bucket(of: value) == wanted { inside.append(value) }
            return inside.withUnsafeMutableBufferPointer { select(rank - larger, of: $0) }
        }
    }

    /// The same of an array.
    static func largest(_ rank: Int, of values: [Int64]) -> Int64 {
        values.withUnsafeBufferPointer { largest(rank, of: $0) }
    }

    /// A bucket for each value up to 63, then 32 for each power of two.
    private static let bucketCount = 64 + 57 * 32

    @inline(__always)
    private static func bucket(of value: Int64) -> Int {
        let bits = UInt64(bitPattern: value)
        guard bits >= 64 else { return Int(bits) }
        let power = 63 - bits.leadingZeroBitCount
        return 64 + (power - 6) * 32 + Int(truncatingIfNeeded: bits >> UInt64(power - 5) & 31)
    }

    /// Hoare's selection, with the median of three for a pivot; equal values do not slow it down.
    ///
    /// - Precondition: `1 <= rank <= values.count`
    private static func select(_ rank: Int, of values: UnsafeMutableBufferPointer<Int64>) -> Int64 {
        let wanted = rank - 1
        var low = 0
        var high = values.count - 1
        while low < high {
            let middle = low + (high - low) / 2
            let (first, second, third) = (values[low], values[middle], values[high])
            let pivot = max(min(first, second), min(max(first, second), third))
            var left = low
            var right = high
            // Descending: what is larger goes to the left.
            while left <= right {
                while values[left] > pivot { left += 1 }
                while values[right] < pivot { right -= 1 }
                if left <= right {
                    values.swapAt(left, right)
                    left += 1
                    right -= 1
                }
            }
            if wanted <= right {
                high = right
            } else if wanted >= left {
                low = left
            } else {
                return values[wanted]
            }
        }
        return values[wanted]
    }
}
