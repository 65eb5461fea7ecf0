import API
import HTTP
import Ingest
import Model

/// The routes that profiles come in by.
struct IngestRoutes {
    let gate: PushGate
    let maxBytes: Int

    var routes: [Route] {
        let gate = gate
        let plain: @Sendable (RoutedRequest) async -> Response = { routed in
            await gate.reserving(routed) { await ingest($0, gate.pipeline(for: $0)) }
        }
        return [
            .rpc(
                "/push.v1.PusherService/Push", tenants: .one, bodyLimit: maxBytes, messageLimit: maxBytes,
                PushRequest.self, push: gate
            ) { request, routed in
                let series = request.series.map { series in
                    PushedSeries(
                        labels: series.labels.map { Label($0.name, $0.value) },
                        profiles: series.samples.map { ($0.id, $0.rawProfile) })
                }
                try await gate.pipeline(for: routed).push(series, now: routed.nanoseconds)
                return PushResponse()
            },
            Route("POST", "/ingest", tenants: .one, bodyLimit: maxBytes, respond: plain),
            Route("POST", "/pyroscope/ingest", tenants: .one, bodyLimit: maxBytes, respond: plain),
        ].map { $0.asPush() }
    }
}

private func ingest(_ routed: RoutedRequest, _ pipeline: IngestPipeline) async -> Response {
    let fields = FormFields(routed.request.head.rawQuery)
    let request = IngestRequest(
        parameter: { fields[$0] }, contentType: routed.request.head.headers["Content-Type"] ?? "",
        body: routed.request.body, now: routed.nanoseconds)
    do throws(IngestError) {
        try await pipeline.ingest(request, now: routed.nanoseconds)
        return Response(status: 200)
    } catch {
        return Response(APIError(error.code, error.description), status: error.status)
    }
}
