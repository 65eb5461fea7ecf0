/// What is wrong with a request, and how it is answered before the connection closes.
public struct RequestProblem: Error, Hashable, Sendable {
    /// The status.
    public let status: Int
    /// One line.
    public let message: String

    static func bad(_ message: String) -> RequestProblem { RequestProblem(status: 400, message: message) }
}

/// How the body of a request is framed.
public enum BodyFraming: Hashable, Sendable {
    /// A known number of bytes, which may be 0.
    case length(Int)
    /// Chunks with their sizes.
    case chunked
}

/// The head of a request with what follows from it.
public struct ParsedHead: Sendable {
    /// The head; its remote address is not filled in.
    public var head: RequestHead
    /// How the body is framed.
    public var framing: BodyFraming
    /// Whether the connection may serve another request.
    public var isKeepAlive: Bool
    /// Whether the client waits for a 100 before it sends the body.
    public var expectsContinue: Bool
    /// The bytes of the head, with those before it that were passed over.
    public var byteCount: Int
}

/// Parses the head of an HTTP/1.1 request (RFC 9112), strictly.
///
/// Whatever a proxy in front could read differently is refused: two framings, doubled or malformed lengths, folded lines, bare line
/// feeds, blanks around names, NULs, anything that is no token. It is a pure function over the bytes that have come.
public enum HTTP1Parser {
    /// The bounds of a head.
    public struct Limits: Sendable {
        /// Bytes of the whole head.
        public var headBytes: Int
        /// Bytes of the target.
        public var targetBytes: Int
        /// The number of header fields.
        public var fields: Int

        /// Makes bounds.
        public init(headBytes: Int = 32 << 10, targetBytes: Int = 16 << 10, fields: Int = 100) {
            self.headBytes = headBytes
            self.targetBytes = targetBytes
            self.fields = fields
        }
    }

    private static let lf: UInt8 = 0x0a
    private static let cr: UInt8 = 0x0d

    /// Parses the head that `bytes` begin with; nil if more bytes are needed.
    public static func parse(
        _ bytes: ArraySlice<UInt8>, limits: Limits = Limits()
    ) throws(RequestProblem) -> ParsedHead? {
        var start = bytes.startIndex
        // Some clients end a body with an extra line break.
        var skipped = 0
        while skipped < 2, bytes[start...].starts(with: [cr, lf]) {
            start += 2
            skipped += 1
        }
        guard let lines = try lines(bytes[start...], limits) else { return nil }
        let end = lines.end
        guard let requestLine = lines.ranges.first else { throw .bad("empty request line") }
        var head = try parseRequestLine(bytes[requestLine], limits)
        guard lines.ranges.count - 1 <= limits.fields else {
            throw RequestProblem(status: 431, message: "more than \(limits.fields) header fields")
        }
        for range in lines.ranges.dropFirst() {
            let (name, value) = try parseField(bytes[range])
            head.headers.add(name, value)
        }
        return try finish(head, byteCount: end - bytes.startIndex)
    }

