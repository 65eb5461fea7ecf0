import HTTP
import Synchronization
import Testing

/// Frames of HTTP/2 (RFC 9113 section 4.1), with header blocks of literals only (RFC 7541 section 6.2.2).
private struct Frame: Equatable {
    var type: UInt8
    var flags: UInt8 = 0
    var stream: UInt32 = 0
    var payload: [UInt8] = []

    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    static let settings = Frame(type: 4)
    static let endStream: UInt8 = 1
    static let endHeaders: UInt8 = 4

    var bytes: [UInt8] {
        let count = UInt32(payload.count)
        return [UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags]
            + [24, 16, 8, 0].map { UInt8(stream >> $0 & 255) } + payload
    }

    static func headers(_ fields: [(String, String)], stream: UInt32, ends: Bool) -> Frame {
        var block: [UInt8] = []
        for (name, value) in fields {
            block += [0] + length(name.utf8.count) + Array(name.utf8) + length(value.utf8.count) + Array(value.utf8)
        }
        return Frame(type: 1, flags: endHeaders | (ends ? endStream : 0), stream: stream, payload: block)
    }

    /// A number with a prefix of seven bits.
    private static func length(_ count: Int) -> [UInt8] {
        guard count >= 127 else { return [UInt8(count)] }
        var rest = count - 127
        var bytes: [UInt8] = [127]
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func request(_ path: String, method: String = "POST", stream: UInt32 = 1, ends: Bool = false) -> Frame {
        headers(
            [(":method", method), (":scheme", "http"), (":path", path), (":authority", "x")], stream: stream,
            ends: ends)
    }

    static func data(_ bytes: [UInt8], stream: UInt32 = 1, ends: Bool = true) -> Frame {
        Frame(type: 0, flags: ends ? endStream : 0, stream: stream, payload: bytes)
    }
}

/// Reads frames until a condition holds or the server closes.
private func frames(_ client: RawClient, until isEnough: ([Frame]) -> Bool) async -> [Frame] {
    var buffer: [UInt8] = []
    var frames: [Frame] = []
    while !isEnough(frames), let part = await client.receive(), !part.isEmpty {
        buffer += part
        while buffer.count >= 9 {
            let length = Int(buffer[0]) << 16 | Int(buffer[1]) << 8 | Int(buffer[2])
            guard buffer.count >= 9 + length else { break }
            let stream = buffer[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            frames.append(
                Frame(type: buffer[3], flags: buffer[4], stream: stream, payload: Array(buffer[9..<9 + length])))
            buffer.removeFirst(9 + length)
        }
    }
    return frames
}

/// Reads until the server closes; false if it does not within a minute of silence.
private func isClosedByServer(_ client: RawClient) async -> Bool {
    while let part = await client.receive() {
        if part.isEmpty { return true }
    }
    return false
}

extension [Frame] {
    fileprivate func body(of stream: UInt32) -> [UInt8] {
        filter { $0.type == 0 && $0.stream == stream }.flatMap(\.payload)
    }

    fileprivate func isOver(_ stream: UInt32) -> Bool {
        contains { $0.stream == stream && ($0.type == 3 || $0.type <= 1 && $0.flags & Frame.endStream != 0) }
    }
}

@Suite struct HTTP2Tests {
    private func serve(
        _ change: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (RawClient, TestHandler, HTTPServer) async throws -> Void
    ) async throws {
        var configuration = ServerConfiguration()
        configuration.sweepInterval = .milliseconds(20)
        change(&configuration)
        let handler = TestHandler()
        let server = try HTTPServer(configuration, handler: handler)
        let client = try RawClient(port: server.port)
        client.send(Frame.preface + Frame.settings.bytes)
        // The server's windows count once its settings were acknowledged.
        _ = await frames(client) { $0.contains { $0.type == 4 && $0.flags == 1 } }
        client.send(Frame(type: 4, flags: 1).bytes)
        try await body(client, handler, server)
        handler.isReleased.store(true, ordering: .relaxed)
        await server.stop(timeout: .seconds(2))
    }

    @Test func `requests on one connection are answered each on its stream`() async throws {
        try await serve { client, handler, _ in
            for stream in [1, 3, 5] as [UInt32] {
                client.send(Frame.request("/", stream: stream).bytes)
                client.send(Frame.data(Array("body \(stream)".utf8), stream: stream).bytes)
            }
            let answers = await frames(client) { $0.isOver(1) && $0.isOver(3) && $0.isOver(5) }
            for stream in [1, 3, 5] as [UInt32] {
                #expect(String(decoding: answers.body(of: stream), as: UTF8.self) == "body \(stream)")
            }
            #expect(handler.exchanges.withLock { $0.allSatisfy { $0.head?.version == .http2 } })
        }
    }

    @Test func `a preface that comes byte by byte is still HTTP/2`() async throws {
        let server = try HTTPServer(ServerConfiguration(), handler: TestHandler())
        let client = try RawClient(port: server.port)
        for byte in Frame.preface { client.send([byte]) }
        client.send(Frame.settings.bytes + Frame.request("/", method: "GET", ends: true).bytes)
        #expect(await frames(client) { $0.isOver(1) }.isOver(1))
        await server.stop(timeout: .seconds(2))
    }

    @Test func `an answer larger than the window comes as the client opens it`() async throws {
        try await serve { client, _, _ in
            client.send(Frame.request("/large", method: "GET", ends: true).bytes)
            let first = await frames(client) { $0.body(of: 1).count == 65_535 }
            #expect(first.body(of: 1).count == 65_535)
            let more: [UInt8] = [0x02, 0, 0, 0]
            client.send(Frame(type: 8, stream: 0, payload: more).bytes + Frame(type: 8, stream: 1, payload: more).bytes)
            let rest = await frames(client) { $0.isOver(1) }
            #expect(rest.body(of: 1).count == (32 << 20) - 65_535)
        }
    }

    @Test func `a refusal comes before the body, and other streams go on`() async throws {
        try await serve { client, _, _ in
            client.send(Frame.request("/refuse").bytes)
            let refused = await frames(client) { $0.isOver(1) && $0.contains { $0.type == 3 } }
            #expect(String(decoding: refused.body(of: 1), as: UTF8.self) == "who?")
            // NO_ERROR: the client need not send the rest.
            #expect(refused.contains(Frame(type: 3, stream: 1, payload: [0, 0, 0, 0])))
            client.send(Frame.request("/", stream: 3).bytes + Frame.data([0x61], stream: 3).bytes)
            #expect(await frames(client) { $0.isOver(3) }.body(of: 3) == [0x61])
        }
    }

    @Test func `a body over its limit is refused while it comes`() async throws {
        try await serve { client, _, _ in
            client.send(Frame.request("/").bytes)
            for _ in 0..<65 { client.send(Frame.data([UInt8](repeating: 1, count: 16_384), ends: false).bytes) }
            let answer = await frames(client) { $0.isOver(1) }
            #expect(String(decoding: answer.body(of: 1), as: UTF8.self) == "limit \(1 << 20)")
        }
    }

    @Test func `a body beyond the budget is refused with a status`() async throws {
        try await serve({ $0.maxBodyBytesInFlight = 10 }) { client, handler, _ in
            client.send(Frame.request("/").bytes + Frame.data([UInt8](repeating: 1, count: 11)).bytes)
            let answer = await frames(client) { $0.isOver(1) }
            #expect(String(decoding: answer.body(of: 1), as: UTF8.self).contains("max-body-bytes-in-flight"))
        }
    }

    @Test func `a reset cancels the work`() async throws {
        try await serve { client, handler, _ in
            client.send(Frame.request("/wait", method: "GET", ends: true).bytes)
            while handler.running.load(ordering: .relaxed) == 0 { await Task.yield() }
            client.send(Frame(type: 3, stream: 1, payload: [0, 0, 0, 8]).bytes)
            let deadline = ContinuousClock.now + .seconds(60)
            while handler.cancelled.load(ordering: .relaxed) == 0, .now < deadline { await Task.yield() }
            #expect(handler.cancelled.load(ordering: .relaxed) == 1)
        }
    }

    @Test func `a header block beyond the bound ends its stream only`() async throws {
        try await serve { client, _, _ in
            let fields = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "x")]
            let flood = (0..<1500).map { ("x\($0)", "0123456789") }
            let block = Frame.headers(fields + flood, stream: 1, ends: true).payload
            // In frames of 16 kB: HEADERS, then CONTINUATION.
            var rest = block[...]
            var type: UInt8 = 1
            while !rest.isEmpty {
                let part = Array(rest.prefix(16_000))
                rest = rest.dropFirst(16_000)
                let flags = (rest.isEmpty ? Frame.endHeaders : 0) | (type == 1 ? Frame.endStream : 0)
                client.send(Frame(type: type, flags: flags, stream: 1, payload: part).bytes)
                type = 9
            }
            #expect(await frames(client) { $0.isOver(1) }.contains { $0.type == 3 && $0.stream == 1 })
            client.send(Frame.request("/", stream: 3).bytes + Frame.data([0x61], stream: 3).bytes)
            #expect(await frames(client) { $0.isOver(3) }.body(of: 3) == [0x61])
        }
    }

