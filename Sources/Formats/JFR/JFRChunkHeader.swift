/// The first 68 bytes of a chunk; all its numbers are big-endian.
struct JFRChunkHeader {
    /// The number of bytes before the first event.
    static let byteCount = 68

    /// Where the chunk begins.
    var start: Int
    /// Where the chunk ends, which is beyond the recording if that was cut short.
    var end: Int
    /// Where the last pool event begins.
    var constantPool: Int
    /// Where the metadata event begins.
    var metadata: Int

    /// Reads the header at an offset.
    init(_ bytes: Span<UInt8>, at start: Int) throws(FormatError) {
        func invalid(_ what: String) -> FormatError {
            FormatError(.unreadable, "jfr: \(what) (chunk at byte \(start))")
        }
        guard bytes.count - start >= 4 else { throw JFRReader.unexpectedEnd(bytes.count) }
        guard JFRReader.bigEndian(bytes, at: start, count: 4) == 0x464c_5200 else {
            throw invalid("invalid chunk magic")
        }
        guard bytes.count - start >= Self.byteCount else { throw JFRReader.unexpectedEnd(bytes.count) }
        guard JFRReader.bigEndian(bytes, at: start + 4, count: 2) == 2 else { throw invalid("unknown version") }
        // Whatever does not fit 62 bits lies beyond every recording, and sums of what fits cannot overflow.
        func offset(_ place: Int) -> Int? {
            let value = JFRReader.bigEndian(bytes, at: start + place, count: 8)
            return value > 0 && value < 1 << 62 ? Int(value) : nil
        }
        guard let size = offset(8), size >= Self.byteCount else { throw invalid("invalid size") }
        guard let constantPool = offset(16), let metadata = offset(24) else { throw invalid("invalid offsets") }
        self.start = start
        self.end = start + size
        self.constantPool = start + constantPool
        self.metadata = start + metadata
    }
}
