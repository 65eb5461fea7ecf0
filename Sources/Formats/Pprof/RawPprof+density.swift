import Wire

extension RawPprof {
    /// Refuses bytes that would take far more memory than they are long: messages of a few bytes or none, in great number.
    ///
    /// No real profile comes near the bound, as its locations, functions and samples have contents.
    static func checkDensity(_ bytes: Span<UInt8>) throws(WireError) -> MessageCounts {
        var cursor = ProtobufCursor(offset: 0, end: bytes.count)
        var counts = MessageCounts()
        while !cursor.isAtEnd {
            let (number, type) = try ProtobufReader.field(bytes, &cursor)
            switch (number, type) {
            case (1, .bytes): counts.sampleTypes += 1
            case (2, .bytes): counts.samples += 1
            case (3, .bytes): counts.mappings += 1
            case (4, .bytes): counts.locations += 1
            case (5, .bytes): counts.functions += 1
            case (6, .bytes): counts.strings += 1
            default: break
            }
            try ProtobufReader.skip(type, bytes, &cursor)
        }
        guard counts.byteCount <= 8 * bytes.count + 4096 else {
            throw WireError(
                "messages without contents: \(bytes.count) bytes would take \(counts.byteCount) of memory")
        }
        return counts
    }

    /// How many messages of each kind a pprof holds.
    struct MessageCounts {
        var sampleTypes = 0
        var samples = 0
        var mappings = 0
        var locations = 0
        var functions = 0
        var strings = 0

        /// What they take in columns even where they are empty.
        var byteCount: Int {
            sampleTypes * MemoryLayout<ValueType>.stride + samples * 3 * MemoryLayout<Int>.stride
                + mappings * MemoryLayout<Mapping>.stride + locations * MemoryLayout<Location>.stride
                + functions * MemoryLayout<Function>.stride
        }
    }
}
