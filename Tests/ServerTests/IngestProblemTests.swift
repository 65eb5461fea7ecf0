import Formats
import HTTP
import Ingest
import MemoryStore
import Model
import Server
import Testing
import Wire

@Suite struct IngestProblemTests {
    private func gateway(_ change: (inout GatewayConfiguration) -> Void = { _ in }) -> Gateway {
        var configuration = GatewayConfiguration()
        change(&configuration)
        return Gateway(store: MemoryStore(), configuration: configuration)
    }

    private func problems(_ gateway: Gateway, headers: [(String, String)] = []) async throws -> [JSONValue] {
        let response = await ask(gateway, "GET", "/api/v1/ingest/problems", headers: headers)
        #expect(response.status == 200 && response.headers["Content-Type"] == "application/json")
        return try JSONValue(parsing: response.body)["problems"]?.elements ?? []
    }

    @Test func `an alteration is listed with its sender and its fix, and counted`() async throws {
        let gateway = gateway()
        let pushed = await ask(
            gateway, "POST", "/ingest?name=api%7Bbad-name%3Dx%7D", headers: [("User-Agent", "my-agent/2")],
            body: Array("f 1\n".utf8))
        #expect(pushed.status == 200)
        let problem = try #require(try await problems(gateway).first)
        #expect(problem["kind"] == .string("salvaged") && problem["reason"] == .string("label_name"))
        #expect(problem["service"] == .string("api") && problem["tenant"] == .string("anonymous"))
        #expect(problem["userAgent"] == .string("my-agent/2") && problem["count"]?.integer == 1)
        #expect(problem["example"] == .string("name: bad-name=x"))
        #expect(problem["fix"] == .string(Text(SalvageReason.labelName.fix)))
        #expect(problem["firstMs"]?.integer == problem["lastMs"]?.integer)
        let metrics = String(decoding: await ask(gateway, "GET", "/metrics").body, as: UTF8.self)
        #expect(
            metrics.contains(
                #"hearth_ingest_salvaged_total{tenant="anonymous",service="api",reason="label_name"} 1"#))
    }

    @Test(
        arguments: [
            ("/ingest?name=api.nonsense", "", "f 1", "api.nonsense", "invalid_argument", 400),
            ("/ingest?name=api&format=pprof", "", "nonsense", "api", "unknown", 422),
            ("/push.v1.PusherService/Push", "application/json", "{", "", "invalid_argument", 400),
            ("/push.v1.PusherService/Push", "application/json", "{}", "", "invalid_argument", 400),
            ("/v1development/profiles", "application/json", "{", "", "invalid_argument", 400),
            ("/v1development/profiles", "application/json", "{}", "", "invalid_argument", 400),
        ] as [(String, String, String, Text, Text, Int)])
    func `a refusal is listed with its code`(
        _ target: String, _ type: String, _ body: String, _ service: Text, _ code: Text, _ status: Int
    ) async throws {
        let gateway = gateway()
        let response = await ask(
            gateway, "POST", target, headers: [("Content-Type", type)], body: Array(body.utf8))
        #expect(response.status == status)
        let listed = try await problems(gateway)
        #expect(listed.count == 1)
        let problem = try #require(listed.first)
        #expect(problem["kind"] == .string("refused") && problem["code"] == .string(code))
        #expect(problem["status"]?.integer == Int64(status) && problem["service"] == .string(service))
    }

    @Test func `a body over its limit is listed`() async throws {
        let gateway = gateway()
        _ = gateway.bodyTooLarge(RequestHead(method: "POST", target: "/ingest?name=x"), limit: 10)
        #expect(try await problems(gateway).count == 1)
    }

    @Test func `tenants see their own problems`() async throws {
        let gateway = gateway { $0.multitenancy = true }
        for tenant in ["a", "b"] {
            _ = await ask(
                gateway, "POST", "/ingest?name=\(tenant)%7B-%3Dx%7D", headers: [("X-Scope-OrgID", tenant)],
                body: Array("f 1\n".utf8))
        }
        let listed = try await problems(gateway, headers: [("X-Scope-OrgID", "b")])
        #expect(listed.map { $0["service"] } == [.string("b")])
        #expect(await ask(gateway, "GET", "/api/v1/ingest/problems").status == 401)
    }

    @Test func `strictly, the reference's errors come back`() async throws {
        let gateway = gateway { $0.limits.ingest.pprof.isStrict = true }
        let response = await ask(
            gateway, "POST", "/ingest?name=api%7Bbad-name%3Dx%7D", body: Array("f 1\n".utf8))
        #expect(response.status == 400)
        #expect(try await problems(gateway).first?["kind"] == .string("refused"))
    }

    private let routes: [(target: String, type: String, body: String)] = [
        ("/ingest?name=api", "", "f 1\n"),
        (
            "/push.v1.PusherService/Push", "application/json",
            #"{"series":[{"labels":[{"name":"__name__","value":"x"}],"samples":[{"rawProfile":"AAAA"}]}]}"#
        ),
        (
            "/v1development/profiles", "application/json",
            #"{"resourceProfiles":[{}],"dictionary":{"stringTable":["","x"]}}"#
        ),
    ]

    @Test func `with the memory of decoded pushes taken, every route answers 503 and when to come again`() async throws
    {
        let gateway = gateway { $0.maxDecodedBytesInFlight = 4 << 20 }
        let other = gateway.decodeBudget.open()
        #expect(other.take(4 << 20))
        for route in routes {
            let response = await ask(
                gateway, "POST", route.target, headers: [("Content-Type", route.type)], body: Array(route.body.utf8))
            #expect(response.status == 503 && response.headers["Retry-After"] == "1", "\(route.target)")
        }
        #expect(try await problems(gateway).allSatisfy { $0["code"] == .string("unavailable") })
        other.close()
        let response = await ask(gateway, "POST", routes[0].target, body: Array(routes[0].body.utf8))
        #expect(response.status == 200)
        #expect(gateway.decodeBudget.taken == 0)
    }
}

@Suite struct PartialSuccessTests {
    private let path = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export"
    private let gateway = Gateway(store: MemoryStore())