    @Test(arguments: [6, 4, 8] as [UInt8])
    func `a flood of frames without a request closes the connection`(_ type: UInt8) async throws {
        try await serve { client, _, _ in
            let payload: [UInt8] =
                switch type {
                case 6: [UInt8](repeating: 0, count: 8)
                case 8: [0, 0, 0, 1]
                default: []
                }
            let frame = Frame(type: type, payload: payload).bytes
            var isTaken = true
            for _ in 0..<40 where isTaken {
                isTaken = client.send([[UInt8]](repeating: frame, count: 1000).flatMap { $0 })
            }
            #expect(await isClosedByServer(client))
        }
    }

    @Test func `resets in quick succession close the connection`() async throws {
        try await serve { client, handler, _ in
            var isTaken = true
            for index in 0..<5000 where isTaken {
                let stream = UInt32(2 * index + 1)
                isTaken = client.send(
                    Frame.request("/", method: "GET", stream: stream, ends: true).bytes
                        + Frame(type: 3, stream: stream, payload: [0, 0, 0, 8]).bytes)
            }
            #expect(await isClosedByServer(client))
            #expect(handler.exchanges.withLock { $0.count } < 5000)
        }
    }

    @Test func `a stop lets what runs finish and says goodbye`() async throws {
        try await serve { client, handler, server in
            client.send(Frame.request("/wait", method: "GET", ends: true).bytes)
            while handler.running.load(ordering: .relaxed) == 0 { await Task.yield() }
            async let stopped: Void = server.stop(timeout: .seconds(5))
            let goodbye = await frames(client) { $0.contains { $0.type == 7 } }
            #expect(goodbye.contains { $0.type == 7 })
            handler.isReleased.store(true, ordering: .relaxed)
            let answer = await frames(client) { $0.isOver(1) }
            #expect(String(decoding: answer.body(of: 1), as: UTF8.self) == "waited")
            await stopped
        }
    }

    @Test func `a client that says nothing after its request is let go when idle`() async throws {
        try await serve({ $0.idleTimeout = .milliseconds(300) }) { client, _, _ in
            #expect(await isClosedByServer(client))
        }
    }

    @Test func `a header block that never ends closes the connection`() async throws {
        try await serve({ $0.headTimeout = .milliseconds(50) }) { client, _, _ in
            var begun = Frame.request("/", method: "GET", ends: true)
            begun.flags = Frame.endStream
            client.send(begun.bytes)
            #expect(await isClosedByServer(client))
        }
    }
}
