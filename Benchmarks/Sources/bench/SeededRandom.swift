import Glibc

/// A small generator whose every number follows from its seed (SplitMix64).
struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Makes a generator; parts that tell streams of one seed apart are mixed in.
    init(_ seed: UInt64, _ parts: UInt64...) {
        state = seed
        for part in parts { state = next() ^ part }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, not including, 1.
    mutating func fraction() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

    /// A number below `count`, quickly and evenly enough for a benchmark.
    mutating func below(_ count: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(count)).high)
    }

    /// How many tries of probability `again` succeed one after another, at most `limit`.
    mutating func run(again: Double, limit: Int) -> Int {
        var count = 0
        while count < limit && fraction() < again { count += 1 }
        return count
    }
}

/// Draws ranks `0..<count`, rank `r` with a weight of `1 / (r + 1)^exponent`.
struct ZipfDistribution: Sendable {
    private let cumulative: [Double]

    init(count: Int, exponent: Double) {
        var sum = 0.0
        cumulative = (1...count).map { rank in
            sum += pow(Double(rank), -exponent)
            return sum
        }
    }

    func draw(_ random: inout SeededRandom) -> Int {
        let place = random.fraction() * (cumulative.last ?? 0)
        var low = 0
        var high = cumulative.count - 1
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] <= place { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
