import API
import HTTP
import Ingest
import Model

/// What every route that takes profiles shares: the memory for decoding, and the list of what senders do wrong.
struct PushGate: Sendable {
    let budget: DecodeBudget
    let problems: IngestProblems

    /// Lists a request that was refused before it reached the pipeline.
    func refuse(_ error: APIError, _ routed: RoutedRequest) {
        problems.refuse(
            IngestError.Kind(error.code), error.message, tenant: routed.tenant, service: .empty,
            sender: IngestSender(routed.request.head), now: WallClock.nanoseconds)
    }
}

extension IngestSender {
    /// Who sent a request.
    init(_ head: RequestHead) {
        let address = head.remoteAddress.lastIndex(of: ":").map { head.remoteAddress[..<$0] }
        self.init(address: address.map(String.init) ?? "", userAgent: head.headers["User-Agent"] ?? "")
    }
}
