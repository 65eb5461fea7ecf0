public import Model

/// A protobuf message that lists its fields once; codecs walk the list to read and write both encodings.
public protocol Message: Sendable {
    /// The message with every field at its default.
    init()

    /// Hands every field to a codec, which reads or replaces its value.
    ///
    /// Names are those of the `.proto` file; codecs derive the JSON spelling.
    mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError)

    /// About how many bytes the binary encoding takes; 0 where that need not be known.
    ///
    /// A message inside another has its length in front. With a good guess, nothing is moved to make room for it.
    var usualByteCount: Int { get }
}

/// The values of a protobuf enum with their names.
public typealias EnumNames = [(number: Int32, name: StaticString)]

/// One direction of one encoding, walked over a message's fields.
///
/// Text is `Text`: bytes that were checked to be UTF-8 on the way in.
public protocol FieldCodec {
    /// A string.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout Text) throws(WireError)
    /// A string with presence.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout Text?) throws(WireError)
    /// Bytes.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout [UInt8]) throws(WireError)
    /// An `int64`.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int64) throws(WireError)
    /// An `int64` with presence.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int64?) throws(WireError)
    /// A `uint64`.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout UInt64) throws(WireError)
    /// An `int32`.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int32) throws(WireError)
    /// A `uint32`.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout UInt32) throws(WireError)
    /// A `fixed64`.
    mutating func fixed(_ number: Int, _ name: StaticString, _ value: inout UInt64) throws(WireError)
    /// Repeated `fixed64`, packed.
    mutating func fixed(_ number: Int, _ name: StaticString, _ value: inout [UInt64]) throws(WireError)
    /// A `bool`.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout Bool) throws(WireError)
    /// A `double`.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout Double) throws(WireError)
    /// An enum; an unknown number is kept.
    mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout Int32, names: EnumNames
    ) throws(WireError)
    /// An enum with presence.
    mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout Int32?, names: EnumNames
    ) throws(WireError)
    /// A message with presence.
    mutating func field<M: Message>(_ number: Int, _ name: StaticString, _ value: inout M?) throws(WireError)
    /// Repeated messages.
    mutating func field<M: Message>(_ number: Int, _ name: StaticString, _ value: inout [M]) throws(WireError)
    /// Repeated strings.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Text]) throws(WireError)
    /// Repeated strings in one buffer.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout TextTable) throws(WireError)
    /// Repeated `int64`, packed.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Int64]) throws(WireError)
    /// Repeated `int64`, packed, of which several messages may share the storage.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout ArraySlice<Int64>) throws(WireError)
    /// Repeated `uint64`, packed.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout [UInt64]) throws(WireError)
    /// Repeated `uint64`, packed, of which several messages may share the storage.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout ArraySlice<UInt64>) throws(WireError)
    /// Repeated `int32`, packed.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Int32]) throws(WireError)
    /// Repeated `double`, packed.
    mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Double]) throws(WireError)
}

extension FieldCodec {
    /// JSON does not tell fixed numbers from others.
    public mutating func fixed(_ number: Int, _ name: StaticString, _ value: inout UInt64) throws(WireError) {
        try field(number, name, &value)
    }

    /// JSON does not tell fixed numbers from others.
    public mutating func fixed(_ number: Int, _ name: StaticString, _ value: inout [UInt64]) throws(WireError) {
        try field(number, name, &value)
    }

    /// What is read is shared with nobody.
    public mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout ArraySlice<Int64>
    ) throws(WireError) {
        var numbers = Array(value)
        try field(number, name, &numbers)
        value = numbers[...]
    }

    /// What is read is shared with nobody; JSON is written as for an array.
    public mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout ArraySlice<UInt64>
    ) throws(WireError) {
        var numbers = Array(value)
        try field(number, name, &numbers)
        value = numbers[...]
    }
}

extension Message {
    /// Small messages need no guess.
    public var usualByteCount: Int { 0 }

    /// About how many bytes packed numbers take with their key and length.
    public static func usualByteCount(ofPacked count: Int) -> Int { 3 + count * BinaryMessageWriter.usualSize }

    /// Reads the binary encoding; what comes out may take `memoryLimit` bytes, for which `reserving` is asked in steps.
    public init(
        binary bytes: [UInt8], memoryLimit: Int = .max, reserving: @escaping (Int) -> Bool = { _ in true }
    ) throws(WireError) {
        self.init()
        var reader = try BinaryMessageReader(bytes[...], meter: DecodingMeter(limit: memoryLimit, reserving: reserving))
        try fields(&reader)
    }

    /// Reads the proto3 JSON encoding; the document's values may take `memoryLimit` bytes, for which `reserving` is asked in
    /// steps.
    public init(
        json bytes: [UInt8], memoryLimit: Int = .max, reserving: @escaping (Int) -> Bool = { _ in true }
    ) throws(WireError) {
        self.init()
        guard !bytes.allSatisfy({ $0 == 0x20 || $0 == 0x0a || $0 == 0x0d || $0 == 0x09 }) else {
            throw WireError("zero-length payload is not a valid JSON object")
        }
        var reader = try JSONMessageReader(JSONValue(parsing: bytes, memoryLimit: memoryLimit, reserving: reserving))
        try fields(&reader)
    }

    /// The binary encoding.
    public func binary() throws(WireError) -> [UInt8] {
        var writer = BinaryMessageWriter()
        var copy = self
        try copy.fields(&writer)
        return writer.bytes
    }

    /// The proto3 JSON encoding.
    public func json() throws(WireError) -> [UInt8] {
        var writer = JSONMessageWriter()
        var copy = self
        try copy.fields(&writer)
        return writer.finish()
    }
}
