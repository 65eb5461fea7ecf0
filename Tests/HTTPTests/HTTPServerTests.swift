import HTTP
import Synchronization
import Testing

/// A handler that echoes, waits or refuses by path, and remembers what was finished.
final class TestHandler: Handler {
    let exchanges = Mutex<[Exchange]>([])
    let cancelled = Atomic<Int>(0)
    let running = Atomic<Int>(0)
    let isReleased = Atomic<Bool>(false)

    func admit(_ head: RequestHead) -> Admission {
        if head.target == "/refuse" {
            return .refuse(Response(status: 401, body: Array("who?".utf8)))
        }
        return .accept(bodyLimit: 1 << 20)
    }

    func bodyTooLarge(_ head: RequestHead, limit: Int) -> Response {
        Response(status: 413, body: Array("limit \(limit)".utf8))
    }

    func respond(to request: Request) async -> Response {
        switch request.head.target {
        case "/wait":
            running.wrappingAdd(1, ordering: .relaxed)
            while !isReleased.load(ordering: .relaxed) {
                if Task.isCancelled {
                    cancelled.wrappingAdd(1, ordering: .relaxed)
                    break
                }
                await Task.yield()
            }
            return Response(status: 200, body: Array("waited".utf8))
        case "/large": return Response(status: 200, body: [UInt8](repeating: 0x61, count: 32 << 20))
        default:
            return Response(
                status: 200, headers: HeaderFields([("X-Method", request.head.method)]), body: request.body)
        }
    }

    func finished(_ exchange: Exchange) {
        exchanges.withLock { $0.append(exchange) }
    }
}

@Suite struct HTTPServerTests {
    /// Runs a test against a server of its own.
    private func serve(
        _ change: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (Int, TestHandler, HTTPServer) async throws -> Void
    ) async throws {
        var configuration = ServerConfiguration()
        configuration.sweepInterval = .milliseconds(20)
        change(&configuration)
        let handler = TestHandler()
        let server = try HTTPServer(configuration, handler: handler)
        try await body(server.port, handler, server)
        handler.isReleased.store(true, ordering: .relaxed)
        await server.stop(timeout: .seconds(2))
    }

