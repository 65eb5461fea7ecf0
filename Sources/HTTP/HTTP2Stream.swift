/// One request of an HTTP/2 connection and its answer.
struct HTTP2Stream {
    /// How far it is.
    enum Phase {
        /// The header block is being read.
        case head
        /// The body is being read.
        case body
        /// The handler works.
        case responding
        /// The answer is on its way; what the client still sends is thrown away.
        case sending
    }

    var phase = Phase.head
    var method = ""
    var target = ""
    var authority: String?
    var headers = HeaderFields()
    /// The size of the header block as RFC 9113 section 6.5.2 counts it.
    var headBytes = 0
    var head: RequestHead?
    /// The largest body, in bytes.
    var limit = 0
    var body: [UInt8] = []
    /// What of the server's budget this body holds, in bytes.
    var reserved = 0
    /// Whether the client has sent everything.
    var hasEnded = false
    let started = ContinuousClock.now
    var deadline: ContinuousClock.Instant?
    var task: Task<Void, Never>?
    var output: [UInt8] = []
    var outputOffset = 0
    var trailers: HeaderFields?
    var status = 0

    init(deadline: ContinuousClock.Instant) {
        self.deadline = deadline
    }

    /// Takes a field of the header block.
    mutating func add(_ name: String, _ value: String) {
        switch name {
        case ":method": method = value
        case ":path": target = value
        case ":authority": authority = value
        default:
            if !name.hasPrefix(":") { headers.add(name, value) }
        }
    }

    /// The head of the request, or what is wrong with it.
    func parsedHead(remoteAddress: String, configuration: ServerConfiguration) throws(RequestProblem) -> RequestHead {
        guard target.utf8.count <= configuration.maxTargetBytes else {
            throw RequestProblem(
                status: 414, message: "the target is longer than \(configuration.maxTargetBytes) bytes")
        }
        guard headers.fields.count <= configuration.maxHeaderFields else {
            throw RequestProblem(status: 431, message: "more than \(configuration.maxHeaderFields) header fields")
        }
        guard target.utf8.first == UInt8(ascii: "/"), target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw RequestProblem(status: 400, message: "the target is not a path in visible ASCII")
        }
        var fields = headers
        if let authority, fields["Host"] == nil { fields.add("Host", authority) }
        var length: Int?
        if let text = headers["Content-Length"] {
            guard let parsed = Int(text), parsed >= 0 else {
                throw RequestProblem(status: 400, message: "the content length is not a number")
            }
            length = parsed
        } else if hasEnded {
            length = 0
        }
        return RequestHead(
            method: method, target: target, version: .http2, headers: fields, contentLength: length,
            remoteAddress: remoteAddress)
    }
}
