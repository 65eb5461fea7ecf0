/// A piece of text from the wire, equal and ordered by its UTF-8 bytes.
///
/// Swift's `String` compares canonically: `é` equals `e` + U+0301. Names and label values of the field do not, so
/// everything that is compared, sorted or used as a key is a `Text`.
public struct Text: Hashable, Comparable, Sendable {
    /// The bytes, as they came.
    public let utf8: [UInt8]

    /// Wraps bytes as they are.
    public init(utf8: [UInt8]) {
        self.utf8 = utf8
    }

    /// Copies a slice of bytes.
    public init(utf8: some Sequence<UInt8>) {
        self.utf8 = Array(utf8)
    }

    /// Takes the UTF-8 of a string.
    public init(_ string: some StringProtocol) {
        utf8 = Array(string.utf8)
    }

    /// The text with no bytes.
    public static let empty = Text(utf8: [] as [UInt8])

    /// Whether there are no bytes.
    public var isEmpty: Bool { utf8.isEmpty }

    /// The text as a `String`, for messages; bytes that are no UTF-8 become U+FFFD.
    public var string: String { String(decoding: utf8, as: UTF8.self) }

    /// Whether the bytes are valid UTF-8.
    public var isValidUTF8: Bool {
        utf8.withUnsafeBufferPointer { ByteScan.isASCII($0) } || String(validating: utf8, as: UTF8.self) != nil
    }

    /// Whether the bytes begin with those of `prefix`.
    public func hasPrefix(_ prefix: Text) -> Bool { utf8.starts(with: prefix.utf8) }

    /// Hashes the bytes at once; an array would be hashed element by element.
    public func hash(into hasher: inout Hasher) {
        utf8.withUnsafeBytes { hasher.combine(bytes: $0) }
        hasher.combine(utf8.count)
    }

    /// Compares the bytes; texts of the same storage are equal without a look at them.
    public static func == (left: Text, right: Text) -> Bool {
        left.utf8.withUnsafeBufferPointer { left in
            right.utf8.withUnsafeBufferPointer { right in
                left.count == right.count && (left.baseAddress == right.baseAddress || ByteScan.isEqual(left, right))
            }
        }
    }

    /// Orders by bytes, a prefix before what it begins.
    public static func < (left: Text, right: Text) -> Bool {
        left.utf8.withUnsafeBufferPointer { left in
            right.utf8.withUnsafeBufferPointer { right in TextTable.isLess(left, right) }
        }
    }
}

extension Text: ExpressibleByStringLiteral {
    /// Makes the UTF-8 of a literal.
    public init(stringLiteral value: StaticString) {
        utf8 = value.withUTF8Buffer { Array($0) }
    }
}

extension Text: CustomStringConvertible {
    /// The same as ``string``.
    public var description: String { string }
}