    /// Waits for something to become true, at most a minute.
    private func eventually(_ condition: () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if condition() { return true }
            await Task.yield()
        }
        return false
    }

    @Test func `requests follow one another on a connection, also sent all at once`() async throws {
        try await serve { port, handler, _ in
            let client = try RawClient(port: port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            #expect(await client.receiveAnswer().hasSuffix("\r\n\r\nhello"))
            client.send(
                "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\nabc\r\n0\r\n\r\nHEAD /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let rest = await client.receiveAll()
            #expect(rest.split(separator: "HTTP/1.1 200 OK").count == 3)
            #expect(rest.range(of: "abc") != nil && rest.range(of: "X-Method: HEAD") != nil)
            #expect(handler.exchanges.withLock { $0.map(\.status) } == [200, 200, 200, 200])
        }
    }

    @Test func `HTTP/1.0 closes unless asked to stay`() async throws {
        try await serve { port, _, _ in
            let closing = try RawClient(port: port)
            closing.send("GET / HTTP/1.0\r\n\r\n")
            #expect(await closing.receiveAll().hasPrefix("HTTP/1.1 200"))
            let staying = try RawClient(port: port)
            staying.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(await staying.receiveAnswer().lowercased().range(of: "connection: keep-alive") != nil)
        }
    }

    @Test func `a client that waits for 100 gets it, and a refused one does not`() async throws {
        try await serve { port, _, _ in
            let client = try RawClient(port: port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            #expect(
                await client.receive().map { String(decoding: $0, as: UTF8.self) } == "HTTP/1.1 100 Continue\r\n\r\n")
            client.send("ok")
            #expect(await client.receiveAnswer().hasSuffix("ok"))
            let refused = try RawClient(port: port)
            refused.send("POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            #expect(await refused.receiveAll().hasPrefix("HTTP/1.1 401"))
        }
    }

    @Test(arguments: ["Content-Length: 20000000", "Transfer-Encoding: chunked"])
    func `a client that writes everything first still sees why it was refused`(_ framing: String) async throws {
        try await serve { port, handler, _ in
            let client = try RawClient(port: port)
            client.send("POST / HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n")
            let piece = Array("10000\r\n".utf8) + [UInt8](repeating: 0x61, count: 65_536) + Array("\r\n".utf8)
            for _ in 0..<300 where !client.send(piece) { break }
            #expect(await client.receiveAll().hasPrefix("HTTP/1.1 413"))
            #expect(handler.exchanges.withLock { $0.first?.status } == 413)
        }
    }

    @Test func `a head or body that drips is ended with 408`() async throws {
        try await serve({ configuration in
            configuration.headTimeout = .milliseconds(150)
            configuration.bodyTimeout = .milliseconds(150)
        }) { port, _, _ in
            let head = try RawClient(port: port)
            head.send("GET / HTT")
            #expect(await head.receiveAll().hasPrefix("HTTP/1.1 408"))
            let body = try RawClient(port: port)
            body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            #expect(await body.receiveAll().hasPrefix("HTTP/1.1 408"))
        }
    }

    @Test func `a connection that says nothing is closed without an answer`() async throws {
        try await serve({ $0.firstByteTimeout = .milliseconds(100) }) { port, _, _ in
            let client = try RawClient(port: port)
            #expect(await client.receiveAll() == "")
        }
    }

    @Test func `a reader that stalls is let go`() async throws {
        try await serve({ $0.writeTimeout = .milliseconds(200) }) { port, handler, _ in
            let client = try RawClient(port: port)
            client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await eventually { handler.exchanges.withLock { $0.count == 1 } })
            #expect(handler.exchanges.withLock { $0.first?.status } == 0)
        }
    }

    @Test func `a client that has finished sending still gets its answer`() async throws {
        try await serve { port, handler, _ in
            let client = try RawClient(port: port)
            client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            client.finishSending()
            #expect(await eventually { handler.running.load(ordering: .relaxed) == 1 })
            handler.isReleased.store(true, ordering: .relaxed)
            #expect(await client.receiveAll().hasSuffix("waited"))
        }
    }

    @Test(arguments: [true, false])
    func `the work for a client that is gone is cancelled`(_ resets: Bool) async throws {
        try await serve { port, handler, _ in
            do {
                let client = try RawClient(port: port)
                client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(await eventually { handler.running.load(ordering: .relaxed) == 1 })
                if resets { client.resetOnClose() }
            }
            #expect(await eventually { handler.cancelled.load(ordering: .relaxed) == 1 })
        }
    }

    @Test func `bodies beyond the budget are refused with 503 and a time to come back`() async throws {
        try await serve({ $0.maxBodyBytesInFlight = 1000 }) { port, _, _ in
            let holder = try RawClient(port: port)
            holder.send(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n" + String(repeating: "x", count: 850))
            var answer = ""
            let deadline = ContinuousClock.now + .seconds(60)
            // What the holder sends may be read a moment later than this one.
            repeat {
                let client = try RawClient(port: port)
                client.send(
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n" + String(repeating: "x", count: 200))
                client.finishSending()
                answer = await client.receiveAll()
            } while !answer.hasPrefix("HTTP/1.1 503") && ContinuousClock.now < deadline
            #expect(answer.range(of: "Retry-After: 1") != nil)
            #expect(answer.range(of: "max-body-bytes-in-flight") != nil)
            holder.send(String(repeating: "x", count: 50))
            #expect(await holder.receiveAnswer().hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `a body that is promised and does not come takes no room from others`() async throws {
        try await serve({ $0.maxBodyBytesInFlight = 1000 }) { port, _, _ in
            let promising = try (0..<3).map { _ in try RawClient(port: port) }
            for client in promising {
                client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n")
            }
            let client = try RawClient(port: port)
            for _ in 0..<3 {
                client.send(
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n" + String(repeating: "x", count: 900))
                #expect(await client.receiveAnswer().hasPrefix("HTTP/1.1 200"))
            }
            withExtendedLifetime(promising) {}
        }
    }

    @Test func `a stop finishes what runs and takes nothing new`() async throws {
        try await serve { port, handler, server in
            let client = try RawClient(port: port)
            client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await eventually { handler.running.load(ordering: .relaxed) == 1 })
            async let stopped: Void = server.stop(timeout: .seconds(10))
            #expect(await eventually { (try? RawClient(port: port)) == nil })
            handler.isReleased.store(true, ordering: .relaxed)
            let answer = await client.receiveAll()
            #expect(answer.hasSuffix("waited") && answer.lowercased().range(of: "connection: close") != nil)
            await stopped
        }
    }

    @Test func `a port in use is named in the error`() async throws {
        try await serve { port, handler, _ in
            #expect {
                _ = try HTTPServer(ServerConfiguration(port: port), handler: handler)
            } throws: { error in
                "\(error)".hasPrefix("cannot listen on 127.0.0.1:\(port): Address already in use")
            }
        }
    }

    @Test func `connections beyond the limit are closed at once`() async throws {
        try await serve({ $0.maxConnections = 1 }) { port, _, _ in
            let first = try RawClient(port: port)
            first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await first.receiveAnswer().hasPrefix("HTTP/1.1 200"))
            let second = try RawClient(port: port)
            #expect(await second.receiveAll() == "")
        }
    }
}
