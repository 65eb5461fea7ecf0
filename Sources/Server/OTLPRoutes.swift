import API
import Formats
import HTTP
import Ingest
import Model
import Wire

/// OpenTelemetry's profiles: OTLP over HTTP on both paths, and gRPC on the path of its service.
struct OTLPRoutes {
    let gate: PushGate
    let maxBytes: Int

    private static let export = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export"

    var routes: [Route] {
        let (gate, maxBytes) = (gate, maxBytes)
        let grpc = Route.rpc(
            Self.export, tenants: .one, bodyLimit: maxBytes, messageLimit: maxBytes, OTLP.ExportRequest.self, push: gate
        ) { request, routed in
            OTLP.ExportResponse(
                try await gate.pipeline(for: routed).export(request, now: routed.nanoseconds))
        }
        return [Self.export, "/v1development/profiles"].map { path in
            Route("POST", path, family: .rpc, tenants: .one, bodyLimit: maxBytes) { routed in
                let type = routed.request.head.headers["Content-Type"] ?? ""
                if type.hasPrefix("application/grpc") { return await grpc.respond(routed) }
                return await gate.reserving(routed) { routed in
                    switch await exported(routed, type, gate.pipeline(for: routed), maxBytes) {
                    case .done(let response): return response
                    case .unread(let status, let text):
                        // Where memory was the reason, the request may come again.
                        if let refusal = routed.reservation?.refusal {
                            gate.refuse(APIError(refusal), routed)
                            return .text(
                                refusal.description + "\n", status: refusal.status, more: APIError(refusal).retryFields)
                        }
                        gate.refuse(APIError(status == 413 ? .resourceExhausted : .invalidArgument, text), routed)
                        return .text(text + "\n", status: status)
                    }
                }
            }.asPush()
        }
    }
}

/// What became of an export over HTTP.
private enum ExportAnswer {
    /// It was answered by the pipeline.
    case done(Response)
    /// It could not be read.
    case unread(Int, String)
}

/// OTLP over HTTP: the content type must be exact, and full success is an empty protobuf whatever the request was.
private func exported(
    _ routed: RoutedRequest, _ type: String, _ pipeline: IngestPipeline, _ maxBytes: Int
) async -> ExportAnswer {
    guard ["application/json", "application/x-protobuf", "application/protobuf"].contains(type) else {
        return .unread(415, "Unsupported Content-Type: \(type)")
    }
    let reservation = routed.reservation
    let reserving: @Sendable (Int) -> Bool = { reservation?.take($0) ?? true }
    var body = routed.request.body
    switch (routed.request.head.headers["Content-Encoding"] ?? "").lowercased() {
    case "", "identity": break
    case "gzip":
        do throws(Gzip.Problem) {
            body = try Gzip.inflate(body, limit: maxBytes, reserving: reserving)
        } catch {
            switch error {
            case .malformed, .trailing, .noRoom: return .unread(400, "failed to read gzip-compressed request body")
            case .bomb: return .unread(413, error.description)
            case .tooLarge:
                return .unread(
                    413, "uncompressed profile payload size exceeds limit of \(maxBytes) bytes (max-request-body)")
            }
        }
    case let encoding: return .unread(415, "Unsupported Content-Encoding: \(encoding)")
    }
    let isJSON = type == "application/json"
    let memory = max(64 << 20, maxBytes.saturatingMultiply(2))
    let request: OTLP.ExportRequest
    do throws(WireError) {
        request =
            isJSON
            ? try OTLP.ExportRequest(json: body, memoryLimit: memory, reserving: reserving)
            : try OTLP.ExportRequest(binary: body, memoryLimit: memory, reserving: reserving)
    } catch {
        return .unread(400, "Failed to parse \(isJSON ? "JSON" : "protobuf") request: \(error)")
    }
    do throws(IngestError) {
        let outcome = try await pipeline.export(request, now: routed.nanoseconds)
        return .done(response(OTLP.ExportResponse(outcome), isJSON: isJSON))
    } catch {
        return .done(.text(error.description + "\n", status: error.status, more: APIError(error).retryFields))
    }
}

private func response(_ answer: OTLP.ExportResponse, isJSON: Bool) -> Response {
    guard answer.partialSuccess != nil else {
        return Response(status: 200, headers: HeaderFields([("Content-Type", "application/x-protobuf")]))
    }
    do throws(WireError) {
        return Response(
            status: 200,
            headers: HeaderFields([("Content-Type", isJSON ? "application/json" : "application/x-protobuf")]),
            body: isJSON ? try answer.json() : try answer.binary())
    } catch {
        return .text("marshal message: \(error)\n", status: 500)
    }
}

extension OTLP.ExportResponse {
    /// Partial success where profiles were rejected or altered.
    fileprivate init(_ outcome: ExportOutcome) {
        self.init()
        guard outcome.rejected > 0 || !outcome.message.isEmpty else { return }
        partialSuccess = OTLP.PartialSuccess(rejected: Int64(outcome.rejected), message: Text(outcome.message))
    }
}
