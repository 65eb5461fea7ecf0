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

/// What a handler decides on a request's head, before any of its body is read or a 100 Continue is sent.
public enum Admission: Sendable {
    /// Read the body, up to this many bytes on the wire, then call ``Handler/respond(to:)``.
    case accept(bodyLimit: Int)
    /// Answer at once; the body is not read.
    case refuse(Response)
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