    /// Finds the lines of a head; nil if its end has not come.
    private static func lines(
        _ bytes: ArraySlice<UInt8>, _ limits: Limits
    ) throws(RequestProblem) -> (ranges: [Range<Int>], end: Int)? {
        var ranges: [Range<Int>] = []
        var lineStart = bytes.startIndex
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            guard index - bytes.startIndex < limits.headBytes else { break }
            if byte == lf {
                guard index > lineStart, bytes[index - 1] == cr else { throw .bad("bare line feed in the head") }
                if index - 1 == lineStart {
                    if ranges.isEmpty { throw .bad("empty request line") }
                    return (ranges, index + 1)
                }
                ranges.append(lineStart..<index - 1)
                lineStart = index + 1
            } else if byte == 0 {
                throw .bad("NUL in the head")
            } else if index > lineStart, bytes[index - 1] == cr {
                throw .bad("bare carriage return in the head")
            }
            index += 1
        }
        if (ranges.first?.count ?? bytes.count) > limits.targetBytes + 64 {
            throw RequestProblem(status: 414, message: "the target is longer than \(limits.targetBytes) bytes")
        }
        guard bytes.count < limits.headBytes else {
            throw RequestProblem(status: 431, message: "the head is longer than \(limits.headBytes) bytes")
        }
        return nil
    }

    private static func parseRequestLine(
        _ line: ArraySlice<UInt8>, _ limits: Limits
    ) throws(RequestProblem) -> RequestHead {
        let parts = line.split(separator: 0x20, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .bad("the request line has not three parts") }
        let (method, target, version) = (parts[0], parts[1], parts[2])
        guard !method.isEmpty, method.count <= 32, method.allSatisfy({ (0x41...0x5a).contains($0) || $0 == 0x2d })
        else {
            throw .bad("malformed method")
        }
        guard target.first == UInt8(ascii: "/") else { throw .bad("the target must begin with a slash") }
        guard target.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else { throw .bad("malformed target") }
        guard target.count <= limits.targetBytes else {
            throw RequestProblem(status: 414, message: "the target is longer than \(limits.targetBytes) bytes")
        }
        let parsedVersion: ProtocolVersion
        if version.elementsEqual("HTTP/1.1".utf8) {
            parsedVersion = .http11
        } else if version.elementsEqual("HTTP/1.0".utf8) {
            parsedVersion = .http10
        } else if version.starts(with: Array("HTTP/".utf8)) {
            throw RequestProblem(status: 505, message: "only HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken here")
        } else {
            throw .bad("malformed protocol version")
        }
        return RequestHead(
            method: String(decoding: method, as: UTF8.self), target: String(decoding: target, as: UTF8.self),
            version: parsedVersion)
    }

    static func parseField(_ line: ArraySlice<UInt8>) throws(RequestProblem) -> (name: String, value: String) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw .bad("header line without a colon") }
        let name = line[..<colon]
        // A line that begins with a blank would be a folded one.
        guard !name.isEmpty, name.allSatisfy(isToken) else { throw .bad("malformed header name") }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
            throw .bad("control character in a header value")
        }
        return (String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
    }

    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"),
            UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"),
            UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func finish(_ parsed: RequestHead, byteCount: Int) throws(RequestProblem) -> ParsedHead {
        var head = parsed
        let hosts = head.headers.values("Host").count
        guard hosts == 1 || hosts == 0 && head.version == .http10 else { throw .bad("exactly one Host is needed") }
        let encodings = head.headers.values("Transfer-Encoding")
        let lengths = head.headers.values("Content-Length")
        guard encodings.count <= 1, lengths.count <= 1, encodings.isEmpty || lengths.isEmpty else {
            throw .bad("the body's framing is given twice")
        }
        var framing = BodyFraming.length(0)
        if let encoding = encodings.first {
            guard head.version == .http11, encoding.lowercased() == "chunked" else {
                throw .bad("Transfer-Encoding must be chunked")
            }
            framing = .chunked
        } else if let length = lengths.first {
            guard !length.isEmpty, length.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(length)
            else {
                throw .bad("malformed Content-Length")
            }
            framing = .length(number)
        }
        var expectsContinue = false
        if let expectation = head.headers["Expect"] {
            guard expectation.lowercased() == "100-continue" else {
                throw RequestProblem(status: 417, message: "the only expectation met is 100-continue")
            }
            expectsContinue = head.version == .http11 && framing != .length(0)
        }
        let options = head.headers.values("Connection").joined(separator: ",").lowercased().split(separator: ",")
            .map { $0.filter { $0 != " " && $0 != "\t" } }
        let isKeepAlive = head.version == .http11 ? !options.contains("close") : options.contains("keep-alive")
        switch framing {
        case .chunked: head.contentLength = nil
        case .length(let length): head.contentLength = length
        }
        return ParsedHead(
            head: head, framing: framing, isKeepAlive: isKeepAlive, expectsContinue: expectsContinue,
            byteCount: byteCount)
    }
}
