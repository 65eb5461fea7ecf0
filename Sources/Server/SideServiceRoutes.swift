import API
import HTTP
import Model

/// Small services that clients probe: version, feature flags, health, and the source view, which is not configured.
struct SideServiceRoutes {
    var routes: [Route] {
        [
            .rpc("/version.v1.Version/Version", tenants: .none, VersionRequest.self) { _, _ in
                var response = VersionResponse()
                response.querierAPI = 1
                return response
            },
            .rpc(
                "/capabilities.v1.FeatureFlagsService/GetFeatureFlags", tenants: .none, GetFeatureFlagsRequest.self
            ) { _, _ in
                var response = GetFeatureFlagsResponse()
                response.featureFlags = Self.flags
                return response
            },
            .rpc("/grpc.health.v1.Health/Check", tenants: .none, HealthCheckRequest.self) { request, _ in
                guard request.service.isEmpty || Self.services.contains(request.service) else {
                    throw APIError(.notFound, "unknown service \(request.service)")
                }
                var response = HealthCheckResponse()
                response.status = ServingStatus.serving
                return response
            },
        ]
            + ["GithubApp", "GithubLogin", "GithubRefresh"].map { Self.withoutGitHub($0, .unimplemented) }
            + ["GetFile", "GetCommit", "GetCommits"].map { Self.withoutGitHub($0, .unauthenticated) }
    }

    private static let services: Set<Text> = ["querier.v1.QuerierService", "push.v1.PusherService"]

    private static let flags: [FeatureFlag] = [
        ("pyroscopeRuler", false), ("pyroscopeRulerFunctions", false), ("utf8LabelNames", false),
        ("v2StorageLayer", true),
    ].map { name, isOn in
        var flag = FeatureFlag()
        flag.name = Text(name)
        flag.enabled = isOn
        return flag
    }

    /// Answers as the reference does without a GitHub application: no integration, and so no session either.
    private static func withoutGitHub(_ method: String, _ code: ErrorCode) -> Route {
        let message = code == .unauthenticated ? "invalid token" : "GitHub integration is not configured"
        return Route("POST", "/vcs.v1.VCSService/\(method)", family: .rpc, bodyLimit: 1 << 20) { routed in
            Response(
                RPCCall.fallback(contentType: routed.request.head.headers["Content-Type"])
                    .encode(APIError(code, message)))
        }
    }
}
