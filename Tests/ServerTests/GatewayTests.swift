import Formats
import HTTP
import Ingest
import MemoryStore
import Model
import Query
import Selectors
import Server
import Store
import Testing
import Wire

/// Asks a gateway without a socket, as the HTTP module would.
func ask(
    _ gateway: Gateway, _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8] = []
) async -> Response {
    let head = RequestHead(
        method: method, target: target, headers: HeaderFields(headers.map { (name: $0.0, value: $0.1) }),
        contentLength: body.count)
    switch gateway.admit(head) {
    case .refuse(let response): return response
    case .accept: return await gateway.respond(to: Request(head: head, body: body))
    }
}

func askJSON(_ gateway: Gateway, _ method: String, _ json: String, headers: [(String, String)] = []) async throws
    -> JSONValue
{
    let response = await ask(
        gateway, "POST", "/querier.v1.QuerierService/\(method)",
        headers: [("Content-Type", "application/json")] + headers,
        body: Array(json.utf8))
    return try JSONValue(parsing: response.body)
}

@Suite struct GatewayTests {
    private func gateway(_ change: (inout GatewayConfiguration) -> Void = { _ in }) -> Gateway {
        var configuration = GatewayConfiguration()
        change(&configuration)
        return Gateway(store: MemoryStore(), configuration: configuration)
    }

    private let types = "/querier.v1.QuerierService/ProfileTypes"
    private let json = [("Content-Type", "application/json")]

    @Test func `what was pushed is in the next answer`() async throws {
        let gateway = gateway()
        let pushed = await ask(
            gateway, "POST", "/ingest?name=shop%7Bregion%3Deu%7D&sampleRate=0&format=folded",
            body: Array("main;work 3\nmain 1\n".utf8))
        #expect(pushed.status == 200 && pushed.body.isEmpty)
        let answer = try await askJSON(
            gateway, "SelectMergeStacktraces",
            #"{"profileTypeID":"process_cpu:samples:count::","labelSelector":"{region=\"eu\"}","start":1,"end":"99999999999999"}"#
        )
        #expect(answer["flamegraph"]?["total"] == .string("4"))
        #expect(answer["flamegraph"]?["names"]?.elements?.compactMap(\.text) == ["total", "main", "work"])
    }

    @Test func `what says no time is stored at the time of its request`() async throws {
        let store = MemoryStore()
        var configuration = GatewayConfiguration()
        configuration.clock = { 1_700_000_000_123_456_789 }
        let gateway = Gateway(store: store, configuration: configuration)
        #expect(await ask(gateway, "POST", "/ingest?name=shop", body: Array("main 1\n".utf8)).status == 200)
        #expect(try await store.span(of: .anonymous)?.newest == 1_700_000_000_123_456_789)
    }

