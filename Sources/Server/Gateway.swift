import API
public import HTTP
public import Ingest
import Model
import Query
public import Store
public import Telemetry
import Wire

/// What the routes stand on.
public struct GatewayConfiguration: Sendable {
    /// The path that all routes lie below, without a slash at its end; usually empty.
    public var basePath = ""
    /// Whether `X-Scope-OrgID` names the tenant.
    public var multitenancy = false
    /// What tenants without limits of their own may ask and push.
    public var limits = TenantLimits.Limits(query: .hearth, ingest: .hearth)
    /// The largest body of a push, in bytes on the wire.
    public var maxPushBytes = 256 << 20
    /// The most bytes that decoded pushes may hold at the same time; 0 is no bound.
    public var maxDecodedBytesInFlight = 512 << 20
    /// Tells the time, in nanoseconds since the epoch.
    public var clock: @Sendable () -> Int64 = { WallClock.nanoseconds }
    /// The version that build information names.
    public var version = "dev"

    /// Makes a configuration with the default values.
    public init() {}
}

/// The application behind the HTTP server: finds the route, the tenant and the form of errors.
public struct Gateway: Handler {
    /// All routes.
    public let routes: RouteTable
    /// What each tenant may ask and push.
    public let limits: TenantLimits
    /// What is done with the labels of all that is pushed.
    public let relabelling: RelabelTable
    private let configuration: GatewayConfiguration
    private let logger: Logger
    private let requests: Histogram
    private let bytesIn: Counter
    private let gate: PushGate
    /// The memory that decoded pushes take.
    public var decodeBudget: DecodeBudget { gate.budget }

