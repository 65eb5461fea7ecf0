public import Model

/// What a client sent to `/ingest`, its parameters decoded.
public struct IngestRequest: Sendable {
    /// `name`: the application with its labels.
    public var name: Text
    /// `from` in nanoseconds.
    public var from: Int64
    /// `sampleRate`; 100 where it is missing or cannot be read.
    public var sampleRate: Int64
    /// `spyName`.
    public var spyName: Text
    /// `format`.
    public var format: Text
    /// The request's content type.
    public var contentType: String
    /// The body, as it came.
    public var body: [UInt8]

    /// Reads the parameters; `parameter` gives the first value of a name.
    public init(parameter: (Text) -> Text?, contentType: String, body: [UInt8], now: Int64) {
        name = parameter("name") ?? .empty
        from = parameter("from").map { TimeExpression.nanoseconds($0, now: now) } ?? now
        sampleRate = parameter("sampleRate").flatMap { Int64($0.string) }.flatMap { $0 >= 0 ? $0 : nil } ?? 100
        let spy = parameter("spyName") ?? .empty
        spyName = spy.isEmpty ? "unknown" : spy
        format = parameter("format") ?? .empty
        self.contentType = contentType
        self.body = body
    }
}
