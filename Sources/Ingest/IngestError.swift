/// Why something that was pushed was not stored.
public struct IngestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of problem, which decides the status.
    public enum Kind: Sendable, Hashable {
        /// The request cannot be meant: 400.
        case invalidArgument
        /// The profile could not be read or breaks a rule, on `/ingest`: 422.
        case unprocessable
        /// A rate or a bound of the server was reached: 429.
        case resourceExhausted
        /// The server cannot store now: 503.
        case unavailable
        /// A defect or the store: 500.
        case failed
    }

    /// The kind of problem.
    public let kind: Kind
    /// One line.
    public let description: String

    /// Makes an error.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
