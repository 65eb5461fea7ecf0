import Model

/// Bytes in a database that are not what was written there.
struct BlobDamage: Error, Sendable, CustomStringConvertible {
    let description: String
}

/// Appends numbers to a blob and seals it with a checksum.
struct BlobWriter {
    private(set) var bytes: [UInt8] = []

    init(reserving count: Int = 0) {
        bytes.reserveCapacity(count)
    }

    mutating func uvarint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    /// Ascending numbers, each as its distance from the one before.
    mutating func deltas(_ numbers: [UInt32]) {
        var previous: UInt32 = 0
        for number in numbers {
            let delta = number &- previous
            if delta < 0x80 { bytes.append(UInt8(truncatingIfNeeded: delta)) } else { uvarint(UInt64(delta)) }
            previous = number
        }
    }

    /// Numbers that a divisor divides, divided by it.
    mutating func uvarints(_ values: [Int64], dividedBy divisor: UInt64) {
        for value in values { uvarint(divisor == 1 ? UInt64(bitPattern: value) : UInt64(bitPattern: value) / divisor) }
    }

    mutating func zigzag(_ value: Int64) {
        uvarint(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    mutating func fixed64(_ value: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
    }

    mutating func append(_ content: some Sequence<UInt8>) {
        bytes.append(contentsOf: content)
    }

    /// The bytes with their checksum behind them.
    consuming func sealed() -> [UInt8] {
        let checksum = bytes.withUnsafeBufferPointer { BlobChecksum.of($0) }
        for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: checksum >> shift)) }
        return bytes
    }
}

