import Model
import Wire

/// The error codes that Connect and gRPC share.
public enum ErrorCode: Int, Sendable, Hashable {
    /// The caller gave up.
    case canceled = 1
    /// Anything else.
    case unknown = 2
    /// The request cannot be meant.
    case invalidArgument = 3
    /// Too late.
    case deadlineExceeded = 4
    /// There is no such thing.
    case notFound = 5
    /// There is one already.
    case alreadyExists = 6
    /// Not allowed.
    case permissionDenied = 7
    /// A limit was reached.
    case resourceExhausted = 8
    /// The state of things does not allow it.
    case failedPrecondition = 9
    /// Another change came first.
    case aborted = 10
    /// Past the end.
    case outOfRange = 11
    /// There is no such method.
    case unimplemented = 12
    /// A defect of the server.
    case `internal` = 13
    /// Not now.
    case unavailable = 14
    /// Stored data is damaged.
    case dataLoss = 15
    /// The tenant or the credentials are missing.
    case unauthenticated = 16

    /// The name on the wire.
    public var name: String {
        switch self {
        case .canceled: "canceled"
        case .unknown: "unknown"
        case .invalidArgument: "invalid_argument"
        case .deadlineExceeded: "deadline_exceeded"
        case .notFound: "not_found"
        case .alreadyExists: "already_exists"
        case .permissionDenied: "permission_denied"
        case .resourceExhausted: "resource_exhausted"
        case .failedPrecondition: "failed_precondition"
        case .aborted: "aborted"
        case .outOfRange: "out_of_range"
        case .unimplemented: "unimplemented"
        case .internal: "internal"
        case .unavailable: "unavailable"
        case .dataLoss: "data_loss"
        case .unauthenticated: "unauthenticated"
        }
    }

    /// The HTTP status of a Connect error (connectrpc.com/docs/protocol, error codes).
    public var status: Int {
        switch self {
        case .canceled: 499
        case .invalidArgument, .failedPrecondition, .outOfRange: 400
        case .deadlineExceeded: 504
        case .notFound: 404
        case .alreadyExists, .aborted: 409
        case .permissionDenied: 403
        case .resourceExhausted: 429
        case .unimplemented: 501
        case .unavailable: 503
        case .unauthenticated: 401
        case .unknown, .internal, .dataLoss: 500
        }
    }
}

/// An error that a client is told.
public struct APIError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of error.
    public var code: ErrorCode
    /// One line that a user can act on.
    public var message: String

    /// Makes an error.
    public init(_ code: ErrorCode, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Code and message.
    public var description: String { "\(code.name): \(message)" }

    /// The error as `{"code","message"}`.
    public var json: [UInt8] {
        var bytes = Array("{\"code\":\"\(code.name)\",\"message\":".utf8)
        JSONText.append(Text(message), to: &bytes)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// What tells a client when to try again, where that helps.
    public var retryFields: [(name: String, value: String)] {
        code == .unavailable ? [("Retry-After", "1")] : []
    }
}
