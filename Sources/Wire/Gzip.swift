import CDeflate
import Model

/// Gzip (RFC 1952) of whole bodies, with a ceiling on what comes out.
public enum Gzip {
    /// Why a body could not be inflated.
    public enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// The bytes are no gzip, are cut short, or something follows the last member.
        case malformed
        /// More than the ceiling would come out.
        case tooLarge(limit: Int)

        /// One line.
        public var description: String {
            switch self {
            case .malformed: "gzip: invalid header or data"
            case .tooLarge(let limit): "decompressed size exceeds maximum allowed size of \(limit) bytes"
            }
        }
    }

    /// Whether bytes begin as gzip does: the magic number and method 8.
    public static func isGzip(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.starts(with: [0x1f, 0x8b, 8])
    }

    /// Inflates all members of a body, one after another.
    ///
    /// The output grows by doubling, so that a bomb never costs more than the ceiling; the size in the trailer is not
    /// trusted. Any byte after the last member is an error, as in the reference; an empty member is none.
    public static func inflate(_ bytes: [UInt8], limit: Int) throws(Problem) -> [UInt8] {
        guard let decompressor = libdeflate_alloc_decompressor() else { throw .malformed }
        defer { libdeflate_free_decompressor(decompressor) }
        var output: [UInt8] = []
        var consumed = 0
        repeat {
            guard isGzip(bytes[consumed...]) else { throw .malformed }
            consumed += try inflateMember(bytes, from: consumed, limit: limit, with: decompressor, into: &output)
        } while consumed < bytes.count
        return output
    }

    /// Appends what the member at `start` holds, and returns the number of bytes that the member takes.
    private static func inflateMember(
        _ bytes: [UInt8], from start: Int, limit: Int, with decompressor: OpaquePointer, into output: inout [UInt8]
    ) throws(Problem) -> Int {
        // One byte beyond the limit tells "full" from "too large".
        let most = limit.saturatingSubtract(output.count).saturatingAdd(1)
        guard most > 0 else { throw .tooLarge(limit: limit) }
        let guess = output.isEmpty ? (bytes.count - start).saturatingMultiply(4) : output.capacity - output.count
        var room = min(max(guess, 4096), most)
        while true {
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
            case LIBDEFLATE_SUCCESS:
                guard output.count <= limit else { throw .tooLarge(limit: limit) }
                return taken
            case LIBDEFLATE_INSUFFICIENT_SPACE:
                guard room < most else { throw .tooLarge(limit: limit) }
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