/// Reads a sealed blob; every length is checked.
struct BlobReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var offset = 0
    private let end: Int

    /// Verifies the checksum.
    ///
    /// The reader must not outlive the bytes.
    init(sealed bytes: UnsafeBufferPointer<UInt8>) throws(BlobDamage) {
        guard bytes.count >= 4 else { throw BlobDamage(description: "a blob is cut short") }
        self.bytes = bytes
        end = bytes.count - 4
        let stored = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[end + $1]) << UInt32(8 * $1) }
        guard stored == BlobChecksum.of(UnsafeBufferPointer(rebasing: bytes[..<end])) else {
            throw BlobDamage(description: "a blob's checksum does not match")
        }
    }

    var isAtEnd: Bool { offset >= end }

    mutating func uvarint() throws(BlobDamage) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < end {
            let byte = bytes[offset]
            offset += 1
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw BlobDamage(description: "a blob holds a malformed number")
    }

    /// A number that is an index or count below 2^32.
    mutating func uint32() throws(BlobDamage) -> UInt32 {
        guard let value = UInt32(exactly: try uvarint()) else {
            throw BlobDamage(description: "a blob holds a number that is too large")
        }
        return value
    }

    /// A number of things that take at least a byte each.
    mutating func count() throws(BlobDamage) -> Int {
        let value = try uvarint()
        guard value <= UInt64(end - offset) else { throw BlobDamage(description: "a blob's count passes its end") }
        return Int(value)
    }

    mutating func zigzag() throws(BlobDamage) -> Int64 {
        let value = try uvarint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// Reads ascending numbers that were written as distances; `numbers` holds them from its start on.
    mutating func deltas(into numbers: inout [UInt32]) throws(BlobDamage) {
        _ = try deltas(numbers.count, into: &numbers)
    }

    /// Reads `count` ascending numbers that were written as distances, and tells the first and the last.
    ///
    /// - Precondition: `numbers` has room for them.
    mutating func deltas(_ count: Int, into numbers: inout [UInt32]) throws(BlobDamage) -> ClosedRange<Int> {
        guard count > 0 else { return 0...0 }
        precondition(numbers.count >= count)
        var number: UInt64 = 0
        var index = 0
        let raw = UnsafeRawBufferPointer(bytes)
        var position = offset
        try numbers.withUnsafeMutableBufferPointer { numbers throws(BlobDamage) in
            while index < count {
                // Eight numbers of one byte each, which most distances are.
                while index + 8 <= count && position + 8 <= end {
                    var word = UInt64(
                        littleEndian: raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                    guard word & 0x8080_8080_8080_8080 == 0 else { break }
                    for lane in 0..<8 {
                        number &+= word & 0x7f
                        numbers[index + lane] = UInt32(truncatingIfNeeded: number)
                        word >>= 8
                    }
                    index += 8
                    position += 8
                }
                guard index < count else { break }
                // What is longer comes by itself, and what follows until the next eight.
                var taken = 0
                repeat {
                    offset = position
                    number &+= try UInt64(uint32())
                    position = offset
                    numbers[index] = UInt32(truncatingIfNeeded: number)
                    index += 1
                    taken += 1
                } while index < count && taken < 4
                guard number <= UInt64(UInt32.max) else {
                    throw BlobDamage(description: "a blob names a stack that does not exist")
                }
            }
        }
        offset = position
        guard number <= UInt64(UInt32.max) else {
            throw BlobDamage(description: "a blob names a stack that does not exist")
        }
        return Int(numbers[0])...Int(number)
    }

    /// Reads `count` numbers and adds their multiples to `sums[places[i]]`, saturating.
    ///
    /// - Precondition: `places` has as many entries, and all of them are indices of `sums`.
    mutating func add(
        _ count: Int, multiplier: Int64, to sums: inout [Int64], at places: [UInt32]
    ) throws(BlobDamage) {
        precondition(places.count >= count)
        let raw = UnsafeRawBufferPointer(bytes)
        var position = offset
        var index = 0
        // Eight values below 128 cannot overflow by themselves under this bound.
        let isSmall = multiplier > 0 && multiplier < Int64.max >> 8
        try sums.withUnsafeMutableBufferPointer { sums throws(BlobDamage) in
            while index < count {
                while isSmall && index + 8 <= count && position + 8 <= end {
                    var word = UInt64(
                        littleEndian: raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                    guard word & 0x8080_8080_8080_8080 == 0 else { break }
                    for lane in 0..<8 {
                        let place = Int(places[index + lane])
                        let value = Int64(truncatingIfNeeded: word & 0x7f) &* multiplier
                        let (sum, overflow) = sums[place].addingReportingOverflow(value)
                        sums[place] = overflow ? .max : sum
                        word >>= 8
                    }
                    index += 8
                    position += 8
                }
                guard index < count else { break }
                var taken = 0
                repeat {
                    offset = position
                    let value = Int64(bitPattern: try uvarint()).saturatingMultiply(multiplier)
                    position = offset
                    let place = Int(places[index])
                    sums[place] = sums[place].saturatingAdd(value)
                    index += 1
                    taken += 1
                } while index < count && taken < 4
            }
        }
        offset = position
    }

    mutating func fixed64() throws(BlobDamage) -> UInt64 {
        guard end - offset >= 8 else { throw BlobDamage(description: "a blob is cut short") }
        defer { offset += 8 }
        return (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }

    mutating func content(_ count: Int) throws(BlobDamage) -> UnsafeBufferPointer<UInt8> {
        guard count <= end - offset else { throw BlobDamage(description: "a blob is cut short") }
        defer { offset += count }
        return UnsafeBufferPointer(rebasing: bytes[offset..<offset + count])
    }
}

/// A 32-bit checksum by multiply-and-fold over eight bytes at a time.
enum BlobChecksum {
    static func of(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        var hash: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(bytes.count)
        let raw = UnsafeRawBufferPointer(bytes)
        var offset = 0
        while offset + 8 <= raw.count {
            hash = fold(hash ^ UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        var tail: UInt64 = 0
        while offset < raw.count {
            tail = tail << 8 | UInt64(raw[offset])
            offset += 1
        }
        hash = fold(hash ^ tail)
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }

    private static func fold(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xa076_1d64_78bd_642f)
        return product.high ^ product.low
    }
}
