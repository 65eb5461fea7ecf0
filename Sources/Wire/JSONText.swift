public import Model

/// Writes JSON pieces into a byte buffer.
public enum JSONText {
    /// Appends a quoted string.
    ///
    /// With `escapingHTML`, `<`, `>` and `&` are written as Go's encoder writes them. Bytes that are no UTF-8 become U+FFFD.
    public static func append(_ text: Text, escapingHTML: Bool = false, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        let isValid = text.isValidUTF8
        let content = isValid ? text.utf8 : Array(text.string.utf8)
        for byte in content {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 10: bytes.append(contentsOf: Array("\\n".utf8))
            case 13: bytes.append(contentsOf: Array("\\r".utf8))
            case 9: bytes.append(contentsOf: Array("\\t".utf8))
            case 0..<0x20: appendEscape(byte, to: &bytes)
            case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
                if escapingHTML { appendEscape(byte, to: &bytes) } else { bytes.append(byte) }
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends a whole number.
    public static func append(_ number: Int64, to bytes: inout [UInt8]) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        append(number.magnitude, to: &bytes)
    }

    /// Appends a whole number.
    public static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        let start = bytes.count
        var rest = number
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private static func appendEscape(_ byte: UInt8, to bytes: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(contentsOf: Array("\\u00".utf8))
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
    }
}
