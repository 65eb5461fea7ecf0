import Model

/// Parses JSON strictly; depth is bounded by ``JSONValue/maxDepth``.
struct JSONParser {
    private let bytes: [UInt8]
    private var offset = 0
    private var depth = 0
    private let meter: DecodingMeter

    init(_ bytes: [UInt8], meter: DecodingMeter) {
        self.bytes = bytes
        self.meter = meter
    }

    mutating func document() throws(WireError) -> JSONValue {
        let value = try value()
        skipBlanks()
        guard offset == bytes.count else { throw unexpected() }
        return value
    }

    private func unexpected() -> WireError {
        guard offset < bytes.count else { return WireError("unexpected end of JSON", offset: offset) }
        return WireError("unexpected character in JSON", offset: offset)
    }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
    }

    private mutating func expect(_ literal: StaticString) throws(WireError) {
        let isThere = literal.withUTF8Buffer { bytes[offset...].starts(with: $0) }
        guard isThere else { throw unexpected() }
        offset += literal.utf8CodeUnitCount
    }

    private mutating func value() throws(WireError) -> JSONValue {
        skipBlanks()
        // The value in its list, which grows by doubling, and a text or list of its own.
        try meter.spend(2 * MemoryLayout<JSONValue>.stride + 48)
        switch next {
        case UInt8(ascii: "{"): return try nested { parser throws(WireError) in try parser.object() }
        case UInt8(ascii: "["): return try nested { parser throws(WireError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        default: return .number(try number())
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(WireError) -> JSONValue
    ) throws(WireError) -> JSONValue {
        guard depth < JSONValue.maxDepth else { throw WireError("JSON is nested too deep", offset: offset) }
        depth += 1
        offset += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(WireError) -> JSONValue {
        var members: [JSONValue.Member] = []
        skipBlanks()
        if next == UInt8(ascii: "}") {
            offset += 1
            return .object(members)
        }
        while true {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw unexpected() }
            let name = try string()
            try meter.spend(2 * MemoryLayout<JSONValue.Member>.stride + 32 + name.utf8.count)
            skipBlanks()
            guard next == UInt8(ascii: ":") else { throw unexpected() }
            offset += 1
            members.append(JSONValue.Member(name: name, value: try value()))
            skipBlanks()
            defer { offset += 1 }
            switch next {
            case UInt8(ascii: ","): continue
            case UInt8(ascii: "}"): return .object(members)
            default: throw unexpected()
            }
        }
    }

    private mutating func array() throws(WireError) -> JSONValue {
        var elements: [JSONValue] = []
        skipBlanks()
        if next == UInt8(ascii: "]") {
            offset += 1
            return .array(elements)
        }
        while true {
            elements.append(try value())
            skipBlanks()
            defer { offset += 1 }
            switch next {
            case UInt8(ascii: ","): continue
            case UInt8(ascii: "]"): return .array(elements)
            default: throw unexpected()
            }
        }
    }

    private mutating func number() throws(WireError) -> Text {
        let start = offset
        func isDigit(_ byte: UInt8?) -> Bool {
            byte.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
        }
        if next == UInt8(ascii: "-") { offset += 1 }
        guard isDigit(next) else { throw unexpected() }
        if next == UInt8(ascii: "0") {
            offset += 1
        } else {
            while isDigit(next) { offset += 1 }
        }
        if next == UInt8(ascii: ".") {
            offset += 1
            guard isDigit(next) else { throw unexpected() }
            while isDigit(next) { offset += 1 }
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            offset += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
            guard isDigit(next) else { throw unexpected() }
            while isDigit(next) { offset += 1 }
        }
        return Text(utf8: Array(bytes[start..<offset]))
    }

    private mutating func string() throws(WireError) -> Text {
        offset += 1
        var text: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                try meter.spend(text.count)
                let result = Text(utf8: text)
                guard result.isValidUTF8 else { throw WireError("invalid UTF-8 in JSON", offset: offset) }
                return result
            case UInt8(ascii: "\\"):
                offset += 1
                try escape(into: &text)
            case 0..<0x20:
                throw unexpected()
            default:
                text.append(byte)
                offset += 1
            }
        }
        throw unexpected()
    }

    private mutating func escape(into text: inout [UInt8]) throws(WireError) {
        guard let byte = next else { throw unexpected() }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            var code = try hexUnit()
            if (0xd800..<0xdc00).contains(code), bytes[offset...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")])
            {
                offset += 2
                let low = try hexUnit()
                guard (0xdc00..<0xe000).contains(low) else {
                    throw WireError("unpaired surrogate in JSON", offset: offset)
                }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else {
                throw WireError("unpaired surrogate in JSON", offset: offset)
            }
            text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default:
            offset -= 1
            throw unexpected()
        }
    }

    private mutating func hexUnit() throws(WireError) -> UInt32 {
        guard bytes.count - offset >= 4 else { throw unexpected() }
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = bytes[offset].hexDigitValue else { throw unexpected() }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }
}