    /// A request of profiles that have one sample each, of these stacks; only stack 0 exists.
    private func request(stacks: [[Int]]) throws -> OTLP.ExportRequest {
        let profiles = stacks.map { samples in
            let samples = samples.map { #"{"stackIndex":\#($0),"values":["3"]}"# }.joined(separator: ",")
            return #"{"sampleType":{"typeStrindex":1,"unitStrindex":2},"samples":[\#(samples)]}"#
        }
        let json = """
            {"resourceProfiles":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
              "scopeProfiles":[{"profiles":[\(profiles.joined(separator: ","))]}]}],
             "dictionary":{"stringTable":["","events","count"],"stackTable":[{}]}}
            """
        return try OTLP.ExportRequest(json: Array(json.utf8))
    }

    private func export(_ request: OTLP.ExportRequest, isJSON: Bool, to gateway: Gateway? = nil) async throws
        -> Response
    {
        let type = isJSON ? "application/json" : "application/x-protobuf"
        return await ask(
            gateway ?? self.gateway, "POST", "/v1development/profiles", headers: [("Content-Type", type)],
            body: isJSON ? try request.json() : try request.binary())
    }

    @Test(arguments: [false, true])
    func `profiles that were rejected are counted and explained, and the others stored`(_ isJSON: Bool) async throws {
        let response = try await export(try request(stacks: [[0], [9]]), isJSON: isJSON)
        #expect(response.status == 200)
        #expect(response.headers["Content-Type"] == (isJSON ? "application/json" : "application/x-protobuf"))
        let answer =
            isJSON ? try OTLP.ExportResponse(json: response.body) : try OTLP.ExportResponse(binary: response.body)
        #expect(answer.partialSuccess?.rejected == 1)
        #expect(answer.partialSuccess?.message.string.contains("stack index 9") == true)
        let names = try await askJSON(gateway, "LabelValues", #"{"name":"service_name"}"#)
        #expect(names["names"]?.elements?.compactMap(\.text) == ["shop"])
    }

    @Test func `gRPC gets the same message`() async throws {
        let message = try request(stacks: [[0], [9]]).binary()
        let frame: [UInt8] = [0, 0, 0, UInt8(message.count >> 8), UInt8(message.count & 255)] + message
        let response = await ask(
            gateway, "POST", path, headers: [("Content-Type", "application/grpc"), ("TE", "trailers")], body: frame)
        #expect(response.trailers?["grpc-status"] == "0")
        let answer = try OTLP.ExportResponse(binary: Array(response.body.dropFirst(5)))
        #expect(answer.partialSuccess?.rejected == 1)
    }

    @Test func `a sample that was left out is a warning with nothing rejected`() async throws {
        let response = try await export(try request(stacks: [[0, 9]]), isJSON: false)
        let answer = try OTLP.ExportResponse(binary: response.body)
        #expect(answer.partialSuccess?.rejected == 0)
        #expect(answer.partialSuccess?.message.string.contains("sample_reference") == true)
    }

    @Test func `where nothing could be stored the export fails`() async throws {
        #expect(try await export(try request(stacks: [[9], [8]]), isJSON: false).status == 400)
    }

    @Test func `strictly, one bad profile fails the export`() async throws {
        var configuration = GatewayConfiguration()
        configuration.limits.ingest.pprof.isStrict = true
        let strict = Gateway(store: MemoryStore(), configuration: configuration)
        #expect(try await export(try request(stacks: [[0], [9]]), isJSON: false, to: strict).status == 400)
    }
}