    /// Builds the routes over a store.
    public init(
        store: any ProfileStore, configuration: GatewayConfiguration = GatewayConfiguration(),
        metrics: Metrics = Metrics(),
        logger: Logger = .silent
    ) {
        self.configuration = configuration
        self.logger = logger
        requests = metrics.histogram(
            "hearth_http_request_duration_seconds", "How long requests took, by route and status.",
            buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10])
        bytesIn = metrics.counter("hearth_http_request_bytes_total", "Bytes of request bodies, by route.")
        let limits = TenantLimits(configuration.limits)
        self.limits = limits
        relabelling = RelabelTable(metrics: metrics)
        let gate = PushGate(
            ingest: IngestPipeline(
                store: store, limits: configuration.limits.ingest, relabelling: relabelling,
                problems: IngestProblems(metrics: metrics)),
            limits: limits, budget: DecodeBudget(limit: configuration.maxDecodedBytesInFlight))
        self.gate = gate
        routes = RouteTable(
            QuerierRoutes(store: store, limits: limits).routes
                + IngestRoutes(gate: gate, maxBytes: configuration.maxPushBytes).routes
                + OTLPRoutes(gate: gate, maxBytes: configuration.maxPushBytes).routes
                + ProblemRoutes(problems: gate.problems).routes
                + RenderRoutes(store: store, limits: limits).routes
                + SettingsRoutes(documents: store.documents).routes
                + RecordingRuleRoutes(documents: store.documents).routes
                + AdHocRoutes(documents: store.documents, limits: limits, maxBytes: configuration.maxPushBytes).routes
                + SideServiceRoutes().routes
                + DeletionRoutes(store: store, logger: logger).routes
                + StatusRoutes(store: store, metrics: metrics, version: configuration.version).routes)
    }

    /// Refuses what the head alone tells: a missing tenant, a body that is too large.
    public func admit(_ head: RequestHead) -> Admission {
        guard case .route(let route) = match(head) else { return .accept(bodyLimit: Self.strayBodyLimit) }
        do throws(TenantHeader.Problem) {
            _ = try tenants(head, route)
        } catch {
            return .refuse(response(Self.apiError(error), route, head))
        }
        return .accept(bodyLimit: max(route.bodyLimit, Self.strayBodyLimit))
    }

    /// What is read of a body that no route wants, so that the connection can go on.
    private static let strayBodyLimit = 64 << 10

    /// The answer to a body over its route's limit.
    public func bodyTooLarge(_ head: RequestHead, limit: Int) -> Response {
        let plain = APIError(.invalidArgument, "request body too large: the limit is \(limit) bytes (max-request-body)")
        guard case .route(let route) = match(head) else { return Response(plain, status: 413) }
        let error = route.family == .rpc ? RPCCall.tooLarge(head.contentLength ?? limit + 1, limit: limit) : plain
        if route.isPush, let tenants = try? tenants(head, route) {
            gate.refuse(
                error,
                RoutedRequest(request: Request(head: head), tenants: tenants, nanoseconds: configuration.clock()))
        }
        return route.family == .rpc ? response(error, route, head) : Response(error, status: 413)
    }

    /// Finds the route and answers.
    public func respond(to request: Request) async -> Response {
        switch match(request.head) {
        case .none:
            return .text("404 page not found\n", status: 404)
        case .wrongMethod(let route, let allowed):
            return Response(
                status: 405,
                headers: route.family == .rpc
                    ? HeaderFields([("Allow", Set(allowed).sorted().joined(separator: ", "))]) : HeaderFields())
        case .route(let route):
            do throws(TenantHeader.Problem) {
                let tenants = try tenants(request.head, route)
                let routed = RoutedRequest(request: request, tenants: tenants, nanoseconds: configuration.clock())
                let response = await PartialAnswers.marked { await route.respond(routed) }
                return route.family == .plain ? Self.compressed(response, for: request.head) : response
            } catch {
                return response(Self.apiError(error), route, request.head)
            }
        }
    }

    /// Logs and counts a finished exchange.
    public func finished(_ exchange: Exchange) {
        var name = "none"
        if let head = exchange.head, case .route(let route) = match(head) { name = route.path }
        let seconds =
            Double(exchange.duration.components.seconds) + Double(exchange.duration.components.attoseconds) * 1e-18
        requests.observe(seconds, ["route": name, "status": "\(exchange.status)"])
        bytesIn.add(Double(exchange.bytesIn), ["route": name])
        // Agents push all day long: what went well is for those who look for something.
        let level: LogLevel = exchange.status >= 500 ? .warn : exchange.status >= 400 ? .info : .debug
        logger.log(
            level, "request",
            [
                "method": exchange.head?.method ?? "-", "path": exchange.head.map { String($0.rawPath) } ?? "-",
                "status": "\(exchange.status)", "bytes_in": "\(exchange.bytesIn)", "bytes_out": "\(exchange.bytesOut)",
                "duration_ms": "\((seconds * 100_000).rounded() / 100)", "remote": exchange.head?.remoteAddress ?? "-",
            ])
    }

    private func match(_ head: RequestHead) -> RouteTable.Match {
        guard let path = head.path(below: configuration.basePath) else { return .none }
        return routes.match(method: head.method, path: path)
    }

    private func tenants(_ head: RequestHead, _ route: Route) throws(TenantHeader.Problem) -> [Tenant] {
        try TenantHeader.tenants(
            head.headers[TenantHeader.name], multitenancy: configuration.multitenancy, arity: route.tenants)
    }

    private static func apiError(_ problem: TenantHeader.Problem) -> APIError {
        APIError(problem.isUnauthenticated ? .unauthenticated : .invalidArgument, problem.message)
    }

    private func response(_ error: APIError, _ route: Route, _ head: RequestHead) -> Response {
        route.family == .plain
            ? Response(error) : Response(RPCCall.fallback(contentType: head.headers["Content-Type"]).encode(error))
    }

    /// Compresses plain answers from 1400 bytes on, as the reference does.
    private static func compressed(_ response: Response, for head: RequestHead) -> Response {
        guard response.body.count >= 1400, response.headers["Content-Encoding"] == nil,
            (head.headers["Accept-Encoding"] ?? "").split(separator: ",").contains(where: {
                $0.split(separator: ";").first?.filter { $0 != " " } == "gzip"
            })
        else { return response }
        var compressed = response
        compressed.headers.set("Content-Encoding", "gzip")
        compressed.headers.add("Vary", "Accept-Encoding")
        compressed.body = Gzip.deflate(response.body)
        return compressed
    }
}
