import Model

/// The pieces of a selector.
enum SelectorToken: Equatable {
    case leftBrace
    case rightBrace
    case comma
    case operation(LabelMatcher.Operation)
    /// A name that stood bare; outside braces it may hold colons.
    case identifier(Text)
    /// A text in any of the three quotes, its escapes resolved.
    case string(Text)
    case end
}

/// Cuts a selector into tokens, with Prometheus 3's rules for names and strings.
struct SelectorLexer {
    private let bytes: [UInt8]
    private(set) var offset = 0
    /// Where the last token began.
    private(set) var tokenStart = 0
    private var isInsideBraces = false

    init(_ text: Text) {
        bytes = text.utf8
    }

    /// The bytes of the last token, for messages.
    var tokenText: String { String(decoding: bytes[tokenStart..<offset], as: UTF8.self) }

    func position(_ offset: Int) -> SelectorError.Position {
        let before = bytes[..<min(offset, bytes.count)]
        let line = before.count { $0 == 0x0a } + 1
        let lineStart = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
        return SelectorError.Position(line: line, column: before.count - lineStart + 1)
    }

    mutating func next() throws(SelectorError) -> SelectorToken {
        skipBlanks()
        tokenStart = offset
        guard offset < bytes.count else {
            guard !isInsideBraces else {
                throw SelectorError("unexpected end of input inside braces", at: position(offset))
            }
            return .end
        }
        let byte = bytes[offset]
        switch byte {
        case UInt8(ascii: "{"):
            guard !isInsideBraces else { throw unexpectedCharacter() }
            isInsideBraces = true
            offset += 1
            return .leftBrace
        case UInt8(ascii: "}"):
            guard isInsideBraces else { throw unexpectedCharacter() }
            isInsideBraces = false
            offset += 1
            return .rightBrace
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return .string(try string(quote: byte))
        default:
            if Self.isNameStart(byte) || (byte == UInt8(ascii: ":") && !isInsideBraces) { return identifier() }
            guard isInsideBraces else { throw unexpectedCharacter() }
            switch byte {
            case UInt8(ascii: ","):
                offset += 1
                return .comma
            case UInt8(ascii: "="):
                return .operation(take(UInt8(ascii: "~"), or: .equal, then: .matches))
            case UInt8(ascii: "!"):
                guard offset + 1 < bytes.count else {
                    throw SelectorError("unexpected end of input inside braces", at: position(offset + 1))
                }
                switch bytes[offset + 1] {
                case UInt8(ascii: "="):
                    offset += 2
                    return .operation(.notEqual)
                case UInt8(ascii: "~"):
                    offset += 2
                    return .operation(.matchesNot)
                default:
                    let character = String(decoding: bytes[(offset + 1)...].prefix(1), as: UTF8.self)
                    throw SelectorError(
                        "unexpected character after '!' inside braces: '\(character)'", at: position(offset))
                }
            default: throw unexpectedCharacter()
            }
        }
    }

    private mutating func take(
        _ follower: UInt8, or plain: LabelMatcher.Operation, then longer: LabelMatcher.Operation
    ) -> LabelMatcher.Operation {
        offset += 1
        guard offset < bytes.count, bytes[offset] == follower else { return plain }
        offset += 1
        return longer
    }

    private func unexpectedCharacter() -> SelectorError {
        // A character may be several bytes long.
        let character = String(decoding: bytes[offset...], as: UTF8.self).unicodeScalars.first.map { "\($0)" } ?? ""
        let place = isInsideBraces ? " inside braces" : ""
        return SelectorError("unexpected character\(place): '\(character)'", at: position(offset))
    }

    private mutating func skipBlanks() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0a, 0x0d: offset += 1
            case UInt8(ascii: "#"):
                while offset < bytes.count, bytes[offset] != 0x0a { offset += 1 }
            default: return
            }
        }
    }

    private mutating func identifier() -> SelectorToken {
        let start = offset
        while offset < bytes.count,
            Self.isNameStart(bytes[offset]) || Self.isDigit(bytes[offset])
                || (bytes[offset] == UInt8(ascii: ":") && !isInsideBraces)
        { offset += 1 }
        return .identifier(Text(utf8: Array(bytes[start..<offset])))
    }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private mutating func string(quote: UInt8) throws(SelectorError) -> Text {
        let start = offset
        offset += 1
        var content: [UInt8] = []
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == quote {
                offset += 1
                let text = Text(utf8: content)
                guard text.isValidUTF8 else { throw SelectorError("invalid UTF-8 in string", at: position(start)) }
                return text
            }
            if quote != UInt8(ascii: "`") {
                if byte == 0x0a { break }
                if byte == UInt8(ascii: "\\") {
                    offset += 1
                    try escape(quote: quote, into: &content)
                    continue
                }
            }
            content.append(byte)
            offset += 1
        }
        let kind = quote == UInt8(ascii: "`") ? "raw string" : "quoted string"
        throw SelectorError("unterminated \(kind)", at: position(start))
    }

    /// Resolves an escape as Go's string literals have it.
    private mutating func escape(quote: UInt8, into content: inout [UInt8]) throws(SelectorError) {
        guard offset < bytes.count else {
            throw SelectorError("escape sequence not terminated", at: position(offset))
        }
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "a"): content.append(7)
        case UInt8(ascii: "b"): content.append(8)
        case UInt8(ascii: "f"): content.append(12)
        case UInt8(ascii: "n"): content.append(10)
        case UInt8(ascii: "r"): content.append(13)
        case UInt8(ascii: "t"): content.append(9)
        case UInt8(ascii: "v"): content.append(11)
        case UInt8(ascii: "\\"), quote: content.append(byte)
        case UInt8(ascii: "x"): content.append(UInt8(truncatingIfNeeded: try digits(2, base: 16)))
        case UInt8(ascii: "u"): try append(scalar: digits(4, base: 16), to: &content)
        case UInt8(ascii: "U"): try append(scalar: digits(8, base: 16), to: &content)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            offset -= 1
            let value = try digits(3, base: 8)
            guard value <= 255 else {
                throw SelectorError("escape sequence is an invalid Unicode code point", at: position(offset))
            }
            content.append(UInt8(value))
        default:
            throw SelectorError(
                "unknown escape sequence U+\(hex(byte)) '\(Unicode.Scalar(byte))'", at: position(offset - 1))
        }
    }

    private func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    private mutating func digits(_ count: Int, base: UInt32) throws(SelectorError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard offset < bytes.count, let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue, digit < base
            else { throw SelectorError("illegal character in escape sequence", at: position(offset)) }
            value = value &* base &+ UInt32(digit)
            offset += 1
        }
        return value
    }

    private func append(scalar: UInt32, to content: inout [UInt8]) throws(SelectorError) {
        guard let scalar = Unicode.Scalar(scalar) else {
            throw SelectorError("escape sequence is an invalid Unicode code point", at: position(offset))
        }
        content.append(contentsOf: Array(String(Character(scalar)).utf8))
    }
}
