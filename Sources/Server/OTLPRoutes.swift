import API
import Formats
import HTTP
import Ingest
import Model
import Wire

/// OpenTelemetry's profiles: OTLP over HTTP on both paths, and gRPC on the path of its service.
struct OTLPRoutes {
    let pipeline: IngestPipeline
    let limits: TenantLimits
    let maxBytes: Int

    private static let export = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export"

    var routes: [Route] {
        let (pipeline, limits, maxBytes) = (pipeline, limits, maxBytes)
        let grpc = Route.rpc(
            Self.export, tenants: .one, bodyLimit: maxBytes, messageLimit: maxBytes, OTLP.ExportRequest.self
        ) { request, routed in
            try await pipeline.limited(by: limits.ingest(for: routed.tenant), for: routed.tenant).export(
                request, for: routed.tenant, now: WallClock.nanoseconds)
            return OTLP.ExportResponse()
        }
        return [Self.export, "/v1development/profiles"].map { path in
            Route("POST", path, family: .rpc, tenants: .one, bodyLimit: maxBytes) { routed in
                let type = routed.request.head.headers["Content-Type"] ?? ""
                if type.hasPrefix("application/grpc") { return await grpc.respond(routed) }
                return await exported(
                    routed, type, pipeline.limited(by: limits.ingest(for: routed.tenant), for: routed.tenant), maxBytes)
            }
        }
    }
}

/// OTLP over HTTP: the content type must be exact, and success is an empty protobuf whatever the request was.
private func exported(
    _ routed: RoutedRequest, _ type: String, _ pipeline: IngestPipeline, _ maxBytes: Int
) async -> Response {
    guard ["application/json", "application/x-protobuf", "application/protobuf"].contains(type) else {
        return .plain(415, "Unsupported Content-Type: \(type)")
    }
    var body = routed.request.body
    switch routed.request.head.headers["Content-Encoding"] ?? "" {
    case "", "identity": break
    case "gzip":
        do throws(Gzip.Problem) {
            body = try Gzip.inflate(body, limit: maxBytes)
        } catch {
            switch error {
            case .malformed: return .plain(400, "failed to read gzip-compressed request body")
            case .tooLarge:
                return .plain(
                    413, "uncompressed profile payload size exceeds limit of \(maxBytes) bytes (max-request-body)")
            }
        }
    case let encoding: return .plain(415, "Unsupported Content-Encoding: \(encoding)")
    }
    let request: OTLP.ExportRequest
    do throws(WireError) {
        request =
            type == "application/json" ? try OTLP.ExportRequest(json: body) : try OTLP.ExportRequest(binary: body)
    } catch {
        return .plain(400, "Failed to parse \(type == "application/json" ? "JSON" : "protobuf") request: \(error)")
    }
    do throws(IngestError) {
        try await pipeline.export(request, for: routed.tenant, now: WallClock.nanoseconds)
    } catch {
        return .plain(error.status, error.description)
    }
    return Response(status: 200, headers: HeaderFields([("Content-Type", "application/x-protobuf")]))
}

extension Response {
    fileprivate static func plain(_ status: Int, _ text: String) -> Response {
        Response(
            status: status, headers: HeaderFields([("Content-Type", "text/plain; charset=utf-8")]),
            body: Array((text + "\n").utf8))
    }
}
