import Testing
import Wire

/// The values come from the encoding's own page, protobuf.dev/programming-guides/encoding, or follow from it.
@Suite struct ProtobufReaderTests {
    private func varint(_ bytes: [UInt8]) throws(WireError) -> (value: UInt64, end: Int) {
        var cursor = ProtobufCursor(offset: 0, end: bytes.count)
        return (try ProtobufReader.varint(bytes.span, &cursor), cursor.offset)
    }

    @Test(
        arguments: [
            (bytes: [0x00], value: 0),
            ([0x01], 1),
            ([0x96, 0x01], 150),
            ([0x80, 0x80, 0x01], 16_384),
            ([0x80, 0x00], 0),
            ([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], .max),
        ] as [(bytes: [UInt8], value: UInt64)])
    func `a number is read to its end`(_ bytes: [UInt8], _ value: UInt64) throws {
        let read = try varint(bytes + [0x7f])
        #expect(read.value == value)
        #expect(read.end == bytes.count)
    }

    @Test(arguments: [
        [] as [UInt8], [0x80], [0x80, 0x80],
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
    ])
    func `a number that is cut short or wider than 64 bits is an error`(_ bytes: [UInt8]) {
        #expect(throws: WireError.self) { try varint(bytes) }
    }

    @Test(arguments: [0x00, 0x07, 0x0b, 0x0c] as [UInt8])
    func `field number 0, groups and unknown wire types are errors`(_ key: UInt8) {
        #expect(throws: WireError.self) {
            var cursor = ProtobufCursor(offset: 0, end: 1)
            _ = try ProtobufReader.field([key].span, &cursor)
        }
    }

    @Test func `a length beyond the enclosing message is an error`() {
        let bytes: [UInt8] = [3, 1, 2, 3]
        #expect(throws: WireError.self) {
            // The fourth byte is there, but belongs to what encloses the message.
            var cursor = ProtobufCursor(offset: 0, end: 3)
            _ = try ProtobufReader.message(bytes.span, &cursor)
        }
    }

    @Test func `a length of 2^64 - 1 is an error and no overflow`() {
        let bytes: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0]
        #expect(throws: WireError.self) {
            var cursor = ProtobufCursor(offset: 0, end: bytes.count)
            _ = try ProtobufReader.message(bytes.span, &cursor)
        }
    }

    @Test func `every wire type can be stepped over`() throws {
        var bytes: [UInt8] = []
        ProtobufWriter.key(1, .varint, to: &bytes)
        ProtobufWriter.varint(300, to: &bytes)
        ProtobufWriter.key(2, .fixed64, to: &bytes)
        ProtobufWriter.fixed64(.max, to: &bytes)
        ProtobufWriter.field(3, [1, 2, 3], to: &bytes)
        bytes += [4 << 3 | 5, 1, 2, 3, 4]
        var cursor = ProtobufCursor(offset: 0, end: bytes.count)
        var numbers: [Int] = []
        while !cursor.isAtEnd {
            let (number, type) = try ProtobufReader.field(bytes.span, &cursor)
            numbers.append(number)
            try ProtobufReader.skip(type, bytes.span, &cursor)
        }
        #expect(numbers == [1, 2, 3, 4])
    }

    @Test func `fixed numbers are little-endian and need all their bytes`() throws {
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        var cursor = ProtobufCursor(offset: 0, end: 8)
        #expect(try ProtobufReader.fixed64(bytes.span, &cursor) == 0x0807_0605_0403_0201)
        cursor.offset = 4
        #expect(try ProtobufReader.fixed32(bytes.span, &cursor) == 0x0807_0605)
        #expect(throws: WireError.self) {
            var cursor = ProtobufCursor(offset: 1, end: 8)
            _ = try ProtobufReader.fixed64(bytes.span, &cursor)
        }
    }
}

@Suite struct ProtobufWriterTests {
    @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, 1 << 35, .max - 1, .max] as [UInt64])
    func `a number comes back, and its size is known before`(_ value: UInt64) throws {
        var bytes: [UInt8] = []
        ProtobufWriter.varint(value, to: &bytes)
        #expect(ProtobufWriter.size(of: value) == bytes.count)
        var cursor = ProtobufCursor(offset: 0, end: bytes.count)
        #expect(try ProtobufReader.varint(bytes.span, &cursor) == value)
    }

    @Test(arguments: [0, 1, 127, 128, 20_000])
    func `a message's length stands in front whatever it takes`(_ count: Int) throws {
        var bytes: [UInt8] = []
        ProtobufWriter.message(5, to: &bytes) { $0.append(contentsOf: repeatElement(9, count: count)) }
        var cursor = ProtobufCursor(offset: 0, end: bytes.count)
        let (number, type) = try ProtobufReader.field(bytes.span, &cursor)
        let inner = try ProtobufReader.message(bytes.span, &cursor)
        #expect(number == 5)
        #expect(type == .bytes)
        #expect(inner.end - inner.offset == count)
        #expect(cursor.isAtEnd)
    }
}
