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
}
