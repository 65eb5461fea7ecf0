import Model

/// What a recording says in place of a text.
enum JFRString {
    case text([UInt8])
    /// A key in the pool of `java.lang.String`.
    case reference(UInt64)
}

extension JFRReader {
    /// Reads a text in any of its encodings; null is the empty text.
    ///
    /// A text of more than `limit` bytes or characters is empty, and the cursor then stands at its beginning.
    static func string(
        _ bytes: Span<UInt8>, _ cursor: inout JFRCursor, limit: Int = .max
    ) throws(FormatError) -> JFRString {
        switch try tag(bytes, &cursor) {
        case 0, 1: return .text([])
        case 2: return .reference(try number(bytes, &cursor))
        case 3:
            let count = try count(bytes, &cursor)
            guard count <= limit else { return .text([]) }
            let text = copy(bytes, cursor.offset..<cursor.offset + count)
            cursor.offset += count
            return .text(mended(text))
        case 4:
            let count = try count(bytes, &cursor)
            guard count <= limit else { return .text([]) }
            var units: [UInt16] = []
            units.reserveCapacity(count)
            for _ in 0..<count { units.append(UInt16(truncatingIfNeeded: try number(bytes, &cursor))) }
            return .text(Array(String(decoding: units, as: UTF16.self).utf8))
        case 5:
            let count = try count(bytes, &cursor)
            guard count <= limit else { return .text([]) }
            var text: [UInt8] = []
            text.reserveCapacity(count)
            for index in cursor.offset..<cursor.offset + count {
                let byte = bytes[index]
                if byte < 0x80 {
                    text.append(byte)
                } else {
                    text.append(0xc0 | byte >> 6)
                    text.append(0x80 | byte & 0x3f)
                }
            }
            cursor.offset += count
            return .text(text)
        case let tag: throw unknownEncoding(tag, cursor.offset)
        }
    }

    /// Steps over a text.
    static func skipString(_ bytes: Span<UInt8>, _ cursor: inout JFRCursor) throws(FormatError) {
        switch try tag(bytes, &cursor) {
        case 0, 1: return
        case 2: _ = try number(bytes, &cursor)
        case 3, 5: cursor.offset += try count(bytes, &cursor)
        case 4: for _ in 0..<(try count(bytes, &cursor)) { _ = try number(bytes, &cursor) }
        case let tag: throw unknownEncoding(tag, cursor.offset)
        }
    }

    private static func tag(_ bytes: Span<UInt8>, _ cursor: inout JFRCursor) throws(FormatError) -> UInt8 {
        guard cursor.remaining > 0 else { throw unexpectedEnd(cursor.offset) }
        cursor.offset += 1
        return bytes[cursor.offset - 1]
    }

    private static func unknownEncoding(_ tag: UInt8, _ offset: Int) -> FormatError {
        FormatError(.unreadable, "jfr: unknown string encoding \(tag) at byte \(offset)")
    }

    private static func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        bytes.extracting(range).withUnsafeBufferPointer { Array($0) }
    }

    /// The JVM writes characters beyond the basic plane as two surrogates, which is no UTF-8; such bytes become U+FFFD.
    private static func mended(_ text: [UInt8]) -> [UInt8] {
        text.allSatisfy { $0 < 0x80 } || Text(utf8: text).isValidUTF8
            ? text : Array(String(decoding: text, as: UTF8.self).utf8)
    }
}
