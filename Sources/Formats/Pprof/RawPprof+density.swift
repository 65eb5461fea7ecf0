import Wire

extension RawPprof {
    /// Refuses bytes that would take far more memory than they are long: messages of a few bytes or none, in great number.
    ///
    /// No real profile comes near the bound, as its locations, functions and samples have contents.
    static func checkDensity(_ bytes: Span<UInt8>) throws(WireError) {
        var cursor = ProtobufCursor(offset: 0, end: bytes.count)
        var weight = 0
        while !cursor.isAtEnd {
            let (number, type) = try ProtobufReader.field(bytes, &cursor)
            switch (number, type) {
            case (1, .bytes): weight += MemoryLayout<ValueType>.stride
            case (2, .bytes): weight += 3 * MemoryLayout<Int>.stride
            case (3, .bytes): weight += MemoryLayout<Mapping>.stride
            case (4, .bytes): weight += MemoryLayout<Location>.stride
            case (5, .bytes): weight += MemoryLayout<Function>.stride
            default: break
            }
            try ProtobufReader.skip(type, bytes, &cursor)
        }
        guard weight <= 8 * bytes.count + 4096 else {
            throw WireError("messages without contents: \(bytes.count) bytes would take \(weight) of memory")
        }
    }
}
