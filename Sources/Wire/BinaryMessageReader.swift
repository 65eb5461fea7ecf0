public import Model

/// Reads a message's fields from the binary encoding.
///
/// Where each field lies is noted first, so their order on the wire does not matter, the last one of a singular field wins, and
/// unknown ones are passed over.
public struct BinaryMessageReader: FieldCodec {
    private struct Entry {
        let number: Int
        let type: ProtobufWireType
        /// The value of a varint or fixed field.
        let number64: UInt64
        /// The content of a bytes field.
        let content: ArraySlice<UInt8>
    }

    /// Messages inside messages; deeper ones are refused.
    static let maxDepth = 32

    private var entries: [Entry] = []
    private let depth: Int

    init(_ bytes: ArraySlice<UInt8>, depth: Int = 0) throws(WireError) {
        guard depth <= Self.maxDepth else { throw WireError("messages are nested too deep") }
        self.depth = depth
        let span = bytes.span
        let base = bytes.startIndex
        var cursor = ProtobufCursor(offset: 0, end: span.count)
        while !cursor.isAtEnd {
            let (number, type) = try ProtobufReader.field(span, &cursor)
            var value: UInt64 = 0
            var content = bytes[base..<base]
            switch type {
            case .varint: value = try ProtobufReader.varint(span, &cursor)
            case .fixed64: value = try ProtobufReader.fixed64(span, &cursor)
            case .fixed32: value = UInt64(try ProtobufReader.fixed32(span, &cursor))
            case .bytes:
                let inner = try ProtobufReader.message(span, &cursor)
                content = bytes[base + inner.offset..<base + inner.end]
            }
            entries.append(Entry(number: number, type: type, number64: value, content: content))
        }
    }

    private func last(_ number: Int, _ type: ProtobufWireType) -> Entry? {
        entries.last { $0.number == number && $0.type == type }
    }

    private static func text(_ content: ArraySlice<UInt8>) throws(WireError) -> Text {
        let text = Text(utf8: Array(content))
        guard text.isValidUTF8 else { throw WireError("string field contains invalid UTF-8") }
        return text
    }

    /// Reads a string.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Text) throws(WireError) {
        if let entry = last(number, .bytes) { value = try Self.text(entry.content) }
    }

    /// Reads a string with presence.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Text?) throws(WireError) {
        if let entry = last(number, .bytes) { value = try Self.text(entry.content) }
    }

    /// Reads bytes.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [UInt8]) throws(WireError) {
        if let entry = last(number, .bytes) { value = Array(entry.content) }
    }

    /// Reads an `int64`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int64) throws(WireError) {
        if let entry = last(number, .varint) { value = Int64(bitPattern: entry.number64) }
    }

    /// Reads an `int64` with presence.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int64?) throws(WireError) {
        if let entry = last(number, .varint) { value = Int64(bitPattern: entry.number64) }
    }

    /// Reads a `uint64`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout UInt64) throws(WireError) {
        if let entry = last(number, .varint) { value = entry.number64 }
    }

    /// Reads a `fixed64`.
    public mutating func fixed(_ number: Int, _ name: StaticString, _ value: inout UInt64) throws(WireError) {
        if let entry = last(number, .fixed64) { value = entry.number64 }
    }

    /// Reads repeated `fixed64`, packed or not.
    public mutating func fixed(_ number: Int, _ name: StaticString, _ value: inout [UInt64]) throws(WireError) {
        for entry in entries where entry.number == number {
            switch entry.type {
            case .fixed64: value.append(entry.number64)
            case .bytes:
                let span = entry.content.span
                var cursor = ProtobufCursor(offset: 0, end: span.count)
                while !cursor.isAtEnd { value.append(try ProtobufReader.fixed64(span, &cursor)) }
            case .varint, .fixed32: break
            }
        }
    }

    /// Reads an `int32`, cut to its low bits as every protobuf reader does.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int32) throws(WireError) {
        if let entry = last(number, .varint) { value = Int32(truncatingIfNeeded: entry.number64) }
    }

    /// Reads a `uint32`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout UInt32) throws(WireError) {
        if let entry = last(number, .varint) { value = UInt32(truncatingIfNeeded: entry.number64) }
    }

    /// Reads a `bool`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Bool) throws(WireError) {
        if let entry = last(number, .varint) { value = entry.number64 != 0 }
    }

    /// Reads a `double`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Double) throws(WireError) {
        if let entry = last(number, .fixed64) { value = Double(bitPattern: entry.number64) }
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
        if let entry = last(number, .varint) { value = Int32(truncatingIfNeeded: entry.number64) }
    }

    /// Reads a message; one that comes in several pieces is merged field by field.
    public mutating func field<M: Message>(_ number: Int, _ name: StaticString, _ value: inout M?) throws(WireError) {
        for entry in entries where entry.number == number && entry.type == .bytes {
            var message = value ?? M()
            var reader = try BinaryMessageReader(entry.content, depth: depth + 1)
            try message.fields(&reader)
            value = message
        }
    }

    /// Reads repeated messages.
    public mutating func field<M: Message>(_ number: Int, _ name: StaticString, _ value: inout [M]) throws(WireError) {
        for entry in entries where entry.number == number && entry.type == .bytes {
            var message = M()
            var reader = try BinaryMessageReader(entry.content, depth: depth + 1)
            try message.fields(&reader)
            value.append(message)
        }
    }

    /// Reads repeated strings.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Text]) throws(WireError) {
        for entry in entries where entry.number == number && entry.type == .bytes {
            value.append(try Self.text(entry.content))
        }
    }

    /// Reads repeated `int64`, packed or not.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Int64]) throws(WireError) {
        var numbers: [UInt64] = []
        try field(number, name, &numbers)
        value.append(contentsOf: numbers.map { Int64(bitPattern: $0) })
    }

    /// Reads repeated `uint64`, packed or not.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [UInt64]) throws(WireError) {
        for entry in entries where entry.number == number {
            switch entry.type {
            case .varint: value.append(entry.number64)
            case .bytes:
                let span = entry.content.span
                var cursor = ProtobufCursor(offset: 0, end: span.count)
                while !cursor.isAtEnd { value.append(try ProtobufReader.varint(span, &cursor)) }
            case .fixed64, .fixed32: break
            }
        }
    }

    /// Reads repeated `int32`, packed or not.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Int32]) throws(WireError) {
        var numbers: [UInt64] = []
        try field(number, name, &numbers)
        value.append(contentsOf: numbers.map { Int32(truncatingIfNeeded: $0) })
    }

    /// Reads repeated `double`, packed or not.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Double]) throws(WireError) {
        for entry in entries where entry.number == number {
            switch entry.type {
            case .fixed64: value.append(Double(bitPattern: entry.number64))
            case .bytes:
                let span = entry.content.span
                var cursor = ProtobufCursor(offset: 0, end: span.count)
                while !cursor.isAtEnd {
                    value.append(Double(bitPattern: try ProtobufReader.fixed64(span, &cursor)))
                }
            case .varint, .fixed32: break
            }
        }
    }
}
