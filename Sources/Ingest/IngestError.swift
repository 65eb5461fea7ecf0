/// Why something that was pushed was not stored.
public struct IngestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of problem, which decides the status.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The request cannot be meant: 400.
        case invalidArgument = "invalid_argument"
        /// The profile could not be read or breaks a rule, on `/ingest`: 422.
        case unprocessable
        /// A rate or a bound of the server was reached: 429.
        case resourceExhausted = "resource_exhausted"
        /// The server cannot take it now, and it may be sent again: 503.
        case unavailable
        /// A defect or the store: 500.
        case failed
    }

    /// The kind of problem.
    public let kind: Kind
    /// One line that names the field or the setting.
    public let description: String

    /// Makes an error.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}

extension IngestError.Kind {
    /// What the sender can do about a refusal, beside what the message says.
    public var fix: String {
        switch self {
        case .invalidArgument: "Correct what the message names; sending the same again is refused again."
        case .unprocessable: "The profile could not be read: check its format, and the parameter format."
        case .resourceExhausted: "Send less or less often, or raise the setting that the message names."
        case .unavailable: "Send it again after a pause. If it goes on, look at the server's disk, memory and log."
        case .failed: "Look at the server's log; this is no mistake of the sender."
        }
    }
}
