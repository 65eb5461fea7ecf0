import Testing

@testable import Model

@Suite struct CountingSortTests {
    @Test(arguments: [0, 1, 2, 500, 3000], [1, 0x1ff, 0x200, 0x3_ffff, 0xffff_ffff] as [UInt64])
    func `elements come in the order of their upper halves, and equal ones as they came`(
        _ count: Int, _ largest: UInt64
    ) {
        var random = SplitMix(seed: UInt64(count) ^ largest)
        let elements = (0..<count).map { UInt64.random(in: 0...largest, using: &random) << 32 | UInt64(count - $0) }
        var sorted = elements
        sorted.sortByUpperHalf()
        let expected = elements.enumerated().sorted { left, right in
            (left.element >> 32, left.offset) < (right.element >> 32, right.offset)
        }
        #expect(sorted == expected.map(\.element))
    }
}
