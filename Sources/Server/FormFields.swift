public import Model

/// The pairs of a query string, decoded.
///
/// Pairs are split at `&`; `+` is a blank and `%xx` a byte; a malformed escape stays as text. Names and values are bytes.
public struct FormFields: Sendable {
    /// The pairs in order.
    public let pairs: [(name: Text, value: Text)]

    /// Decodes a query string.
    public init(_ query: some StringProtocol) {
        pairs = query.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let mark = pair.firstIndex(of: UInt8(ascii: "="))
            let name = pair[..<(mark ?? pair.endIndex)]
            let value = mark.map { pair[pair.index(after: $0)...] }
            return (Self.decode(Array(name)), Self.decode(value.map(Array.init) ?? []))
        }
    }

    /// The first value of a name, or nil.
    public subscript(_ name: Text) -> Text? {
        pairs.first { $0.name == name }?.value
    }

    /// All values of a name.
    public func all(_ name: Text) -> [Text] {
        pairs.filter { $0.name == name }.map(\.value)
    }

    private static func decode(_ bytes: [UInt8]) -> Text {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "+"):
                decoded.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                if index + 2 < bytes.count, let high = bytes[index + 1].hexDigitValue,
                    let low = bytes[index + 2].hexDigitValue
                {
                    decoded.append(high << 4 | low)
                    index += 2
                } else {
                    decoded.append(bytes[index])
                }
            default:
                decoded.append(bytes[index])
            }
            index += 1
        }
        return Text(utf8: decoded)
    }
}
