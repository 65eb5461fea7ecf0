public import Model

/// Reads a message's fields from the binary encoding.
///
/// Each field is looked for in the whole message, so that fields may lie in any order, the last one of a singular field wins,
/// unknown ones are passed over, and nothing but the message itself takes memory.
public struct BinaryMessageReader: FieldCodec {
    private struct Entry {
        let number: Int
        let type: ProtobufWireType
        /// The value of a varint or fixed field.
        let number64: UInt64
        /// Where the content of a bytes field lies.
        let content: Range<Int>
    }

    /// Messages inside messages; deeper ones are refused.
    static let maxDepth = 32

    private let bytes: ArraySlice<UInt8>
    private let depth: Int
    private let meter: DecodingMeter

    /// Checks the framing of all fields.
    init(_ bytes: ArraySlice<UInt8>, depth: Int = 0, meter: DecodingMeter) throws(WireError) {
        guard depth <= Self.maxDepth else { throw WireError("messages are nested too deep") }
        self.bytes = bytes
        self.depth = depth
        self.meter = meter
        let span = bytes.span
        var cursor = ProtobufCursor(offset: 0, end: span.count)
        while !cursor.isAtEnd {
            let (_, type) = try ProtobufReader.field(span, &cursor)
            try ProtobufReader.skip(type, span, &cursor)
        }
    }

    private func forEach(_ number: Int, _ body: (Entry) throws(WireError) -> Void) throws(WireError) {
        let span = bytes.span
        var cursor = ProtobufCursor(offset: 0, end: span.count)
        while !cursor.isAtEnd {
            let (found, type) = try ProtobufReader.field(span, &cursor)
            guard found == number else {
                try ProtobufReader.skip(type, span, &cursor)
                continue
            }
            var value: UInt64 = 0
            var content = 0..<0
            switch type {
            case .varint: value = try ProtobufReader.varint(span, &cursor)
            case .fixed64: value = try ProtobufReader.fixed64(span, &cursor)
            case .fixed32: value = UInt64(try ProtobufReader.fixed32(span, &cursor))
            case .bytes:
                let inner = try ProtobufReader.message(span, &cursor)
                content = bytes.startIndex + inner.offset..<bytes.startIndex + inner.end
            }
            try body(Entry(number: found, type: type, number64: value, content: content))
        }
    }

    private func last(_ number: Int, _ type: ProtobufWireType) throws(WireError) -> Entry? {
        var last: Entry?
        try forEach(number) { entry throws(WireError) in
            if entry.type == type { last = entry }
        }
        return last
    }

    private func text(_ content: Range<Int>, _ name: StaticString) throws(WireError) -> Text {
        try meter.spend(content.count)
        let text = Text(utf8: Array(bytes[content]))
        guard text.isValidUTF8 else { throw WireError("string field \(name) contains invalid UTF-8") }
        return text
    }

