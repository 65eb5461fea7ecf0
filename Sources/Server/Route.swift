public import HTTP
import Ingest
public import Store

/// How a route speaks: decides how its errors look.
public enum RouteFamily: Sendable, Hashable {
    /// Connect, gRPC and gRPC-Web: errors in the protocol of the request.
    case rpc
    /// Plain HTTP: errors as `{"code","message"}`.
    case plain
}

/// A request on its way to a route.
public struct RoutedRequest: Sendable {
    /// The request as it came.
    public var request: Request
    /// Whose data it is about.
    public var tenants: [Tenant]
    /// When it came, in nanoseconds since the epoch.
    public var nanoseconds: Int64
    /// What a push takes memory from.
    var reservation: DecodeReservation?

    /// Makes a request.
    public init(request: Request, tenants: [Tenant], nanoseconds: Int64) {
        self.request = request
        self.tenants = tenants
        self.nanoseconds = nanoseconds
    }

    /// When it came, in milliseconds since the epoch.
    public var now: Int64 { nanoseconds / 1_000_000 }

    /// The one tenant of a route that takes one.
    public var tenant: Tenant { tenants.first ?? .anonymous }
}

/// One entry of the route table.
public struct Route: Sendable {
    /// The method, in upper case.
    public var method: String
    /// The path, matched as a whole.
    public var path: String
    /// How it speaks.
    public var family: RouteFamily
    /// How many tenants it takes.
    public var tenants: TenantHeader.Arity
    /// The largest body, in bytes on the wire.
    public var bodyLimit: Int
    /// Whether profiles come in by it.
    var isPush = false
    /// Answers a request.
    public var respond: @Sendable (RoutedRequest) async -> Response

    /// Makes a route.
    public init(
        _ method: String, _ path: String, family: RouteFamily = .plain, tenants: TenantHeader.Arity = .none,
        bodyLimit: Int = 0, respond: @escaping @Sendable (RoutedRequest) async -> Response
    ) {
        self.method = method
        self.path = path
        self.family = family
        self.tenants = tenants
        self.bodyLimit = bodyLimit
        self.respond = respond
    }

    /// The same route, as one that profiles come in by.
    func asPush() -> Route {
        var route = self
        route.isPush = true
        return route
    }
}

/// All routes of the server, as a value.
public struct RouteTable: Sendable {
    /// What a path leads to.
    public enum Match: Sendable {
        /// A route.
        case route(Route)
        /// The path exists, but not with this method; `allowed` are those it has.
        case wrongMethod(Route, allowed: [String])
        /// Nothing.
        case none
    }

    /// The routes in the order in which they were given.
    public let routes: [Route]
    private let byPath: [String: [Int]]

    /// Makes a table; a later route of the same method and path is never reached.
    public init(_ routes: [Route]) {
        self.routes = routes
        var byPath: [String: [Int]] = [:]
        for (index, route) in routes.enumerated() { byPath[route.path, default: []].append(index) }
        self.byPath = byPath
    }

    /// Finds the route of a method and path; HEAD is served by GET.
    public func match(method: String, path: String) -> Match {
        let method = method == "HEAD" ? "GET" : method
        guard let candidates = byPath[path] else { return .none }
        if let found = candidates.first(where: { routes[$0].method == method }) { return .route(routes[found]) }
        return .wrongMethod(routes[candidates[0]], allowed: candidates.map { routes[$0].method })
    }
}
