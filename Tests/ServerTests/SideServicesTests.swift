import Formats
import HTTP
import Ingest
import MemoryStore
import Model
import Query
import Server
import Store
import Testing
import Wire

@Suite struct SideServicesTests {
    private let gateway = Gateway(store: MemoryStore())

    private func call(_ path: String, _ json: String) async throws -> (status: Int, answer: JSONValue) {
        let response = await ask(
            gateway, "POST", path, headers: [("Content-Type", "application/json")], body: Array(json.utf8))
        return (response.status, try JSONValue(parsing: response.body))
    }

    private func settings(_ method: String, _ json: String) async throws -> (status: Int, answer: JSONValue) {
        try await call("/settings.v1.SettingsService/\(method)", json)
    }

    @Test func `a setting is kept, listed by name and deleted`() async throws {
        for name in ["b", "a"] {
            let set = try await settings("Set", #"{"setting":{"name":"\#(name)","value":"1"}}"#)
            #expect(set.answer["setting"]?["name"]?.text?.string == name)
        }
        let listed = try await settings("Get", "{}").answer["settings"]?.elements ?? []
        #expect(listed.compactMap { $0["name"]?.text } == ["a", "b"])
        #expect(try await settings("Delete", #"{"name":"a"}"#).status == 200)
        #expect(try await settings("Get", "{}").answer["settings"]?.elements?.count == 1)
    }

    @Test func `a setting that is older than the stored one is refused`() async throws {
        _ = try await settings("Set", #"{"setting":{"name":"a","value":"new","modifiedAt":"5"}}"#)
        let older = try await settings("Set", #"{"setting":{"name":"a","value":"old","modifiedAt":"4"}}"#)
        #expect(older.status == 409 && older.answer["code"]?.text == "already_exists")
    }

    @Test(arguments: ["Set", "Delete"])
    func `a setting without a name is refused`(_ method: String) async throws {
        #expect(try await settings(method, "{}").status == 400)
    }

    private func upload(_ name: String, _ content: String) async throws -> (status: Int, answer: JSONValue) {
        var encoded: [UInt8] = []
        Base64.encode(Array(content.utf8), to: &encoded)
        return try await call(
            "/adhocprofiles.v1.AdHocProfileService/Upload",
            #"{"name":"\#(name)","profile":"\#(String(decoding: encoded, as: UTF8.self))"}"#)
    }

    @Test func `an uploaded text is a flame graph, and is found again`() async throws {
        let uploaded = try await upload("my file.txt", "a;b 3\na 2\n").answer
        let id = try #require(uploaded["id"]?.text)
        #expect(id.string.hasSuffix("-my_file.txt"))
        let again = try await call("/adhocprofiles.v1.AdHocProfileService/Get", #"{"id":"\#(id)"}"#).answer
        let graph = try JSONValue(parsing: try #require(again["flamebearerProfile"]?.text).utf8)
        #expect(graph["flamebearer"]?["numTicks"]?.integer == 5)
        let list = try await call("/adhocprofiles.v1.AdHocProfileService/List", "{}").answer
        #expect(list["profiles"]?.elements?.first?["id"]?.text == id)
    }

    @Test func `a flame graph that was exported can be uploaded`() async throws {
        let first = try await upload("a", "main;work 3\nmain;rest 2\nidle 1\n").answer
        let exported = try #require(first["flamebearerProfile"]?.text)
        let second = try await upload("b.json", exported.string).answer
        let left = try JSONValue(parsing: exported.utf8)
        let right = try JSONValue(parsing: try #require(second["flamebearerProfile"]?.text).utf8)
        #expect(left["flamebearer"] == right["flamebearer"])
    }

    @Test func `a tenant's own limits hold for what it uploads`() async throws {
        var own = IngestLimits.hearth
        own.pprof.maxBytes = 10
        gateway.limits.replace([.anonymous: .init(query: .hearth, ingest: own)])
        #expect(try await upload("small", "a;b 3\n").status == 200)
        let refused = try await upload("large", "a;b 3\na;c 4\n")
        #expect(refused.status == 400)
        #expect(refused.answer["message"]?.text?.string.contains("limit of 10 bytes") == true)
    }

    @Test(
        arguments: [
            #"{"flamebearer":{"names":["total"],"levels":[[0,1,0,7]]}}"#,
            #"{"flamebearer":{"names":["total"],"levels":[[0,1,0]]}}"#,
            #"{"flamebearer":{"names":["total","a"],"levels":[[0,1,0,0],[0,9,9,1]]}}"#,
            #"{"flamebearer":{}}"#, "{", "\u{1}\u{2}",
        ])
    func `a file that cannot be read is an error that says so`(_ content: String) async throws {
        let uploaded = try await upload("x", content)
        #expect(uploaded.status == 400)
        #expect(uploaded.answer["message"]?.text?.string.hasPrefix("failed to parse profile: ") == true)
    }

    @Test func `an unknown file is not found, and an id with other letters is refused`() async throws {
        let path = "/adhocprofiles.v1.AdHocProfileService/Get"
        #expect(try await call(path, #"{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV-nope"}"#).status == 404)
        #expect(try await call(path, #"{"id":"a/b"}"#).status == 400)
    }

    @Test func `version, flags and health answer without a tenant`() async throws {
        var configuration = GatewayConfiguration()
        configuration.multitenancy = true
        let gateway = Gateway(store: MemoryStore(), configuration: configuration)
        for path in [
            "/version.v1.Version/Version", "/capabilities.v1.FeatureFlagsService/GetFeatureFlags",
            "/grpc.health.v1.Health/Check",
        ] {
            let response = await ask(
                gateway, "POST", path, headers: [("Content-Type", "application/json")], body: Array("{}".utf8))
            #expect(response.status == 200, "\(path)")
        }
    }

    @Test func `an analysis counts the series and profiles of a range`() async throws {
        _ = await ask(
            gateway, "POST", "/ingest?name=shop&sampleRate=0&format=folded", body: Array("main 1\n".utf8))
        let found = try await askJSON(
            gateway, "AnalyzeQuery", #"{"start":"1","end":"99999999999999","query":"{service_name=\"shop\"}"}"#)
        #expect(found["queryScopes"]?.elements?.first?["profileCount"]?.text == "1")
        let none = try await askJSON(
            gateway, "AnalyzeQuery", #"{"start":"1","end":"99999999999999","query":"{service_name=\"x\"}"}"#)
        #expect(none["queryScopes"]?.elements?.first?["profileCount"] == nil)
    }
}
