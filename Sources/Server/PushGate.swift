import API
import HTTP
import Ingest
import Model

/// What every route that takes profiles shares: the pipeline with each tenant's limits, and the memory for decoding.
struct PushGate: Sendable {
    let ingest: IngestPipeline
    let limits: TenantLimits
    let budget: DecodeBudget

    /// What senders do wrong.
    var problems: IngestProblems { ingest.problems }

    /// The pipeline for one push, with the limits of its tenant.
    func pipeline(for routed: RoutedRequest) -> IngestPipeline {
        ingest.limited(by: limits.ingest(for: routed.tenant), for: routed.tenant)
            .serving(IngestSender(routed.request.head), within: routed.reservation)
    }

    /// Answers a push, and gives back the memory that it took.
    func reserving(_ routed: RoutedRequest, _ answer: (RoutedRequest) async -> Response) async -> Response {
        let reservation = budget.open()
        defer { reservation.close() }
        var routed = routed
        routed.reservation = reservation
        return await answer(routed)
    }

    /// Lists a request that was refused before it reached the pipeline.
    func refuse(_ error: APIError, _ routed: RoutedRequest) {
        problems.refuse(
            IngestError.Kind(error.code), error.message, tenant: routed.tenant, service: .empty,
            sender: IngestSender(routed.request.head), now: routed.nanoseconds)
    }
}

extension IngestSender {
    /// Who sent a request.
    init(_ head: RequestHead) {
        let address = head.remoteAddress.lastIndex(of: ":").map { head.remoteAddress[..<$0] }
        self.init(address: address.map(String.init) ?? "", userAgent: head.headers["User-Agent"] ?? "")
    }
}
