import CDeflate
import Model

/// Gzip (RFC 1952) of whole bodies, with a ceiling on what comes out.
public enum Gzip {
    /// Why a body could not be inflated.
    public enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// The bytes are no gzip, or are cut short.
        case malformed
        /// Bytes follow the last member.
        case trailing(count: Int)
        /// More than the ceiling would come out.
        case tooLarge(limit: Int)
        /// More would come out than such a body can mean: it was made to fill memory.
        case bomb
        /// The caller has no memory for what would come out.
        case noRoom

        /// One line.
        public var description: String {
            switch self {
            case .malformed: "gzip: invalid header or data"
            case .trailing(let count): "gzip: invalid header: \(count) bytes follow the last member"
            case .tooLarge(let limit): "decompressed size exceeds maximum allowed size of \(limit) bytes"
            case .bomb:
                "gzip: more than \(Gzip.freeBytes) bytes come out of fewer than a \(Gzip.maxRatio)th of that"
            case .noRoom: "no memory is left to decompress in"
            }
        }
    }

    /// Whether bytes begin as gzip does: the magic number and method 8.
    public static func isGzip(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.starts(with: [0x1f, 0x8b, 8])
    }

    /// Up to this size any ratio is believed.
    static let freeBytes = 16 << 20
    /// What deflate itself can reach.
    private static let largestRatio = 1032
    /// Above `freeBytes`, how many times its compressed size a body may have.
    static let maxRatio = 256

    /// Inflates all members of a body, one after another.
    ///
    /// `reserving` is asked before memory is taken. What the last trailer says is too large is refused unread. One member of the
    /// announced size is inflated at once; what is more, or larger, is a stream, whose output grows by doubling, so that a bomb
    /// never costs more than the ceiling. Any byte after the last member is an error, as in the reference; an empty member is none.
    public static func inflate(
        _ bytes: [UInt8], limit: Int, reserving: (Int) -> Bool = { _ in true }
    ) throws(Problem) -> [UInt8] {
        guard isGzip(bytes), bytes.count >= 18 else { throw .malformed }
        let ceiling = min(limit, max(freeBytes, bytes.count.saturatingMultiply(maxRatio)))
        func tooMuch() -> Problem { ceiling < limit ? .bomb : .tooLarge(limit: limit) }
        // A true trailer tells the size of the last member, and a wrong one is an error in any case.
        let announced = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard announced <= bytes.count.saturatingMultiply(Self.largestRatio) else { throw .malformed }
        guard announced <= max(ceiling, freeBytes) else { throw tooMuch() }
        var output: [UInt8] = []
        var consumed = 0
        // Nearly all bodies are one member of the size that its trailer tells.
        if announced <= ceiling {
            consumed = try inflateWhole(bytes, announced: announced, into: &output, reserving) ?? 0
            if consumed == bytes.count { return output }
        }
        guard var stream = GzipStream() else { throw .noRoom }
        repeat {
            guard isGzip(bytes[consumed...]) else { throw .trailing(count: bytes.count - consumed) }
            // One byte beyond the ceiling tells "full" from "too large".
            let most = ceiling - output.count + 1
            switch stream.inflateMember(bytes, from: consumed, most: most, into: &output, reserving) {
            case .member(let byteCount): consumed += byteCount
            case .malformed: throw .malformed
            case .tooLarge: throw tooMuch()
            case .noRoom: throw .noRoom
            }
            guard output.count <= ceiling else { throw tooMuch() }
        } while consumed < bytes.count
        return output
    }

    /// Inflates the first member into room of the size that the last one announces, and returns how many bytes it took; nil, with
    /// nothing written, where it is larger.
    private static func inflateWhole(
        _ bytes: [UInt8], announced: Int, into output: inout [UInt8], _ reserving: (Int) -> Bool
    ) throws(Problem) -> Int? {
        guard let decompressor = libdeflate_alloc_decompressor() else { throw .noRoom }
        defer { libdeflate_free_decompressor(decompressor) }
        let room = max(announced, 1)
        guard reserving(room) else { throw .noRoom }
        var taken = 0
        var result = LIBDEFLATE_BAD_DATA
        output.append(addingCapacity: room) { free in
            free.withUnsafeMutableBufferPointer { buffer, count in
                var written = 0
                bytes.withUnsafeBytes { input in
                    result = libdeflate_gzip_decompress_ex(
                        decompressor, input.baseAddress, input.count, buffer.baseAddress.map { $0 + count }, room,
                        &taken, &written)
                }
                if result == LIBDEFLATE_SUCCESS { count += written }
            }
        }
        switch result {
        case LIBDEFLATE_SUCCESS: return taken
        case LIBDEFLATE_INSUFFICIENT_SPACE: return nil
        default: throw .malformed
        }
    }

    /// Deflates a body at the level that answers use: the fastest.
    public static func deflate(_ bytes: [UInt8]) -> [UInt8] {
        guard let compressor = libdeflate_alloc_compressor(1) else { return storedMember(bytes) }
        defer { libdeflate_free_compressor(compressor) }
        let bound = libdeflate_gzip_compress_bound(compressor, bytes.count)
        return [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            count = bytes.withUnsafeBytes {
                libdeflate_gzip_compress(compressor, $0.baseAddress, $0.count, buffer.baseAddress, bound)
            }
        }
    }

    /// A member that stores its content as it is; only memory exhaustion leads here.
    private static func storedMember(_ bytes: [UInt8]) -> [UInt8] {
        var member: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(0xffff)
            rest = rest.dropFirst(0xffff)
            member.append(rest.isEmpty ? 1 : 0)
            for length in [UInt16(block.count), ~UInt16(block.count)] {
                member.append(UInt8(truncatingIfNeeded: length))
                member.append(UInt8(truncatingIfNeeded: length >> 8))
            }
            member.append(contentsOf: block)
        } while !rest.isEmpty
        let checksum = bytes.withUnsafeBytes { libdeflate_crc32(0, $0.baseAddress, $0.count) }
        for word in [checksum, UInt32(truncatingIfNeeded: bytes.count)] {
            for shift in [0, 8, 16, 24] as [UInt32] { member.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return member
    }
}