    /// Reads a string.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Text) throws(WireError) {
        if let entry = try last(number, .bytes) { value = try text(entry.content, name) }
    }

    /// Reads a string with presence.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Text?) throws(WireError) {
        if let entry = try last(number, .bytes) { value = try text(entry.content, name) }
    }

    /// Reads bytes.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [UInt8]) throws(WireError) {
        guard let entry = try last(number, .bytes) else { return }
        try meter.spend(entry.content.count)
        value = Array(bytes[entry.content])
    }

    /// Reads an `int64`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int64) throws(WireError) {
        if let entry = try last(number, .varint) { value = Int64(bitPattern: entry.number64) }
    }

    /// Reads an `int64` with presence.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int64?) throws(WireError) {
        if let entry = try last(number, .varint) { value = Int64(bitPattern: entry.number64) }
    }

    /// Reads a `uint64`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout UInt64) throws(WireError) {
        if let entry = try last(number, .varint) { value = entry.number64 }
    }

    /// Reads a `fixed64`.
    public mutating func fixed(_ number: Int, _ name: StaticString, _ value: inout UInt64) throws(WireError) {
        if let entry = try last(number, .fixed64) { value = entry.number64 }
    }

    /// Reads repeated `fixed64`, packed or not.
    public mutating func fixed(_ number: Int, _ name: StaticString, _ value: inout [UInt64]) throws(WireError) {
        try forEach(number) { entry throws(WireError) in
            switch entry.type {
            case .fixed64:
                try meter.spend(Self.unpackedSize)
                value.append(entry.number64)
            case .bytes:
                try meter.spend(2 * entry.content.count)
                let span = bytes[entry.content].span
                var cursor = ProtobufCursor(offset: 0, end: span.count)
                while !cursor.isAtEnd { value.append(try ProtobufReader.fixed64(span, &cursor)) }
            case .varint, .fixed32: break
            }
        }
    }

    /// Reads an `int32`, cut to its low bits as every protobuf reader does.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int32) throws(WireError) {
        if let entry = try last(number, .varint) { value = Int32(truncatingIfNeeded: entry.number64) }
    }

    /// Reads a `uint32`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout UInt32) throws(WireError) {
        if let entry = try last(number, .varint) { value = UInt32(truncatingIfNeeded: entry.number64) }
    }

    /// Reads a `bool`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Bool) throws(WireError) {
        if let entry = try last(number, .varint) { value = entry.number64 != 0 }
    }

    /// Reads a `double`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Double) throws(WireError) {
        if let entry = try last(number, .fixed64) { value = Double(bitPattern: entry.number64) }
    }

    /// Reads an enum.
    public mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout Int32, names: EnumNames
    ) throws(WireError) {
        try field(number, name, &value)
    }

    /// Reads an enum with presence.
    public mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout Int32?, names: EnumNames
    ) throws(WireError) {
        if let entry = try last(number, .varint) { value = Int32(truncatingIfNeeded: entry.number64) }
    }

    /// Reads a message; one that comes in several pieces is merged field by field.
    public mutating func field<M: Message>(_ number: Int, _ name: StaticString, _ value: inout M?) throws(WireError) {
        try forEach(number) { entry throws(WireError) in
            guard entry.type == .bytes else { return }
            var message = value ?? M()
            // Held once, so that its lists grow in place.
            value = nil
            var reader = try BinaryMessageReader(bytes[entry.content], depth: depth + 1, meter: meter)
            try message.fields(&reader)
            value = message
        }
    }

    /// Reads repeated messages.
    public mutating func field<M: Message>(_ number: Int, _ name: StaticString, _ value: inout [M]) throws(WireError) {
        try forEach(number) { entry throws(WireError) in
            guard entry.type == .bytes else { return }
            // A list grows by doubling.
            try meter.spend(2 * MemoryLayout<M>.stride)
            var message = M()
            var reader = try BinaryMessageReader(bytes[entry.content], depth: depth + 1, meter: meter)
            try message.fields(&reader)
            value.append(message)
        }
    }

    /// Reads repeated strings.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Text]) throws(WireError) {
        try forEach(number) { entry throws(WireError) in
            guard entry.type == .bytes else { return }
            try meter.spend(MemoryLayout<Text>.stride + 32)
            value.append(try text(entry.content, name))
        }
    }

    /// Reads repeated strings.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout TextTable) throws(WireError) {
        try forEach(number) { entry throws(WireError) in
            guard entry.type == .bytes else { return }
            try meter.spend(8)
            value.append(try text(entry.content, name).utf8)
        }
    }

    /// Reads repeated `int64`, packed or not.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Int64]) throws(WireError) {
        try numbers(number, &value)
    }

    /// Reads repeated `uint64`, packed or not.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [UInt64]) throws(WireError) {
        try numbers(number, &value)
    }

    /// Reads repeated `int32`, packed or not, each cut to its low bits.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Int32]) throws(WireError) {
        try numbers(number, &value)
    }

    private mutating func numbers<Value: FixedWidthInteger>(
        _ number: Int, _ value: inout [Value]
    ) throws(WireError) {
        try forEach(number) { entry throws(WireError) in
            switch entry.type {
            case .varint:
                try meter.spend(Self.unpackedSize)
                value.append(Value(truncatingIfNeeded: entry.number64))
            case .bytes:
                try meter.spend(8 * entry.content.count)
                let span = bytes[entry.content].span
                var cursor = ProtobufCursor(offset: 0, end: span.count)
                while !cursor.isAtEnd {
                    value.append(Value(truncatingIfNeeded: try ProtobufReader.varint(span, &cursor)))
                }
            case .fixed64, .fixed32: break
            }
        }
    }

    /// What a number takes that comes alone, in a list that grows by doubling.
    private static let unpackedSize = 16

    /// Reads repeated `double`, packed or not.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Double]) throws(WireError) {
        try forEach(number) { entry throws(WireError) in
            switch entry.type {
            case .fixed64:
                try meter.spend(Self.unpackedSize)
                value.append(Double(bitPattern: entry.number64))
            case .bytes:
                try meter.spend(2 * entry.content.count)
                let span = bytes[entry.content].span
                var cursor = ProtobufCursor(offset: 0, end: span.count)
                while !cursor.isAtEnd {
                    value.append(Double(bitPattern: try ProtobufReader.fixed64(span, &cursor)))
                }
            case .varint, .fixed32: break
            }
        }
    }
}
