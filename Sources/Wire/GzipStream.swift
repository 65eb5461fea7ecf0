import CZlib

/// Members of gzip whose size nobody tells in advance, inflated piece by piece by zlib, which goes on where a decoder of whole
/// buffers would have to begin again.
struct GzipStream: ~Copyable {
    /// How a member ended.
    enum Outcome {
        /// It is whole, and took so many bytes.
        case member(byteCount: Int)
        /// It is no gzip, or cut short.
        case malformed
        /// It holds more than what was allowed.
        case tooLarge
        /// The caller has no memory for what comes out.
        case noRoom
    }

    // zlib's state points back to it, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    /// How many bytes of room are made at least.
    private static let leastRoom = 64 << 10

    /// Nil where memory is exhausted.
    init?() {
        stream = .allocate(capacity: 1)
        guard czlib_inflate_begin(stream) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Appends what the member at `start` holds, at most `most` bytes.
    ///
    /// The output grows by doubling; `reserving` is asked before.
    mutating func inflateMember(
        _ bytes: [UInt8], from start: Int, most: Int, into output: inout [UInt8], _ reserving: (Int) -> Bool
    ) -> Outcome {
        inflateReset(stream)
        let end = output.count + most
        var taken = start
        while true {
            let room = min(max(output.capacity - output.count, Self.leastRoom, output.count), end - output.count)
            guard room > 0 else { return .tooLarge }
            let wanted = output.count + room
            if wanted > output.capacity {
                guard reserving(wanted - output.capacity) else { return .noRoom }
                // To the byte: growing by itself would take twice what was reserved.
                output.reserveCapacity(wanted)
            }
            let code = inflate(bytes, from: &taken, room: room, into: &output)
            switch code {
            case Z_STREAM_END: return .member(byteCount: taken - start)
            // Without room or without input there is nothing to do; the latter means that the member is cut short.
            case Z_OK, Z_BUF_ERROR: if taken == bytes.count && stream.pointee.avail_out > 0 { return .malformed }
            default: return .malformed
            }
        }
    }

    /// Goes on until the room is full, the input ends or the member does; returns zlib's code.
    private func inflate(
        _ bytes: [UInt8], from taken: inout Int, room: Int, into output: inout [UInt8]
    ) -> Int32 {
        var code = Z_OK
        output.append(addingCapacity: room) { free in
            free.withUnsafeMutableBufferPointer { buffer, count in
                bytes.withUnsafeBufferPointer { input in
                    let from = taken
                    // zlib counts in 32 bits; it writes only to `next_out`.
                    let (given, space) = (UInt32(clamping: input.count - from), UInt32(clamping: room))
                    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { $0 + from })
                    stream.pointee.avail_in = given
                    stream.pointee.next_out = buffer.baseAddress.map { $0 + count }
                    stream.pointee.avail_out = space
                    code = CZlib.inflate(stream, Z_NO_FLUSH)
                    taken += Int(given - stream.pointee.avail_in)
                    count += Int(space - stream.pointee.avail_out)
                }
            }
        }
        return code
    }
}
