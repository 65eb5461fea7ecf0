/// Finds an order statistic without sorting.
enum OrderStatistic {
    /// The `rank`-th largest value, counted from 1, or 0 where fewer than that are above 0.
    static func largest(_ rank: Int, of values: UnsafeBufferPointer<Int64>) -> Int64 {
        guard rank > 0 else { return .max }
        guard rank <= values.count else { return 0 }
        return max(find(rank, of: values), 0)
    }

    /// The same of an array.
    static func largest(_ rank: Int, of values: [Int64]) -> Int64 {
        values.withUnsafeBufferPointer { largest(rank, of: $0) }
    }

    private static let sampleSize = 256

    private static func find(_ rank: Int, of values: UnsafeBufferPointer<Int64>) -> Int64 {
        if values.count > 4 * sampleSize, let found = bracketed(rank, of: values) { return found }
        return withUnsafeTemporaryAllocation(of: Int64.self, capacity: values.count) { copy in
            _ = copy.initialize(fromContentsOf: values)
            return select(rank, of: copy)
        }
    }

    /// The values of a sample that the wanted one most likely lies between.
    private static func bracket(_ rank: Int, of values: UnsafeBufferPointer<Int64>) -> ClosedRange<Int64> {
        let step = values.count / sampleSize
        let count = (values.count + step - 1) / step
        return withUnsafeTemporaryAllocation(of: Int64.self, capacity: count) { sample in
            for place in 0..<count { sample.initializeElement(at: place, to: values[place * step]) }
            let expected = rank * count / values.count
            // More than three standard deviations of a rank in the sample.
            let spread = 28
            let most = expected > spread ? max(select(expected - spread, of: sample), 0) : .max
            let least = expected + spread <= count ? max(select(expected + spread, of: sample), 0) : 0
            return least...most
        }
    }

    /// Looks only between two values of a sample, as Floyd and Rivest do; nil where the wanted one is not there.
    ///
    /// Values below 0 count as 0.
    private static func bracketed(_ rank: Int, of values: UnsafeBufferPointer<Int64>) -> Int64? {
        let bracket = bracket(rank, of: values)
        let (least, most) = (bracket.lowerBound, bracket.upperBound)
        return withUnsafeTemporaryAllocation(of: Int64.self, capacity: values.count) { inside in
            var larger = 0
            var count = 0
            // Without a branch, which nobody could foretell: comparisons are signs of differences, and each value is stored, the
            // next one over it where it is not inside.
            for value in values {
                let value = value & ~(value >> 63)
                let isLarger = Int(truncatingIfNeeded: UInt64(bitPattern: most &- value) >> 63)
                let isSmaller = Int(truncatingIfNeeded: UInt64(bitPattern: value &- least) >> 63)
                inside.initializeElement(at: count, to: value)
                larger &+= isLarger
                count &+= 1 &- isLarger &- isSmaller
            }
            guard larger < rank, rank <= larger + count else { return nil }
            // Samples of a fixed period have few values, many times each.
            if least == most { return most }
            let found = UnsafeMutableBufferPointer(rebasing: inside[..<count])
            // Few values, many times each, may all be between the two.
            guard count <= values.count / 2 else { return select(rank - larger, of: found) }
            return find(rank - larger, of: UnsafeBufferPointer(found))
        }
    }

    /// Hoare's selection, with the median of three for a pivot; equal values do not slow it down, and neither do values that somebody
    /// has chosen, as the three are random.
    ///
    /// - Precondition: `1 <= rank <= values.count`
    private static func select(_ rank: Int, of values: UnsafeMutableBufferPointer<Int64>) -> Int64 {
        let wanted = rank - 1
        var low = 0
        var high = values.count - 1
        var random = UInt64.random(in: 0 ... .max)
        while low < high {
            func any() -> Int64 {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return values[low + Int(truncatingIfNeeded: random >> 33) % (high - low + 1)]
            }
            let (first, second, third) = (any(), any(), any())
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
