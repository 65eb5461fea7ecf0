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
    /// `reserving` is asked before memory is taken. What the last trailer says is too large is refused unread; otherwise the
    /// trailer is only a guess, and the output grows by doubling, so that a bomb never costs more than the ceiling. Any byte
    /// after the last member is an error, as in the reference; an empty member is none.
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
        guard let decompressor = libdeflate_alloc_decompressor() else { throw .noRoom }
        defer { libdeflate_free_decompressor(decompressor) }
        var output: [UInt8] = []
        var consumed = 0
        repeat {
            guard isGzip(bytes[consumed...]) else {
                throw consumed == 0 ? .malformed : .trailing(count: bytes.count - consumed)
            }
            // One byte beyond the ceiling tells "full" from "too large".
            let most = ceiling - output.count + 1
            guard most > 0 else { throw tooMuch() }
            let guess = consumed == 0 ? max(announced, 1) : output.capacity - output.count
            let member = try inflateMember(
                bytes, from: consumed, room: min(max(guess, 4096), most), most: most, with: decompressor,
                into: &output, reserving)
            guard let member, output.count <= ceiling else { throw tooMuch() }
            consumed += member
        } while consumed < bytes.count
        return output
    }

    /// Appends what the member at `start` holds, and returns the number of bytes that the member takes; nil if `most` bytes do
    /// not hold it.
    private static func inflateMember(
        _ bytes: [UInt8], from start: Int, room: Int, most: Int, with decompressor: OpaquePointer,
        into output: inout [UInt8], _ reserving: (Int) -> Bool
    ) throws(Problem) -> Int? {
        var room = room
        while true {
            let wanted = output.count + room
            if wanted > output.capacity {
                guard reserving(wanted - output.capacity) else { throw .noRoom }
                // To the byte: growing by itself would take twice what was reserved.
                output.reserveCapacity(wanted)
            }
            var taken = 0
            var result = LIBDEFLATE_BAD_DATA
            output.append(addingCapacity: room) { free in
                free.withUnsafeMutableBufferPointer { buffer, count in
                    var written = 0
                    bytes.withUnsafeBytes { input in
                        result = libdeflate_gzip_decompress_ex(
                            decompressor, input.baseAddress.map { $0 + start }, input.count - start,
                            buffer.baseAddress.map { $0 + count }, room, &taken, &written)
                    }
                    if result == LIBDEFLATE_SUCCESS { count += written }
                }
            }
            switch result {
            case LIBDEFLATE_SUCCESS: return taken
            case LIBDEFLATE_INSUFFICIENT_SPACE:
                guard room < most else { return nil }
                room = min(room.saturatingMultiply(2), most)
            default:
                throw .malformed
            }
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
