@testable import HTTP

extension FuzzTarget {
    /// What a connection reads before anyone knows what it is about.
    static let connections = [
        FuzzTarget(name: "http1", seeds: Seeds.requests, check: checkRequest),
        FuzzTarget(name: "chunked", seeds: Seeds.chunked) { bytes throws(Violation) in
            let whole = chunks(bytes, step: .max)
            try require(whole == chunks(bytes, step: 1), "a body is another byte by byte")
            try require(whole == chunks(bytes, step: 7), "a body is another in sevens")
            try require(whole.body.count <= bodyLimit, "\(whole.body.count) bytes pass the limit")
        },
        FuzzTarget(name: "http2", seeds: Seeds.frames, check: checkSession),
    ]

    private static let bodyLimit = 512

    private struct Chunks: Equatable {
        var body: [UInt8] = []
        var count = 0
        var isDone = false
        var status = 0
    }

    private static func chunks(_ bytes: [UInt8], step: Int) -> Chunks {
        var decoder = ChunkedDecoder()
        var chunks = Chunks()
        do throws(RequestProblem) {
            while chunks.count < bytes.count, !decoder.isDone {
                let end = chunks.count + min(step, bytes.count - chunks.count)
                chunks.count += try decoder.decode(bytes[chunks.count..<end], into: &chunks.body, limit: bodyLimit)
            }
            chunks.isDone = decoder.isDone
        } catch {
            // What was read before a mistake depends on the pieces.
            return Chunks(status: error.status)
        }
        return chunks
    }

    private static func parse(_ bytes: ArraySlice<UInt8>) -> Result<ParsedHead?, RequestProblem> {
        do throws(RequestProblem) {
            return .success(try HTTP1Parser.parse(bytes))
        } catch {
            return .failure(error)
        }
    }

    private static func checkRequest(_ bytes: [UInt8]) throws(Violation) {
        guard case .success(let head?) = parse(bytes[...]) else { return }
        try require(head.byteCount <= bytes.count, "a head is longer than what came")
        guard case .success(let exact?) = parse(bytes[..<head.byteCount]) else {
            throw Violation(description: "a head cannot be read without what follows it")
        }
        try require(
            exact.byteCount == head.byteCount && exact.framing == head.framing
                && exact.head.target == head.head.target && exact.head.headers.fields.count <= 100,
            "a head is another without what follows it")
        for end in Set([head.byteCount - 1, head.byteCount / 2, 1]) where end < head.byteCount {
            guard case .success(nil) = parse(bytes[..<end]) else {
                throw Violation(description: "the first \(end) bytes of a head are judged by themselves")
            }
        }
        for field in exact.head.headers.fields {
            try require(
                !field.name.isEmpty && !field.value.utf8.contains { $0 == 0x0d || $0 == 0x0a || $0 == 0 },
                "a header field holds a line break")
        }
    }

    /// Bytes of a client; the preface is put before those that have none.
    private static func checkSession(_ bytes: [UInt8]) throws(Violation) {
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        let input = bytes.starts(with: preface) ? bytes : preface + bytes
        let peer = SessionPeer()
        var sent = 0
        guard let session = HTTP2Session(for: peer) else { throw Violation(description: "no session") }
        // Pieces of 61 bytes cut frames at all kinds of places.
        for start in stride(from: 0, to: input.count, by: 61) {
            let piece = Array(input[start..<min(start + 61, input.count)])
            let goesOn = piece.withUnsafeBufferPointer { session.receive($0) }
            for stream in peer.ready {
                session.respond(stream, [(":status", "200"), ("x", "a\u{1}b")], hasBody: !stream.isMultiple(of: 4))
            }
            peer.ready = []
            for (stream, count) in peer.taken { session.consume(stream, count) }
            peer.taken = []
            var output: [UInt8] = []
            guard session.send(into: &output, bound: 1 << 20), goesOn, !session.isDone else { break }
            sent += output.count
        }
        try require(peer.problem == nil, peer.problem ?? "")
        try require(sent <= 64 * 1024 + 64 * input.count, "\(sent) bytes answer \(input.count)")
    }
}

/// Answers every request of a session with a short body and trailers.
private final class SessionPeer: HTTP2Events {
    private var streams: [Int32: HTTP2Stream] = [:]
    private var offsets: [Int32: Int] = [:]
    private let body = Array("an answer".utf8)
    var ready: [Int32] = []
    var taken: [(stream: Int32, count: Int)] = []
    var problem: String?

    func headBegan(_ stream: Int32) {
        if streams[stream] != nil { problem = "stream \(stream) begins twice" }
        streams[stream] = HTTP2Stream(deadline: .now)
    }

    func field(_ stream: Int32, _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
        streams[stream]?.headBytes += name.count + value.count + 32
        streams[stream]?.add(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
        return streams[stream]?.headBytes ?? 0 <= 16 << 10
    }

    func headEnded(_ stream: Int32, isLast: Bool) {
        streams[stream]?.hasEnded = isLast
        guard let begun = streams[stream] else {
            problem = "the head of a stream ends that never began"
            return
        }
        if let head = try? begun.parsedHead(remoteAddress: "", configuration: ServerConfiguration()) {
            if head.contentLength ?? 0 < 0 || !head.target.hasPrefix("/") { problem = "a head breaks its rules" }
        }
        if isLast { ready.append(stream) }
    }

    func data(_ stream: Int32, _ bytes: UnsafeBufferPointer<UInt8>) { taken.append((stream, bytes.count)) }

    func bodyEnded(_ stream: Int32) { ready.append(stream) }

    func streamClosed(_ stream: Int32) {
        streams[stream] = nil
        offsets[stream] = nil
    }

    func controlFrame() {}

    func answerSent(_ stream: Int32) {}

    func fill(_ stream: Int32, _ buffer: UnsafeMutableBufferPointer<UInt8>) -> (count: Int, isLast: Bool) {
        let offset = offsets[stream, default: 0]
        let count = min(buffer.count, body.count - offset)
        for index in 0..<count { buffer[index] = body[offset + index] }
        offsets[stream] = offset + count
        return (count, offset + count == body.count)
    }

    func trailers(_ stream: Int32) -> HeaderFields? {
        guard stream.isMultiple(of: 3) else { return nil }
        var fields = HeaderFields()
        fields.add("grpc-status", "0")
        return fields
    }
}
