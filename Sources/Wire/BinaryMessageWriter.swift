public import Model

/// Writes a message's fields in the binary encoding; fields at their default are left out.
public struct BinaryMessageWriter: FieldCodec {
    var bytes: [UInt8] = []

    /// Writes a string.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Text) throws(WireError) {
        if !value.isEmpty { ProtobufWriter.field(number, value.utf8, to: &bytes) }
    }

    /// Writes a string if it is there.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Text?) throws(WireError) {
        if let value { ProtobufWriter.field(number, value.utf8, to: &bytes) }
    }

    /// Writes bytes.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [UInt8]) throws(WireError) {
        if !value.isEmpty { ProtobufWriter.field(number, value, to: &bytes) }
    }

    /// Writes an `int64`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int64) throws(WireError) {
        if value != 0 { varint(number, UInt64(bitPattern: value)) }
    }

    /// Writes an `int64` if it is there.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int64?) throws(WireError) {
        if let value { varint(number, UInt64(bitPattern: value)) }
    }

    /// Writes a `uint64`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout UInt64) throws(WireError) {
        if value != 0 { varint(number, value) }
    }

    /// Writes a `fixed64`.
    public mutating func fixed(_ number: Int, _ name: StaticString, _ value: inout UInt64) throws(WireError) {
        guard value != 0 else { return }
        ProtobufWriter.key(number, .fixed64, to: &bytes)
        ProtobufWriter.fixed64(value, to: &bytes)
    }

    /// Writes repeated `fixed64`, packed.
    public mutating func fixed(_ number: Int, _ name: StaticString, _ value: inout [UInt64]) throws(WireError) {
        guard !value.isEmpty else { return }
        var packed: [UInt8] = []
        for number in value { ProtobufWriter.fixed64(number, to: &packed) }
        ProtobufWriter.field(number, packed, to: &bytes)
    }

    /// Writes an `int32`, sign-extended as the format wants it.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Int32) throws(WireError) {
        if value != 0 { varint(number, UInt64(bitPattern: Int64(value))) }
    }

    /// Writes a `uint32`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout UInt32) throws(WireError) {
        if value != 0 { varint(number, UInt64(value)) }
    }

    /// Writes a `bool`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Bool) throws(WireError) {
        if value { varint(number, 1) }
    }

    /// Writes a `double`.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout Double) throws(WireError) {
        if value.bitPattern != 0 {
            ProtobufWriter.key(number, .fixed64, to: &bytes)
            ProtobufWriter.fixed64(value.bitPattern, to: &bytes)
        }
    }

    /// Writes an enum.
    public mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout Int32, names: EnumNames
    ) throws(WireError) {
        try field(number, name, &value)
    }

    /// Writes an enum if it is there.
    public mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout Int32?, names: EnumNames
    ) throws(WireError) {
        if let value { varint(number, UInt64(bitPattern: Int64(value))) }
    }

    /// Writes a message if it is there.
    public mutating func field<M: Message>(_ number: Int, _ name: StaticString, _ value: inout M?) throws(WireError) {
        if var message = value { try write(number, &message) }
    }

    /// Writes repeated messages.
    public mutating func field<M: Message>(_ number: Int, _ name: StaticString, _ value: inout [M]) throws(WireError) {
        // Each is taken out, as changing it in place would copy an array that somebody else has too.
        for var message in value { try write(number, &message) }
    }

    /// Writes repeated strings.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Text]) throws(WireError) {
        for text in value { ProtobufWriter.field(number, text.utf8, to: &bytes) }
    }

    /// Writes repeated strings.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout TextTable) throws(WireError) {
        // Each text has a key and a length before it.
        let size = bytes.count + value.bytes.count + 4 * value.count
        if size > bytes.capacity { bytes.reserveCapacity(max(size, 2 * bytes.capacity)) }
        for index in 0..<value.count { value.withBytes(index) { ProtobufWriter.field(number, $0, to: &bytes) } }
    }

    /// Writes repeated `int64`, packed.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Int64]) throws(WireError) {
        value.withUnsafeBufferPointer { pack(number, $0) }
    }

    /// Writes repeated `int64`, packed.
    public mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout ArraySlice<Int64>
    ) throws(WireError) {
        value.withUnsafeBufferPointer { pack(number, $0) }
    }

    /// Writes repeated `uint64`, packed.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [UInt64]) throws(WireError) {
        value.withUnsafeBufferPointer { pack(number, $0) }
    }

    /// Writes repeated `uint64`, packed.
    public mutating func field(
        _ number: Int, _ name: StaticString, _ value: inout ArraySlice<UInt64>
    ) throws(WireError) {
        value.withUnsafeBufferPointer { pack(number, $0) }
    }

    /// Writes repeated `int32`, packed.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Int32]) throws(WireError) {
        value.withUnsafeBufferPointer { pack(number, $0) }
    }

    /// Writes repeated `double`, packed.
    public mutating func field(_ number: Int, _ name: StaticString, _ value: inout [Double]) throws(WireError) {
        guard !value.isEmpty else { return }
        ProtobufWriter.key(number, .bytes, to: &bytes)
        ProtobufWriter.varint(UInt64(value.count * 8), to: &bytes)
        for number in value { ProtobufWriter.fixed64(number.bitPattern, to: &bytes) }
    }

    private mutating func varint(_ number: Int, _ value: UInt64) {
        ProtobufWriter.key(number, .varint, to: &bytes)
        ProtobufWriter.varint(value, to: &bytes)
    }

    /// Writes numbers one after another, and their length in front once it is known; those with a sign as 64 bits.
    @inline(__always)
    private mutating func pack(_ number: Int, _ values: UnsafeBufferPointer<some FixedWidthInteger>) {
        guard !values.isEmpty else { return }
        ProtobufWriter.key(number, .bytes, to: &bytes)
        // A length takes ten bytes at most, and so does a number; the last of them is stored as a whole word.
        bytes.append(addingCapacity: (values.count + 1) * 10 + 8) { free in
            free.withUnsafeMutableBufferPointer { buffer, count in
                // Room for a length of as many bytes as it has most likely, so that nothing needs to be moved.
                let expected = ProtobufWriter.size(of: UInt64(values.count * Self.usualSize))
                let prefix = UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped + count)
                let content = prefix + expected
                var end = content
                for value in values { end = ProtobufWriter.store(UInt64(truncatingIfNeeded: value), at: end) }
                let size = end - content
                let width = ProtobufWriter.size(of: UInt64(size))
                if width != expected { (prefix + width).copyMemory(from: content, byteCount: size) }
                for place in 0..<width {
                    let group = UInt8(truncatingIfNeeded: size >> (7 * place)) & 0x7f
                    prefix.storeBytes(of: place < width - 1 ? group | 0x80 : group, toByteOffset: place, as: UInt8.self)
                }
                count += width + size
            }
        }
    }

    /// So many bytes a packed number takes as a rule.
    static let usualSize = 3

    /// Writes a message in place, so that a profile of many small messages makes no buffer for each.
    private mutating func write<M: Message>(_ number: Int, _ message: inout M) throws(WireError) {
        ProtobufWriter.key(number, .bytes, to: &bytes)
        let start = bytes.count
        let expected = message.usualByteCount
        let room = ProtobufWriter.size(of: UInt64(expected))
        if start + expected > bytes.capacity { bytes.reserveCapacity(max(start + expected + 16, 2 * bytes.capacity)) }
        bytes.append(contentsOf: repeatElement(0, count: room))
        try message.fields(&self)
        ProtobufWriter.setLength(at: start..<start + room, of: &bytes)
    }
}
