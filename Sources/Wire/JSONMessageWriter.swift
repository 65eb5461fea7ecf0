public import Model

/// Writes a message's fields as proto3 JSON: 64-bit integers as strings, names in lowerCamelCase, defaults left out.
public struct JSONMessageWriter: FieldCodec {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]
    private var isEmpty = true

    mutating func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private mutating func key(_ name: StaticString) {
        if !isEmpty { bytes.append(UInt8(ascii: ",")) }
        isEmpty = false
        bytes.append(UInt8(ascii: "\""))
        JSONName.forEachByte(of: name) { bytes.append($0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func quoted(_ value: Int64) {
        bytes.append(UInt8(ascii: "\""))
        JSONText.append(value, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func quoted(_ value: UInt64) {
        bytes.append(UInt8(ascii: "\""))
        JSONText.append(value, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func list(_ name: StaticString, count: Int, _ element: (inout Self, Int) throws(WireError) -> Void)
        throws(WireError)
    {
        guard count > 0 else { return }
        key(name)
        bytes.append(UInt8(ascii: "["))
        for index in 0..<count {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            try element(&self, index)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func object<M: Message>(_ message: inout M) throws(WireError) {
        bytes.append(UInt8(ascii: "{"))
        let outer = isEmpty
        isEmpty = true
        try message.fields(&self)
        isEmpty = outer
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func double(_ value: Double) {
        if value.isNaN {
            bytes.append(contentsOf: Array("\"NaN\"".utf8))
        } else if value.isInfinite {
            bytes.append(contentsOf: Array((value > 0 ? "\"Infinity\"" : "\"-Infinity\"").utf8))
        } else if let whole = Int64(exactly: value), abs(value) < 1e15, whole != 0 || value.sign == .plus {
            JSONText.append(whole, to: &bytes)
        } else {
            bytes.append(contentsOf: Array("\(value)".utf8))
        }
    }

    private mutating func enumeration(_ value: Int32, _ names: EnumNames) {
        guard let known = names.first(where: { $0.number == value }) else {
            JSONText.append(Int64(value), to: &bytes)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        known.name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes a string.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Text) throws(WireError) {
        guard !value.isEmpty else { return }
        key(name)
        JSONText.append(value, to: &bytes)
    }

    /// Writes a string if it is there.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Text?) throws(WireError) {
        guard let value else { return }
        key(name)
        JSONText.append(value, to: &bytes)
    }

    /// Writes bytes in base64.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [UInt8]) throws(WireError) {
        guard !value.isEmpty else { return }
        key(name)
        bytes.append(UInt8(ascii: "\""))
        Base64.encode(value, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes an `int64` as a string.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int64) throws(WireError) {
        guard value != 0 else { return }
        key(name)
        quoted(value)
    }

    /// Writes an `int64` as a string if it is there.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int64?) throws(WireError) {
        guard let value else { return }
        key(name)
        quoted(value)
    }

    /// Writes a `uint64` as a string.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout UInt64) throws(WireError) {
        guard value != 0 else { return }
        key(name)
        quoted(value)
    }

    /// Writes an `int32`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int32) throws(WireError) {
        guard value != 0 else { return }
        key(name)
        JSONText.append(Int64(value), to: &bytes)
    }

    /// Writes a `uint32`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout UInt32) throws(WireError) {
        guard value != 0 else { return }
        key(name)
        JSONText.append(UInt64(value), to: &bytes)
    }

    /// Writes a `bool`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Bool) throws(WireError) {
        guard value else { return }
        key(name)
        bytes.append(contentsOf: Array("true".utf8))
    }

    /// Writes a `double`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Double) throws(WireError) {
        guard value.bitPattern != 0 else { return }
        key(name)
        double(value)
    }

    /// Writes an enum by name, or by number if it has none.
    public mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout Int32, names: EnumNames
    ) throws(WireError) {
        guard value != 0 else { return }
        key(name)
        enumeration(value, names)
    }

    /// Writes an enum if it is there.
    public mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout Int32?, names: EnumNames
    ) throws(WireError) {
        guard let value else { return }
        key(name)
        enumeration(value, names)
    }

    /// Writes a message if it is there.
    public mutating func field<M: Message>(_ number: Int, _ name: StaticString, _ value: inout M?) throws(WireError) {
        guard var message = value else { return }
        key(name)
        try object(&message)
    }

    /// Writes repeated messages.
    public mutating func field<M: Message>(_ number: Int, _ name: StaticString, _ value: inout [M]) throws(WireError) {
        guard !value.isEmpty else { return }
        key(name)
        bytes.append(UInt8(ascii: "["))
        var isFirst = true
        for var message in value {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            try object(&message)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Writes repeated strings.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Text]) throws(WireError) {
        let texts = value
        try list(name, count: texts.count) { writer, index throws(WireError) in
            JSONText.append(texts[index], to: &writer.bytes)
        }
    }

    /// Writes repeated strings.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout TextTable) throws(WireError) {
        let texts = value
        try list(name, count: texts.count) { writer, index throws(WireError) in
            JSONText.append(texts[index], to: &writer.bytes)
        }
    }

    /// Writes repeated `int64` as strings.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Int64]) throws(WireError) {
        var numbers = value[...]
        try field(number, name, &numbers)
    }

    /// Writes repeated `int64` as strings.
    public mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout ArraySlice<Int64>
    ) throws(WireError) {
        guard !value.isEmpty else { return }
        key(name)
        bytes.append(UInt8(ascii: "["))
        for index in value.indices {
            if index > value.startIndex { bytes.append(UInt8(ascii: ",")) }
            quoted(value[index])
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Writes repeated `uint64` as strings.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [UInt64]) throws(WireError) {
        let numbers = value
        try list(name, count: numbers.count) { writer, index throws(WireError) in writer.quoted(numbers[index]) }
    }

    /// Writes repeated `int32`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Int32]) throws(WireError) {
        let numbers = value
        try list(name, count: numbers.count) { writer, index throws(WireError) in
            JSONText.append(Int64(numbers[index]), to: &writer.bytes)
        }
    }

    /// Writes repeated `double`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Double]) throws(WireError) {
        let numbers = value
        try list(name, count: numbers.count) { writer, index throws(WireError) in writer.double(numbers[index]) }
    }
}

/// The JSON spelling of a field's name: underscores go, the letter after one is upper case.
enum JSONName {
    static func forEachByte(of name: StaticString, _ body: (UInt8) -> Void) {
        name.withUTF8Buffer { buffer in
            var raise = false
            for byte in buffer {
                if byte == UInt8(ascii: "_") {
                    raise = true
                } else {
                    let isLower = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    body(raise && isLower ? byte & 0xdf : byte)
                    raise = false
                }
            }
        }
    }

    /// Whether a name in a document means the field: in its own spelling or in that of JSON.
    static func matches(_ text: Text, _ name: StaticString) -> Bool {
        if name.withUTF8Buffer({ text.utf8.elementsEqual($0) }) { return true }
        var index = 0
        var isEqual = true
        forEachByte(of: name) { byte in
            if index >= text.utf8.count || text.utf8[index] != byte { isEqual = false }
            index += 1
        }
        return isEqual && index == text.utf8.count
    }
}
