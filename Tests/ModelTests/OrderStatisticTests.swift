import Testing

@testable import Model

@Suite struct OrderStatisticTests {
    private static let ranges: [ClosedRange<Int64>] = [
        0...3, 0...63, 0...100, 0...5_000, 0...Int64.max, Int64.min...Int64.max,
    ]

    @Test(arguments: ranges)
    func `each rank is the one of the sorted values, as long as that is above 0`(_ range: ClosedRange<Int64>) {
        var random = SplitMix(seed: UInt64(bitPattern: range.upperBound))
        for count in [0, 1, 2, 3, 10, 100, 1000] {
            let values = (0..<count).map { _ in Int64.random(in: range, using: &random) }
            let sorted = values.sorted(by: >)
            for rank in 1...(count + 1) {
                let expected = rank <= count ? max(sorted[rank - 1], 0) : 0
                #expect(OrderStatistic.largest(rank, of: values) == expected)
            }
        }
    }

    @Test func `values next to the edges of buckets keep their order`() {
        let powers = (0..<62).flatMap { power in [-1, 0, 1].map { (Int64(1) << Int64(power)) + $0 } }
        let values = powers + powers.reversed()
        let sorted = values.sorted(by: >)
        for rank in 1...values.count { #expect(OrderStatistic.largest(rank, of: values) == max(sorted[rank - 1], 0)) }
    }

    /// Columns long enough to be searched between two values of a sample: random, in order, with few values many times, and with
    /// all that is large where the sample does not look.
    static let longColumns: [(name: String, values: [Int64])] = {
        var random = SplitMix(seed: 5)
        let count = 20_000
        let any = (0..<count).map { _ in Int64.random(in: -1000...1_000_000, using: &random) }
        // Most are far below the largest, as in the totals of a tree.
        let steep = (0..<count).map { _ in 1_000_000_000 / Int64.random(in: 1...1_000_000, using: &random) }
        let few = (0..<count).map { _ in Int64.random(in: 0...4, using: &random) * 10_000_000 }
        let extremes = (0..<count).map { [Int64.max, .min, 1, 2][$0 % 4] }
        // The sample looks at the small ones alone.
        let hidden = (0..<count).map { index in
            index % (count / 512) == 0 ? 1 : Int64.random(in: 2...900, using: &random)
        }
        return [
            ("random", any), ("ascending", any.sorted()), ("descending", any.sorted(by: >)), ("few values", few),
            ("steep", steep), ("two values", few.map { min($0, 1) }),
            ("one value", [Int64](repeating: 7, count: count)), ("nothing", [Int64](repeating: 0, count: count)),
            ("below zero", [Int64](repeating: -7, count: count)), ("extremes", extremes), ("hidden", hidden),
        ]
    }()

    @Test(arguments: longColumns)
    func `a long column has the ranks that it has sorted`(_ column: (name: String, values: [Int64])) {
        let sorted = column.values.sorted(by: >)
        for rank in [1, 2, 39, 40, 500, 9_999, 10_000, 16_384, 19_960, 19_999, 20_000] {
            #expect(OrderStatistic.largest(rank, of: column.values) == max(sorted[rank - 1], 0), "\(rank)")
        }
        #expect(OrderStatistic.largest(20_001, of: column.values) == 0)
    }
}
