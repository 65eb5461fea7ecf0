public import Model

/// A JSON document (RFC 8259), with text as bytes and numbers as they were written.
public enum JSONValue: Sendable, Hashable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number's digits as they came.
    case number(Text)
    /// Text with escapes resolved; always valid UTF-8.
    case string(Text)
    /// A list.
    case array([JSONValue])
    /// Members in order; a name may occur twice.
    case object([Member])

    /// A name and its value.
    public struct Member: Sendable, Hashable {
        /// The name.
        public var name: Text
        /// The value.
        public var value: JSONValue
    }

    /// Lists and objects inside one another; deeper documents are refused.
    public static let maxDepth = 128

    /// Parses a whole document, whose values may take `memoryLimit` bytes, for which `reserving` is asked in steps.
    public init(
        parsing bytes: [UInt8], memoryLimit: Int = .max, reserving: @escaping (Int) -> Bool = { _ in true }
    ) throws(WireError) {
        var parser = JSONParser(bytes, meter: DecodingMeter(limit: memoryLimit, reserving: reserving))
        self = try parser.document()
    }

    /// The last member of a name, or nil if this is no object or has none.
    public subscript(_ name: Text) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The text of a string.
    public var text: Text? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The elements of a list.
    public var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The members of an object.
    public var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// The value of a number.
    public var double: Double? {
        guard case .number(let digits) = self else { return nil }
        return Double(digits.string)
    }

    /// The value of a number that is whole and fits, in any notation.
    public var integer: Int64? {
        guard case .number(let digits) = self else { return nil }
        return WholeNumber.int64(digits)
    }
}

/// Whole numbers in decimal notation, also with a fraction of zeros or an exponent.
enum WholeNumber {
    static func int64(_ text: Text) -> Int64? {
        guard let (isNegative, magnitude) = parse(text) else { return nil }
        if isNegative {
            return magnitude == UInt64(Int64.max) + 1 ? .min : Int64(exactly: magnitude).map { -$0 }
        }
        return Int64(exactly: magnitude)
    }

    static func uint64(_ text: Text) -> UInt64? {
        guard let (isNegative, magnitude) = parse(text), !isNegative || magnitude == 0 else { return nil }
        return magnitude
    }

    private static func parse(_ text: Text) -> (isNegative: Bool, magnitude: UInt64)? {
        var bytes = text.utf8[...]
        let isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative { bytes.removeFirst() }
        var digits: [UInt8] = []
        var fractionDigits = 0
        var seenPoint = false
        while let byte = bytes.first, byte != UInt8(ascii: "e"), byte != UInt8(ascii: "E") {
            bytes.removeFirst()
            if byte == UInt8(ascii: ".") {
                guard !seenPoint, !digits.isEmpty else { return nil }
                seenPoint = true
            } else {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                digits.append(byte - UInt8(ascii: "0"))
                if seenPoint { fractionDigits += 1 }
            }
        }
        guard !digits.isEmpty, !seenPoint || fractionDigits > 0 else { return nil }
        var exponent = 0
        if !bytes.isEmpty {
            bytes.removeFirst()
            guard let parsed = Int(String(decoding: bytes, as: UTF8.self)), abs(parsed) <= 100_000 else { return nil }
            exponent = parsed
        }
        var shift = exponent - fractionDigits
        while shift < 0, digits.last == 0, digits.count > 1 {
            digits.removeLast()
            shift += 1
        }
        var magnitude: UInt64 = 0
        for digit in digits {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow && !carry else { return nil }
            magnitude = sum
        }
        if magnitude == 0 { return (isNegative, 0) }
        guard shift >= 0 else { return nil }
        for _ in 0..<min(shift, 40) {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            magnitude = product
        }
        return shift > 40 ? nil : (isNegative, magnitude)
    }
}
