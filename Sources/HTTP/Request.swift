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
    public var rawPath: Substring { Substring(target.utf8.prefix { $0 != UInt8(ascii: "?") }) }

    /// The target after the `?`, still percent-encoded, or empty.
    public var rawQuery: Substring {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return "" }
        return target[target.utf8.index(after: mark)...]
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
