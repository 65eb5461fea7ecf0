public import Model

/// Reads a message's fields from proto3 JSON.
///
/// Names are taken in both spellings, 64-bit integers as numbers and strings, enums by name and number; `null` is absent and
/// unknown names are passed over. Of a name that occurs twice the last one counts.
public struct JSONMessageReader: FieldCodec {
    private let members: [JSONValue.Member]

    init(_ value: JSONValue) throws(WireError) {
        guard case .object(let members) = value else { throw WireError("a message must be a JSON object") }
        self.members = members
    }

    private func value(_ name: StaticString) -> JSONValue? {
        guard let value = members.last(where: { JSONName.matches($0.name, name) })?.value, value != .null else {
            return nil
        }
        return value
    }

    private func invalid(_ name: StaticString) -> WireError { WireError("invalid value for field \(name)") }

    private func elements(_ name: StaticString) throws(WireError) -> [JSONValue] {
        guard let value = value(name) else { return [] }
        guard let elements = value.elements else { throw invalid(name) }
        return elements
    }

    private func text(_ value: JSONValue, _ name: StaticString) throws(WireError) -> Text {
        guard let text = value.text else { throw invalid(name) }
        return text
    }

    private func int64(_ value: JSONValue, _ name: StaticString) throws(WireError) -> Int64 {
        switch value {
        case .number(let digits), .string(let digits):
            guard let number = WholeNumber.int64(digits) else { throw invalid(name) }
            return number
        default: throw invalid(name)
        }
    }

    private func uint64(_ value: JSONValue, _ name: StaticString) throws(WireError) -> UInt64 {
        switch value {
        case .number(let digits), .string(let digits):
            guard let number = WholeNumber.uint64(digits) else { throw invalid(name) }
            return number
        default: throw invalid(name)
        }
    }

    private func int32(_ value: JSONValue, _ name: StaticString) throws(WireError) -> Int32 {
        guard let number = Int32(exactly: try int64(value, name)) else { throw invalid(name) }
        return number
    }

    private func double(_ value: JSONValue, _ name: StaticString) throws(WireError) -> Double {
        switch value {
        case .string("NaN"): return .nan
        case .string("Infinity"): return .infinity
        case .string("-Infinity"): return -.infinity
        case .number(let digits), .string(let digits):
            guard let number = Double(digits.string), number.isFinite else { throw invalid(name) }
            return number
        default: throw invalid(name)
        }
    }

    private func enumeration(
        _ value: JSONValue, _ name: StaticString, _ names: EnumNames
    ) throws(WireError) -> Int32 {
        guard case .string(let text) = value else { return try int32(value, name) }
        guard let known = names.first(where: { $0.name.withUTF8Buffer { text.utf8.elementsEqual($0) } }) else {
            throw invalid(name)
        }
        return known.number
    }

    /// Reads a string.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Text) throws(WireError) {
        if let found = self.value(name) { value = try text(found, name) }
    }

    /// Reads a string with presence.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Text?) throws(WireError) {
        if let found = self.value(name) { value = try text(found, name) }
    }

    /// Reads bytes from base64.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [UInt8]) throws(WireError) {
        guard let found = self.value(name) else { return }
        guard let decoded = Base64.decode(try text(found, name).utf8) else { throw invalid(name) }
        value = decoded
    }

    /// Reads an `int64`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int64) throws(WireError) {
        if let found = self.value(name) { value = try int64(found, name) }
    }

    /// Reads an `int64` with presence.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int64?) throws(WireError) {
        if let found = self.value(name) { value = try int64(found, name) }
    }

    /// Reads a `uint64`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout UInt64) throws(WireError) {
        if let found = self.value(name) { value = try uint64(found, name) }
    }

    /// Reads an `int32`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int32) throws(WireError) {
        if let found = self.value(name) { value = try int32(found, name) }
    }

    /// Reads a `uint32`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout UInt32) throws(WireError) {
        guard let found = self.value(name) else { return }
        guard let parsed = UInt32(exactly: try uint64(found, name)) else { throw invalid(name) }
        value = parsed
    }

    /// Reads a `bool`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Bool) throws(WireError) {
        guard let found = self.value(name) else { return }
        guard case .bool(let flag) = found else { throw invalid(name) }
        value = flag
    }

    /// Reads a `double`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Double) throws(WireError) {
        if let found = self.value(name) { value = try double(found, name) }
    }

    /// Reads an enum.
    public mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout Int32, names: EnumNames
    ) throws(WireError) {
        if let found = self.value(name) { value = try enumeration(found, name, names) }
    }

    /// Reads an enum with presence.
    public mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout Int32?, names: EnumNames
    ) throws(WireError) {
        if let found = self.value(name) { value = try enumeration(found, name, names) }
    }

    /// Reads a message.
    public mutating func field<M: Message>(_ number: Int, _ name: StaticString, _ value: inout M?) throws(WireError) {
        guard let found = self.value(name) else { return }
        var message = M()
        var reader = try JSONMessageReader(found)
        try message.fields(&reader)
        value = message
    }

    /// Reads repeated messages.
    public mutating func field<M: Message>(_ number: Int, _ name: StaticString, _ value: inout [M]) throws(WireError) {
        for element in try elements(name) {
            var message = M()
            var reader = try JSONMessageReader(element)
            try message.fields(&reader)
            value.append(message)
        }
    }

    /// Reads repeated strings.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Text]) throws(WireError) {
        for element in try elements(name) { value.append(try text(element, name)) }
    }

    /// Reads repeated strings.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout TextTable) throws(WireError) {
        for element in try elements(name) { value.append(try text(element, name).utf8) }
    }

    /// Reads repeated `int64`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Int64]) throws(WireError) {
        for element in try elements(name) { value.append(try int64(element, name)) }
    }

    /// Reads repeated `uint64`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [UInt64]) throws(WireError) {
        for element in try elements(name) { value.append(try uint64(element, name)) }
    }

    /// Reads repeated `int32`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Int32]) throws(WireError) {
        for element in try elements(name) { value.append(try int32(element, name)) }
    }

    /// Reads repeated `double`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Double]) throws(WireError) {
        for element in try elements(name) { value.append(try double(element, name)) }
    }
}
