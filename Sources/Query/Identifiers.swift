public import Model

/// Reads and writes the ids of spans, traces and profiles as text.
public enum Identifiers {
    /// Reads a span id of 16 hex digits, in either case.
    public static func span(_ text: Text) throws(QueryError) -> UInt64 {
        guard text.utf8.count == 16 else { throw QueryError("invalid span id length: \"\(text)\"") }
        guard let id = hex(text.utf8[...]) else { throw QueryError("invalid span id: \"\(text)\" is not hexadecimal") }
        return id
    }

    /// Reads a trace id of 32 hex digits, in either case.
    public static func trace(_ text: Text) throws(QueryError) -> TraceID {
        guard text.utf8.count == 32 else { throw QueryError("invalid trace id length: \"\(text)\"") }
        guard let high = hex(text.utf8[..<16]), let low = hex(text.utf8[16...]) else {
            throw QueryError("invalid trace id: \"\(text)\" is not hexadecimal")
        }
        return TraceID(high: high, low: low)
    }

    /// Reads a UUID: plain, without hyphens, in braces, or as a URN.
    public static func profile(_ text: Text) throws(QueryError) -> ProfileID {
        var digits = text.utf8[...]
        let urn = Array("urn:uuid:".utf8)
        if digits.count == 45 && digits.prefix(9).map({ $0 | 0x20 }) == urn.map({ $0 | 0x20 }) {
            digits = digits.dropFirst(9)
        } else if digits.count == 38 && digits.first == UInt8(ascii: "{") && digits.last == UInt8(ascii: "}") {
            digits = digits.dropFirst().dropLast()
        }
        if digits.count == 36 {
            let hyphens = [8, 13, 18, 23].map { digits.startIndex + $0 }
            guard hyphens.allSatisfy({ digits[$0] == UInt8(ascii: "-") }) else { throw invalidProfile(text) }
            digits = ArraySlice(digits.indices.filter { !hyphens.contains($0) }.map { digits[$0] })
        }
        guard digits.count == 32, let high = hex(digits.prefix(16)), let low = hex(digits.suffix(16)) else {
            throw invalidProfile(text)
        }
        return ProfileID(high: high, low: low)
    }

    private static func invalidProfile(_ text: Text) -> QueryError {
        QueryError("invalid profile id: \"\(text)\" is not a UUID")
    }

    /// Writes 16 lower-case hex digits.
    public static func text(_ number: UInt64) -> Text {
        let digits = Array("0123456789abcdef".utf8)
        return Text(utf8: (0..<16).map { digits[Int(number >> (60 - 4 * UInt64($0)) & 15)] })
    }

    /// Writes 32 lower-case hex digits; nothing for no trace.
    public static func text(_ trace: TraceID) -> Text {
        trace == .none ? .empty : Text(utf8: text(trace.high).utf8 + text(trace.low).utf8)
    }

    /// Writes a UUID with hyphens.
    public static func text(_ profile: ProfileID) -> Text {
        let digits = text(profile.high).utf8 + text(profile.low).utf8
        var uuid: [UInt8] = []
        for (index, digit) in digits.enumerated() {
            if index == 8 || index == 12 || index == 16 || index == 20 { uuid.append(UInt8(ascii: "-")) }
            uuid.append(digit)
        }
        return Text(utf8: uuid)
    }

    private static func hex(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
            default: return nil
            }
            number = number << 4 | UInt64(value)
        }
        return number
    }
}
