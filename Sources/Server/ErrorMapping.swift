import API
import HTTP
import Ingest
import Query
import Store

extension APIError {
    /// The one place where the errors of all modules become what a client is told.
    init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as QueryError: self.init(.invalidArgument, error.message)
        case let error as IngestError: self.init(error.code, error.description)
        case let error as StoreError:
            switch error.code {
            case .closed, .full, .unhealthy: self.init(.unavailable, error.message)
            case .exhausted: self.init(.resourceExhausted, error.message)
            case .damaged: self.init(.dataLoss, error.message)
            case .unusable, .failed: self.init(.internal, error.message)
            }
        case is CancellationError: self.init(.canceled, "the request was cancelled by the client")
        default: self.init(.internal, "\(error)")
        }
    }
}

extension IngestError {
    /// The code of a Connect answer.
    var code: ErrorCode { kind.code }

    /// The status of a plain HTTP answer.
    var status: Int { kind.status }
}

extension IngestError.Kind {
    /// The code of a Connect answer.
    var code: ErrorCode {
        switch self {
        case .invalidArgument: .invalidArgument
        case .unprocessable: .unknown
        case .resourceExhausted: .resourceExhausted
        case .unavailable: .unavailable
        case .failed: .internal
        }
    }

    /// The status of a plain HTTP answer.
    var status: Int {
        switch self {
        case .unprocessable: 422
        case .invalidArgument, .resourceExhausted, .unavailable, .failed: code.status
        }
    }

    /// The kind of a refusal that was decided before the pipeline.
    init(_ code: ErrorCode) {
        switch code {
        case .resourceExhausted: self = .resourceExhausted
        case .unavailable: self = .unavailable
        case .internal, .dataLoss: self = .failed
        default: self = .invalidArgument
        }
    }
}

extension Response {
    /// An error of the plain HTTP routes: `{"code","message"}` and a line feed.
    init(_ error: APIError, status: Int? = nil) {
        self = .json(
            error.json + [0x0a], status: status ?? error.code.status,
            more: [("X-Content-Type-Options", "nosniff")] + error.retryFields)
    }

    /// The answer of a call, as this module's type.
    init(_ response: RPCResponse) {
        self.init(
            status: response.status, headers: HeaderFields(response.headers), body: response.body,
            trailers: response.trailers.map { HeaderFields($0) })
    }
}
