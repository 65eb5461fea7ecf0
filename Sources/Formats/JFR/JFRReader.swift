/// Where a reader stands in a recording, and where it must stop.
struct JFRCursor {
    /// The next byte to read.
    var offset: Int
    /// The first byte that is not the reader's.
    var end: Int

    /// How many bytes are left.
    var remaining: Int { end - offset }
}

/// Reads the primitive values of a recording, every length checked.
///
/// The functions take the span and an `inout` cursor, so that hot loops keep both in registers.
enum JFRReader {
    /// Reads a base-128 number: up to nine bytes, of which the ninth counts with all its bits.
    @inline(__always)
    static func number(_ bytes: Span<UInt8>, _ cursor: inout JFRCursor) throws(FormatError) -> UInt64 {
        if cursor.offset < cursor.end {
            let first = bytes[cursor.offset]
            if first < 0x80 {
                cursor.offset += 1
                return UInt64(first)
            }
        }
        return try longNumber(bytes, &cursor)
    }

    @inline(never)
    private static func longNumber(_ bytes: Span<UInt8>, _ cursor: inout JFRCursor) throws(FormatError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while cursor.offset < cursor.end {
            let byte = bytes[cursor.offset]
            cursor.offset += 1
            if shift == 56 { return value | UInt64(byte) << 56 }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw unexpectedEnd(cursor.offset)
    }

    /// Steps over base-128 numbers.
    static func skipNumbers(_ count: Int, _ bytes: Span<UInt8>, _ cursor: inout JFRCursor) throws(FormatError) {
        guard count <= cursor.remaining else { throw unexpectedEnd(cursor.offset) }
        var left = count
        var offset = cursor.offset
        var start = offset
        while left > 0 {
            guard offset < cursor.end else { throw unexpectedEnd(offset) }
            offset += 1
            if bytes[offset - 1] < 0x80 || offset - start == 9 {
                left -= 1
                start = offset
            }
        }
        cursor.offset = offset
    }

    /// Reads a number of things that each take at least one byte.
    static func count(_ bytes: Span<UInt8>, _ cursor: inout JFRCursor) throws(FormatError) -> Int {
        let count = try number(bytes, &cursor)
        guard count <= UInt64(cursor.remaining) else { throw unexpectedEnd(cursor.offset) }
        return Int(count)
    }

    /// Steps over bytes.
    @inline(__always)
    static func skip(_ count: Int, _ cursor: inout JFRCursor) throws(FormatError) {
        guard count <= cursor.remaining else { throw unexpectedEnd(cursor.offset) }
        cursor.offset += count
    }

    /// Reads a big-endian number of a header; the caller has checked that it is there.
    static func bigEndian(_ bytes: Span<UInt8>, at offset: Int, count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in offset..<offset + count { value = value << 8 | UInt64(bytes[index]) }
        return value
    }

    @inline(never)
    static func unexpectedEnd(_ offset: Int) -> FormatError {
        FormatError(.unreadable, "jfr: unexpected EOF at byte \(offset)")
    }
}