    @Test(arguments: ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
    func `a remote call by another method is told to POST`(_ method: String) async {
        let response = await ask(gateway(), method, types)
        #expect(response.status == 405 && response.headers["Allow"] == "POST")
    }

    @Test(arguments: [
        "/nope", "/querier.v1.QuerierService/Nope", "/querier.v1.QuerierService/ProfileTypes/", "/healthz", "/render",
    ])
    func `paths that lead nowhere are 404`(_ path: String) async {
        #expect(await ask(gateway(), "POST", path, headers: json, body: Array("{}".utf8)).status == 404)
    }

    @Test func `doubled slashes and a base path lead to the same routes`() async {
        #expect(await ask(gateway(), "GET", "//ready").status == 200)
        let based = gateway { $0.basePath = "/profiles" }
        #expect(await ask(based, "GET", "/profiles/ready").status == 200)
        #expect(await ask(based, "GET", "/profiles//ready").status == 200)
        #expect(await ask(based, "GET", "/ready").status == 404)
        #expect(await ask(based, "GET", "/profilesready").status == 404)
    }

    @Test func `a method of an integration that is not configured is unimplemented in Connect's form`() async {
        let response = await ask(
            gateway(), "POST", "/vcs.v1.VCSService/GithubApp", headers: json, body: Array("{}".utf8))
        #expect(response.status == 501 && response.headers["Content-Type"] == "application/json")
        #expect(String(decoding: response.body, as: UTF8.self).hasPrefix(#"{"code":"unimplemented","message":"#))
    }

    @Test func `without multi-tenancy any tenant header is ignored`() async {
        for header in ["", "a/b", "a|b"] {
            let response = await ask(
                gateway(), "POST", types, headers: json + [("X-Scope-OrgID", header)], body: Array("{}".utf8))
            #expect(response.status == 200)
        }
    }

    @Test(arguments: ["/querier.v1.QuerierService/LabelNames", "/ingest?name=x", "/push.v1.PusherService/Push"])
    func `with multi-tenancy a missing tenant is refused before the body is read`(_ path: String) {
        let head = RequestHead(
            method: "POST", target: path, headers: HeaderFields([("Content-Type", "application/json")]),
            contentLength: 9)
        guard case .refuse(let response) = gateway({ $0.multitenancy = true }).admit(head) else {
            Issue.record("the request was let in")
            return
        }
        #expect(response.status == 401)
        #expect(
            String(decoding: response.body, as: UTF8.self).contains(#""code":"unauthenticated","message":"no org id""#))
    }

    @Test func `tenants are kept apart and read together`() async throws {
        let gateway = gateway { $0.multitenancy = true }
        for tenant in ["a", "b"] {
            let response = await ask(
                gateway, "POST", "/ingest?name=\(tenant)&sampleRate=0", headers: [("X-Scope-OrgID", tenant)],
                body: Array("f 1\n".utf8))
            #expect(response.status == 200)
        }
        for (tenants, services) in [("a", ["a"]), ("b|a", ["a", "b"])] as [(String, [Text])] {
            let answer = try await askJSON(
                gateway, "LabelValues", #"{"name":"service_name"}"#, headers: [("X-Scope-OrgID", tenants)])
            #expect(answer["names"]?.elements?.compactMap(\.text) == services)
        }
        let write = await ask(
            gateway, "POST", "/ingest?name=x", headers: [("X-Scope-OrgID", "a|b")], body: Array("f 1\n".utf8))
        #expect(write.status == 400)
    }

    @Test func `a body over its route's limit is refused in the form of its route`() {
        let gateway = gateway()
        let push = RequestHead(
            method: "POST", target: "/push.v1.PusherService/Push",
            headers: HeaderFields([("Content-Type", "application/json")]), contentLength: 999)
        let rpc = gateway.bodyTooLarge(push, limit: 10)
        #expect(rpc.status == 429)
        #expect(String(decoding: rpc.body, as: UTF8.self).contains("message size 999 is larger than configured max 10"))
        let plain = gateway.bodyTooLarge(RequestHead(method: "POST", target: "/ingest"), limit: 10)
        #expect(plain.status == 413)
        #expect(String(decoding: plain.body, as: UTF8.self).contains("request body too large: "))
    }

    @Test func `metrics count finished requests by route and status`() async {
        let gateway = gateway()
        let head = RequestHead(method: "GET", target: "/ready")
        gateway.finished(Exchange(head: head, status: 200, bytesIn: 0, bytesOut: 6, duration: .milliseconds(2)))
        let text = String(decoding: await ask(gateway, "GET", "/metrics").body, as: UTF8.self)
        #expect(text.contains(#"hearth_http_request_duration_seconds_count{route="/ready",status="200"} 1"#))
    }

    @Test func `render speaks the first generation's JSON`() async throws {
        let gateway = gateway()
        _ = await ask(gateway, "POST", "/ingest?name=shop&sampleRate=100", body: Array("a<b 2\n".utf8))
        let query = "process_cpu%3Acpu%3Ananoseconds%3Acpu%3Ananoseconds%7Bservice_name%3D%22shop%22%2C%7D"
        let response = await ask(gateway, "GET", "/pyroscope/render?query=\(query)&from=now-1h&until=now%2B1m")
        let answer = try JSONValue(parsing: response.body)
        #expect(answer["flamebearer"]?["numTicks"]?.integer == 20_000_000)
        #expect(
            answer["metadata"]?["units"] == .string("samples") && answer["timeline"]?["durationDelta"]?.integer == 15)
        #expect(String(decoding: response.body, as: UTF8.self).contains("a\\u003cb"))
        #expect(await ask(gateway, "GET", "/pyroscope/render?from=now-1h").status == 400)
    }
}

@Suite struct TenantLimitsTests {
    @Test func `a tenant's own limits hold for it, and the strictest for several at once`() async {
        var configuration = GatewayConfiguration()
        configuration.multitenancy = true
        let gateway = Gateway(store: MemoryStore(), configuration: configuration)
        func ask(_ tenants: String, hours: Int) async -> Int {
            await ServerTests.ask(
                gateway, "POST", "/querier.v1.QuerierService/LabelNames",
                headers: [("Content-Type", "application/json"), ("X-Scope-OrgID", tenants)],
                body: Array(#"{"start":"1000","end":"\#(1000 + hours * 3_600_000)"}"#.utf8)
            ).status
        }
        gateway.limits.replace([
            Tenant("short"): .init(query: QueryLimits(maxLength: 3_600_000), ingest: .hearth)
        ])
        #expect(await ask("short", hours: 1) == 200)
        #expect(await ask("short", hours: 2) == 400)
        #expect(await ask("long", hours: 2) == 200)
        #expect(await ask("long|short", hours: 2) == 400)
    }

    @Test func `pushes beyond a tenant's rate are refused with 429 until its bucket has filled again`() async {
        let gateway = Gateway(store: MemoryStore())
        var limits = IngestLimits.hearth
        limits.pprof.maxBytes = 100
        limits.maxRate = 1
        gateway.limits.replace([.anonymous: .init(query: .hearth, ingest: limits)])
        func push(_ count: Int) async -> Int {
            await ask(
                gateway, "POST", "/ingest?name=a&sampleRate=0",
                body: Array(String(repeating: "a", count: count - 2).utf8) + Array(" 1".utf8)
            ).status
        }
        #expect(await push(60) == 200)
        #expect(await push(60) == 429)
        #expect(await push(30) == 200)
    }
}

@Suite struct TimeoutTests {
    @Test func `a caller's timeout ends a slow answer with 504`() async throws {
        /// A store whose answers never come.
        struct Stuck: ProfileStore {
            let documents: any DocumentStore = MemoryStore().documents
            func append(_ profiles: [NewProfile], for tenant: Tenant) async throws {}
            func series(in range: TimeRange, matching matchers: [LabelMatcher], tenants: [Tenant]) async throws
                -> [LabelSet]
            {
                try await Task.sleep(for: .seconds(3600))
                return []
            }
            func stackTotals(for selection: Selection) async throws -> [StackTotals] { [] }
            func profilePoints(for selection: Selection) async throws -> ProfilePoints { ProfilePoints() }
            func spanPoints(for selection: Selection) async throws -> SpanPoints { SpanPoints() }
            func nearestProfile(to selection: Selection) async throws -> Int64? { nil }
            func span(of tenant: Tenant) async throws -> ProfileSpan? { nil }
            func delete(_ deletion: Deletion, dryRun: Bool) async throws -> DeletedCounts { DeletedCounts() }
            func close() async {}
        }
        let response = await ask(
            Gateway(store: Stuck()), "POST", "/querier.v1.QuerierService/LabelNames",
            headers: [("Content-Type", "application/json"), ("Connect-Timeout-Ms", "20")], body: Array("{}".utf8))
        #expect(response.status == 504)
        #expect(String(decoding: response.body, as: UTF8.self).contains("deadline_exceeded"))
    }
}
