/// Writes the protobuf wire format into a byte buffer.
@frozen
public enum ProtobufWriter {
    /// Appends a base-128 number.
    @inlinable
    public static func varint(_ value: UInt64, to bytes: inout [UInt8]) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    /// Stores a base-128 number and returns where it ends.
    ///
    /// Up to 56 bits, the groups of seven are spread over a word and stored at once, without a branch for each byte. How many there
    /// are is counted from the word: what finds a highest bit on every x86-64 is slow.
    ///
    /// - Precondition: ten bytes, and eight beyond the number's end, may be written.
    @inline(__always)
    static func store(_ value: UInt64, at place: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        guard value >= 1 << 35 else {
            // Nearly all numbers: a shorter way to the same.
            var low = UInt32(truncatingIfNeeded: value) & 0x0fff_ffff
            low = low & 0x3fff | (low & 0x0fff_c000) << 2
            low = low & 0x007f_007f | (low & 0x3f80_3f80) << 1
            return store(groups: UInt64(low) | (value >> 28) << 32, at: place)
        }
        guard value < 1 << 56 else {
            var (rest, end) = (value, place)
            while rest >= 0x80 {
                end.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, as: UInt8.self)
                end += 1
                rest >>= 7
            }
            end.storeBytes(of: UInt8(truncatingIfNeeded: rest), as: UInt8.self)
            return end + 1
        }
        var word = value & 0x0fff_ffff | (value & 0x00ff_ffff_f000_0000) << 4
        word = word & 0x0000_3fff_0000_3fff | (word & 0x0fff_c000_0fff_c000) << 2
        word = word & 0x007f_007f_007f_007f | (word & 0x3f80_3f80_3f80_3f80) << 1
        return store(groups: word, at: place)
    }

    /// Stores groups of seven bits, each in a byte of its own, up to the last that is not 0.
    @inline(__always)
    private static func store(groups: UInt64, at place: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        // The high bit of each byte that another with something in it follows.
        var more = (groups &+ 0x7f7f_7f7f_7f7f_7f7f) >> 8 & 0x0080_8080_8080_8080
        more |= more >> 8
        more |= more >> 16
        more |= more >> 32
        place.storeBytes(of: (groups | more).littleEndian, as: UInt64.self)
        return place + 1 + Int(truncatingIfNeeded: ((more >> 7) &* 0x0101_0101_0101_0101) >> 56)
    }

    /// The number of bytes that a number takes.
    @inlinable
    public static func size(of value: UInt64) -> Int {
        (70 - (value | 1).leadingZeroBitCount) / 7
    }

    /// Appends a field's number and wire type.
    @inlinable
    public static func key(_ number: Int, _ type: ProtobufWireType, to bytes: inout [UInt8]) {
        varint(UInt64(number) << 3 | UInt64(type.rawValue), to: &bytes)
    }

    /// Appends a field of bytes: key, length, content.
    @inlinable
    public static func field(_ number: Int, _ content: some Collection<UInt8>, to bytes: inout [UInt8]) {
        key(number, .bytes, to: &bytes)
        varint(UInt64(content.count), to: &bytes)
        bytes.append(contentsOf: content)
    }

    /// Appends eight little-endian bytes.
    @inlinable
    public static func fixed64(_ value: UInt64, to bytes: inout [UInt8]) {
        for index in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }

    /// Appends a field whose content `body` writes, and puts its length in front afterwards.
    @inlinable
    public static func message<Failure: Error>(
        _ number: Int, to bytes: inout [UInt8], _ body: (inout [UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        key(number, .bytes, to: &bytes)
        let start = bytes.count
        // One byte is enough for most messages; longer ones are moved once.
        bytes.append(0)
        try body(&bytes)
        setLength(at: start..<start + 1, of: &bytes)
    }

    /// Writes the length of what follows `room`, which was kept free for it; what follows is moved where that was a wrong guess.
    @inlinable
    public static func setLength(at room: Range<Int>, of bytes: inout [UInt8]) {
        let length = UInt64(bytes.count - room.upperBound)
        if room.count == 1 && length < 0x80 {
            bytes[room.lowerBound] = UInt8(truncatingIfNeeded: length)
        } else {
            var prefix: [UInt8] = []
            varint(length, to: &prefix)
            bytes.replaceSubrange(room, with: prefix)
        }
    }
}
