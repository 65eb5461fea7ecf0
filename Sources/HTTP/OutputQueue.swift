import CPosix

/// Bytes that wait until a socket takes them.
struct OutputQueue {
    private var pieces: [[UInt8]] = []
    /// How much of the first piece is gone.
    private var offset = 0

    /// What came of sending.
    enum Outcome {
        /// The socket took something, or nothing waited.
        case sent
        /// The socket takes nothing now.
        case blocked
        /// The socket is broken.
        case failed
    }

    var isEmpty: Bool { pieces.isEmpty }

    mutating func append(_ piece: [UInt8]) {
        if !piece.isEmpty { pieces.append(piece) }
    }

    /// Sends until all is gone or the socket takes no more.
    mutating func send(to socket: Int32) -> Outcome {
        var outcome = Outcome.sent
        var tookAny = pieces.isEmpty
        while !pieces.isEmpty {
            let sent = sendOnce(to: socket)
            guard sent >= 0 else {
                outcome = cposix_would_block(sent) == 0 ? .failed : tookAny ? .sent : .blocked
                break
            }
            tookAny = tookAny || sent > 0
            offset += sent
            while let first = pieces.first, offset >= first.count {
                offset -= first.count
                pieces.removeFirst()
            }
        }
        return outcome
    }

    /// Sends what the socket takes of the first two pieces, which are a head and its body as a rule.
    private func sendOnce(to socket: Int32) -> Int {
        pieces[0].withUnsafeBufferPointer { first in
            let (start, count) = (first.baseAddress.map { $0 + offset }, first.count - offset)
            guard pieces.count > 1 else { return cposix_send(socket, start, count) }
            return pieces[1].withUnsafeBufferPointer {
                cposix_send_both(socket, start, count, $0.baseAddress, $0.count)
            }
        }
    }
}
