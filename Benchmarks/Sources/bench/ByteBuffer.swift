/// Bytes that are written and cleared many times: protobuf without an allocation for each nested message.
struct ByteBuffer: ~Copyable {
    private var storage: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(capacity: Int) { storage = .allocate(capacity: capacity) }

    deinit { storage.deallocate() }

    var array: [UInt8] { Array(storage[..<count]) }

    mutating func clear() { count = 0 }

    private mutating func reserve(_ more: Int) {
        guard count + more > storage.count else { return }
        let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(storage.count * 2, count + more))
        for index in 0..<count { larger[index] = storage[index] }
        storage.deallocate()
        storage = larger
    }

    mutating func varint(_ value: UInt64) {
        reserve(10)
        var rest = value
        while rest >= 0x80 {
            storage[count] = UInt8(truncatingIfNeeded: rest) | 0x80
            count += 1
            rest >>= 7
        }
        storage[count] = UInt8(rest)
        count += 1
    }

    /// A numeric field.
    mutating func number(_ field: Int, _ value: UInt64) {
        varint(UInt64(field) << 3)
        varint(value)
    }

    /// A field of bytes.
    mutating func field(_ field: Int, _ content: [UInt8]) {
        content.withUnsafeBufferPointer { self.field(field, $0) }
    }

    /// A field of what another buffer holds.
    mutating func field(_ field: Int, _ content: borrowing ByteBuffer) {
        self.field(field, UnsafeBufferPointer(rebasing: content.storage[..<content.count]))
    }

    mutating func field(_ field: Int, _ content: UnsafeBufferPointer<UInt8>) {
        varint(UInt64(field) << 3 | 2)
        varint(UInt64(content.count))
        reserve(content.count)
        UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: storage[count...]))
            .copyMemory(from: UnsafeRawBufferPointer(content))
        count += content.count
    }
}
