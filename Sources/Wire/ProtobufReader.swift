/// Where a reader stands in a span of bytes, and where it must stop.
@frozen
public struct ProtobufCursor: Sendable {
    /// The next byte to read.
    public var offset: Int
    /// The first byte that is not the reader's.
    public var end: Int

    /// Makes a cursor over part of a span.
    @inlinable
    public init(offset: Int, end: Int) {
        self.offset = offset
        self.end = end
    }

    /// Whether everything was read.
    @inlinable
    public var isAtEnd: Bool { offset >= end }
}

/// How the value of a field lies on the wire.
@frozen
public enum ProtobufWireType: UInt8, Sendable {
    /// A base-128 number.
    case varint = 0
    /// Eight bytes.
    case fixed64 = 1
    /// A length and that many bytes.
    case bytes = 2
    /// Four bytes.
    case fixed32 = 5
}

/// Reads the protobuf wire format (protobuf.dev/programming-guides/encoding) from a span, every length checked.
///
/// The functions take the span and an `inout` cursor, so that hot loops keep both in registers.
@frozen
public enum ProtobufReader {
    /// Reads a base-128 number of at most ten bytes.
    @inlinable
    public static func varint(_ bytes: Span<UInt8>, _ cursor: inout ProtobufCursor) throws(WireError) -> UInt64 {
        if cursor.offset < cursor.end {
            let first = bytes[cursor.offset]
            if first < 0x80 {
                cursor.offset += 1
                return UInt64(first)
            }
            if cursor.offset + 1 < cursor.end {
                let second = bytes[cursor.offset + 1]
                if second < 0x80 {
                    cursor.offset += 2
                    return UInt64(first & 0x7f) | UInt64(second) << 7
                }
            }
        }
        return try longVarint(bytes, &cursor)
    }

    /// Reads base-128 numbers up to the cursor's end, as packed fields hold them.
    @inlinable
    public static func packed(
        _ bytes: Span<UInt8>, _ cursor: inout ProtobufCursor, into numbers: inout [UInt64]
    ) throws(WireError) {
        // Each takes a byte at least.
        try numbers.append(addingCapacity: cursor.end - cursor.offset) { free throws(WireError) in
            while !cursor.isAtEnd { free.append(try varint(bytes, &cursor)) }
        }
    }

    @usableFromInline
    static func longVarint(_ bytes: Span<UInt8>, _ cursor: inout ProtobufCursor) throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while cursor.offset < cursor.end {
            let byte = bytes[cursor.offset]
            cursor.offset += 1
            guard shift < 63 || byte <= 1 else { throw WireError("varint overflow", offset: cursor.offset) }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw WireError("unexpected EOF", offset: cursor.offset)
    }

    /// Reads a field's number and wire type; groups and number 0 are refused.
    @inlinable
    public static func field(
        _ bytes: Span<UInt8>, _ cursor: inout ProtobufCursor
    ) throws(WireError) -> (number: Int, type: ProtobufWireType) {
        let key = try varint(bytes, &cursor)
        guard let type = ProtobufWireType(rawValue: UInt8(truncatingIfNeeded: key & 7)), key >> 3 > 0,
            key >> 3 < 1 << 29
        else { throw invalidField(cursor) }
        return (Int(key >> 3), type)
    }

    @usableFromInline
    static func invalidField(_ cursor: ProtobufCursor) -> WireError {
        WireError("invalid field number or wire type", offset: cursor.offset)
    }

    /// Reads a length and steps over that many bytes, which the returned cursor covers.
    @inlinable
    public static func message(
        _ bytes: Span<UInt8>, _ cursor: inout ProtobufCursor
    ) throws(WireError) -> ProtobufCursor {
        let length = try varint(bytes, &cursor)
        guard length <= UInt64(cursor.end - cursor.offset) else { throw unexpectedEnd(cursor) }
        let inner = ProtobufCursor(offset: cursor.offset, end: cursor.offset + Int(length))
        cursor.offset = inner.end
        return inner
    }

    @usableFromInline
    static func unexpectedEnd(_ cursor: ProtobufCursor) -> WireError {
        WireError("unexpected EOF", offset: cursor.offset)
    }

    /// Reads eight little-endian bytes.
    @inlinable
    public static func fixed64(_ bytes: Span<UInt8>, _ cursor: inout ProtobufCursor) throws(WireError) -> UInt64 {
        guard cursor.end - cursor.offset >= 8 else { throw unexpectedEnd(cursor) }
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[cursor.offset + index]) << UInt64(8 * index) }
        cursor.offset += 8
        return value
    }

    /// Reads four little-endian bytes.
    @inlinable
    public static func fixed32(_ bytes: Span<UInt8>, _ cursor: inout ProtobufCursor) throws(WireError) -> UInt32 {
        guard cursor.end - cursor.offset >= 4 else { throw unexpectedEnd(cursor) }
        var value: UInt32 = 0
        for index in 0..<4 { value |= UInt32(bytes[cursor.offset + index]) << UInt32(8 * index) }
        cursor.offset += 4
        return value
    }

    /// Steps over a value.
    @inlinable
    public static func skip(
        _ type: ProtobufWireType, _ bytes: Span<UInt8>, _ cursor: inout ProtobufCursor
    ) throws(WireError) {
        switch type {
        case .varint: _ = try varint(bytes, &cursor)
        case .fixed64: _ = try fixed64(bytes, &cursor)
        case .bytes: _ = try message(bytes, &cursor)
        case .fixed32: _ = try fixed32(bytes, &cursor)
        }
    }
}
