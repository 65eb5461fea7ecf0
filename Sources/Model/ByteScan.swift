/// Looks through many bytes, eight at a time.
public enum ByteScan {
    /// Whether all bytes are ASCII.
    public static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let raw = UnsafeRawBufferPointer(bytes)
        var offset = 0
        var union: UInt64 = 0
        while offset + 8 <= raw.count {
            union |= raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < raw.count {
            union |= UInt64(raw[offset])
            offset += 1
        }
        return union & 0x8080_8080_8080_8080 == 0
    }

    /// Whether two runs of one length have the same bytes.
    ///
    /// - Precondition: `left.count == right.count`
    public static func isEqual(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
        precondition(left.count == right.count)
        let (left, right) = (UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
        var offset = 0
        while offset + 8 <= left.count {
            if left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                != right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            {
                return false
            }
            offset += 8
        }
        while offset < left.count {
            if left[offset] != right[offset] { return false }
            offset += 1
        }
        return true
    }

    /// Where a byte first occurs at or after an offset, or nil.
    public static func first(_ byte: UInt8, in bytes: UnsafeBufferPointer<UInt8>, from start: Int = 0) -> Int? {
        let raw = UnsafeRawBufferPointer(bytes)
        let pattern = UInt64(byte) &* 0x0101_0101_0101_0101
        var offset = start
        while offset + 8 <= raw.count {
            let difference = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ pattern
            // Not 0 just where a byte of the difference is 0.
            if (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080 != 0 { break }
            offset += 8
        }
        while offset < raw.count {
            if raw[offset] == byte { return offset }
            offset += 1
        }
        return nil
    }
}
