import Model

/// Settles the differences between Go's regular expressions and those of the RE2 that distributions ship.
///
/// RE2 of 2022 does not know `(?<name>…)` and accepts `\C` (any byte), which Go refuses; everything else that Go refuses, RE2
/// refuses too.
enum GoRegexDialect {
    /// The pattern in RE2's dialect; throws for what only RE2 would accept.
    static func translate(_ pattern: Text) throws(SelectorError) -> [UInt8] {
        let bytes = pattern.utf8
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 8)
        var index = 0
        var isInClass = false
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\\"), index + 1 < bytes.count {
                let escaped = bytes[index + 1]
                if escaped == UInt8(ascii: "C") {
                    throw LabelRegex.invalid(pattern, "invalid escape sequence: \\C")
                }
                if escaped == UInt8(ascii: "Q") && !isInClass {
                    // Quoted up to \E: nothing in there is syntax.
                    let end = Self.endOfQuote(bytes, from: index + 2)
                    result.append(contentsOf: bytes[index..<end])
                    index = end
                    continue
                }
                result.append(byte)
                result.append(escaped)
                index += 2
                continue
            }
            if isInClass {
                if byte == UInt8(ascii: "["), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: ":"),
                    let end = Self.endOfNamedClass(bytes, from: index + 2)
                {
                    result.append(contentsOf: bytes[index..<end])
                    index = end
                    continue
                }
                if byte == UInt8(ascii: "]") { isInClass = false }
            } else if byte == UInt8(ascii: "[") {
                isInClass = true
                result.append(byte)
                index += 1
                // A bracket that comes first, also after `^`, is a member.
                if index < bytes.count, bytes[index] == UInt8(ascii: "^") {
                    result.append(bytes[index])
                    index += 1
                }
                if index < bytes.count, bytes[index] == UInt8(ascii: "]") {
                    result.append(bytes[index])
                    index += 1
                }
                continue
            } else if bytes[index...].starts(with: Array("(?<".utf8)), index + 3 < bytes.count,
                bytes[index + 3] != UInt8(ascii: "="), bytes[index + 3] != UInt8(ascii: "!")
            {
                result.append(contentsOf: Array("(?P<".utf8))
                index += 3
                continue
            }
            result.append(byte)
            index += 1
        }
        return result
    }

    private static func endOfQuote(_ bytes: [UInt8], from start: Int) -> Int {
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == UInt8(ascii: "\\") && bytes[index + 1] == UInt8(ascii: "E") { return index + 2 }
            index += 1
        }
        return bytes.count
    }

    private static func endOfNamedClass(_ bytes: [UInt8], from start: Int) -> Int? {
        var index = start
        while index + 1 < bytes.count, bytes[index] != UInt8(ascii: "]") {
            if bytes[index] == UInt8(ascii: ":") && bytes[index + 1] == UInt8(ascii: "]") { return index + 2 }
            index += 1
        }
        return nil
    }
}
