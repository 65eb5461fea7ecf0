/// The header fields of a request or an answer, in the order of the wire.
public struct HeaderFields: Sendable {
    /// Names as they came (or will be sent) and values without surrounding blanks.
    public private(set) var fields: [(name: String, value: String)]

    /// Makes fields of pairs.
    public init(_ fields: [(name: String, value: String)] = []) {
        self.fields = fields
    }

    /// The first value of a field, compared without regard to case, or nil.
    public subscript(_ name: String) -> String? {
        fields.first { Self.equal($0.name, name) }?.value
    }

    /// All values of a field, in order.
    public func values(_ name: String) -> [String] {
        fields.filter { Self.equal($0.name, name) }.map(\.value)
    }

    /// Adds a field.
    public mutating func add(_ name: String, _ value: String) {
        fields.append((name, value))
    }

    /// Removes all fields of a name and adds one.
    public mutating func set(_ name: String, _ value: String) {
        fields.removeAll { Self.equal($0.name, name) }
        fields.append((name, value))
    }

    static func equal(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count
            && zip(left.utf8, right.utf8).allSatisfy { Self.lowered($0) == Self.lowered($1) }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    }
}

/// Which protocol a request came over.
public enum ProtocolVersion: Sendable, Hashable {
    /// HTTP/1.0
    case http10
    /// HTTP/1.1
    case http11
    /// HTTP/2 without TLS
    case http2
}

/// What is known of a request before its body.
public struct RequestHead: Sendable {
    /// The method, in upper case.
    public var method: String
    /// The target as it came: a path, and after a `?` the query.
    public var target: String
    /// The protocol.
    public var version: ProtocolVersion
    /// The header fields.
    public var headers: HeaderFields
    /// The announced length of the body; 0 if there is none, nil if it comes in chunks or frames.
    public var contentLength: Int?
    /// The client's address and port.
    public var remoteAddress: String

    /// Makes a head.
    public init(
        method: String, target: String, version: ProtocolVersion = .http11, headers: HeaderFields = HeaderFields(),
        contentLength: Int? = 0, remoteAddress: String = ""
    ) {
        self.method = method
        self.target = target
        self.version = version
        self.headers = headers
        self.contentLength = contentLength
        self.remoteAddress = remoteAddress
    }

    /// The target up to the `?`, still percent-encoded.
    public var rawPath: Substring { target.prefix { $0 != "?" } }

    /// The target after the `?`, still percent-encoded, or empty.
    public var rawQuery: Substring {
        guard let mark = target.firstIndex(of: "?") else { return "" }
        return target[target.index(after: mark)...]
    }
}

/// A whole request.
public struct Request: Sendable {
    /// Everything but the body.
    public var head: RequestHead
    /// The body, without its transfer framing but still content-encoded.
    public var body: [UInt8]

    /// Makes a request.
    public init(head: RequestHead, body: [UInt8] = []) {
        self.head = head
        self.body = body
    }
}

/// An answer.
public struct Response: Sendable {
    /// The status code.
    public var status: Int
    /// The header fields; the server adds Date, Content-Length and Connection.
    public var headers: HeaderFields
    /// The body.
    public var body: [UInt8]
    /// Trailer fields, sent over HTTP/2 only (gRPC's status); over HTTP/1.1 they are left out.
    public var trailers: HeaderFields?

    /// Makes an answer.
    public init(
        status: Int, headers: HeaderFields = HeaderFields(), body: [UInt8] = [], trailers: HeaderFields? = nil
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.trailers = trailers
    }
}

/// What a handler decides on a request's head, before any of its body is read or a 100 Continue is sent.
public enum Admission: Sendable {
    /// Read the body, up to this many bytes on the wire, then call ``Handler/respond(to:)``.
    case accept(bodyLimit: Int)
    /// Answer at once; the body is not read.
    case refuse(Response)
}

/// The application behind a server.
public protocol Handler: Sendable {
    /// Decides on a request's head; called on the event loop, so it must not block.
    func admit(_ head: RequestHead) -> Admission

    /// The answer when the body grew past the limit that ``admit(_:)`` gave.
    func bodyTooLarge(_ head: RequestHead, limit: Int) -> Response

    /// Answers a whole request; the task is cancelled when the client goes away.
    func respond(to request: Request) async -> Response

    /// Is told about each finished exchange, for the access log and metrics; called on the event loop.
    func finished(_ exchange: Exchange)
}

/// What happened to one request.
public struct Exchange: Sendable {
    /// The request's head, or nil if what came was no request.
    public var head: RequestHead?
    /// The status that was answered, or 0 if the client went away before.
    public var status: Int
    /// Bytes of the request's body.
    public var bytesIn: Int
    /// Bytes of the answer's body.
    public var bytesOut: Int
    /// From the first byte of the head to the last of the answer.
    public var duration: Duration

    /// Makes a record.
    public init(head: RequestHead?, status: Int, bytesIn: Int, bytesOut: Int, duration: Duration) {
        self.head = head
        self.status = status
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.duration = duration
    }
}
