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
        while let first = pieces.first {
            let sent = first.withUnsafeBufferPointer { bytes in
                cposix_send(
                    socket, bytes.baseAddress.map { $0 + offset }, bytes.count - offset, pieces.count > 1 ? 1 : 0)
            }
            guard sent >= 0 else {
                outcome = cposix_would_block(sent) == 0 ? .failed : tookAny ? .sent : .blocked
                break
            }
            tookAny = tookAny || sent > 0
            offset += sent
            if offset == first.count {
                pieces.removeFirst()
                offset = 0
            }
        }
        return outcome
    }
}
