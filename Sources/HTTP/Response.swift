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
