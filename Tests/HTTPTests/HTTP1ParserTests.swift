import HTTP
import Testing

@Suite struct HTTP1ParserTests {
    private static let host = "Host: a\r\n"

    private func parse(_ text: String) throws(RequestProblem) -> ParsedHead? {
        try HTTP1Parser.parse(Array(text.utf8)[...])
    }

    @Test func `a request is its method, target, fields and framing`() throws {
        let text = "POST /a/b?x=%20 HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nx-b: \t two \r\nContent-Length: 5\r\n\r\nhello"
        let head = try #require(try parse(text))
        #expect(head.head.method == "POST" && head.head.target == "/a/b?x=%20" && head.head.version == .http11)
        #expect(head.head.headers["x-empty"] == "" && head.head.headers["X-B"] == "two")
        #expect(head.framing == .length(5) && head.isKeepAlive && head.byteCount == text.utf8.count - 5)
    }

    /// Each of these could be read differently by a proxy in front, or is no HTTP at all.
    @Test(arguments: [
        ("both framings", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (
            "both framings, the other way",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
        ),
        ("two equal lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"),
        ("two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
        ("length list", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n"),
        ("negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
        ("signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n"),
        ("hex length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n"),
        ("empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"),
        ("length of 2^64", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n"),
        ("gzip, chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
        ("identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"),
        ("xchunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"),
        (
            "two encodings",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"
        ),
        ("blank before the colon", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n"),
        ("blank before the colon of a length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\n"),
        ("chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("bare line feed", "GET / HTTP/1.1\nHost: a\n\n"),
        ("bare carriage return", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"),
        ("folded line", "GET / HTTP/1.1\r\nHost: a\r\nX-A: one\r\n two\r\n\r\n"),
        ("fold first", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        ("blank in a name", "GET / HTTP/1.1\r\nHost: a\r\nX A: 1\r\n\r\n"),
        ("empty name", "GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n"),
        ("no colon", "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n"),
        ("no host", "GET / HTTP/1.1\r\n\r\n"),
        ("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        ("absolute form", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("no slash", "GET dump HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("authority", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("empty method", " / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("lower-case method", "get / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("odd method", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("HTTP/0.9", "GET /\r\n\r\n"),
        ("lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n"),
        ("NUL in a value", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\0 9\r\n\r\n"),
        ("NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("control character", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{7}\r\n\r\n"),
    ])
    func `what could be read in two ways is refused`(_ name: String, _ text: String) {
        #expect {
            _ = try parse(text)
        } throws: { error in
            (error as? RequestProblem)?.status == 400
        }
    }

    @Test(arguments: ["HTTP/1.10", "HTTP/1.2", "HTTP/2.0"])
    func `another version is named as not spoken`(_ version: String) {
        #expect(throws: RequestProblem.self) { _ = try parse("GET / \(version)\r\nHost: a\r\n\r\n") }
        do { _ = try parse("GET / \(version)\r\nHost: a\r\n\r\n") } catch { #expect(error.status == 505) }
    }

    @Test func `heads beyond their bounds are refused before they end`() {
        func status(_ text: String) -> Int? {
            do {
                _ = try parse(text)
                return nil
            } catch {
                return error.status
            }
        }
        #expect(status("GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\n") == 414)
        #expect(status("GET /" + String(repeating: "a", count: 40_000)) == 414)
        #expect(status("GET / HTTP/1.1\r\nX: \(String(repeating: "a", count: 40_000))") == 431)
        let many = (0..<200).map { "X\($0): 1\r\n" }.joined()
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n") == 431)
    }

    @Test func `two line breaks before a request are passed over`() throws {
        #expect(try parse("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")?.head.target == "/")
    }

    @Test(arguments: [
        ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false), ("HTTP/1.0", "", false),
        ("HTTP/1.0", "Connection: Keep-Alive\r\n", true), ("HTTP/1.1", "Connection: x, close\r\n", false),
    ])
    func `a connection is kept as the version and the client say`(_ version: String, _ field: String, _ kept: Bool)
        throws
    {
        #expect(try parse("GET / \(version)\r\nHost: a\r\n\(field)\r\n")?.isKeepAlive == kept)
    }

    @Test func `a head that comes byte by byte is the same as one that comes whole`() throws {
        let bytes = Array(
            "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\nrest".utf8)
        let whole = try #require(try HTTP1Parser.parse(bytes[...]))
        #expect(whole.framing == .chunked && whole.expectsContinue)
        for count in 0..<whole.byteCount { #expect(try HTTP1Parser.parse(bytes[..<count]) == nil) }
        #expect(try HTTP1Parser.parse(bytes[..<whole.byteCount])?.byteCount == whole.byteCount)
    }

    @Test func `mutated requests are read or refused and never trap`() {
        let seed = Array("POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello".utf8)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<5000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = try? HTTP1Parser.parse(bytes[...])
        }
    }
}

@Suite struct ChunkedDecoderTests {
    private func decode(_ text: String, step: Int = .max, limit: Int = 100) throws(RequestProblem) -> (
        body: String, rest: Int
    )? {
        var decoder = ChunkedDecoder()
        var body: [UInt8] = []
        let bytes = Array(text.utf8)
        var offset = 0
        while offset < bytes.count && !decoder.isDone {
            let end = min(bytes.count, step == .max ? bytes.count : offset + step)
            offset += try decoder.decode(bytes[offset..<end], into: &body, limit: limit)
        }
        return decoder.isDone ? (String(decoding: body, as: UTF8.self), bytes.count - offset) : nil
    }

    @Test(arguments: [1, 2, 3, Int.max])
    func `chunks, extensions and trailers are taken apart at any cut`(_ step: Int) throws {
        let text = "5;a=\"b\"\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\nNEXT"
        let result = try #require(try decode(text, step: step))
        #expect(result.body == "hello world" && result.rest == 4)
    }

    @Test(arguments: [
        "0x5\r\nhello\r\n", "+5\r\nhello\r\n", "-5\r\n", "5 \r\nhello\r\n", "\r\n", "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello!\r\n",
        "5\r\nhello\n0\r\n\r\n", "5;\u{1}\r\nhello\r\n", "5;\(String(repeating: "x", count: 400))\r\n", "0\r\nX\n\r\n",
    ])
    func `malformed chunks are refused`(_ text: String) {
        #expect {
            _ = try decode(text)
        } throws: { error in
            (error as? RequestProblem)?.status == 400
        }
    }

    @Test(arguments: ["ffffffffffffffff\r\n", "10000000000000000\r\n", "65\r\n"])
    func `a chunk over the limit is refused by its size alone`(_ text: String) {
        #expect {
            _ = try decode(text)
        } throws: { error in
            (error as? RequestProblem)?.status == 413
        }
    }
}
