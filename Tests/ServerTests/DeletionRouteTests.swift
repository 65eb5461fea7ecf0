import HTTP
import MemoryStore
import Model
import Server
import Testing
import Wire

@Suite struct DeletionRouteTests {
    private let path = "/api/v1/profiles/delete"

    /// A gateway over a store with one profile of each of two services at 1 000 000 000 s.
    private func filled() async -> Gateway {
        let gateway = Gateway(store: MemoryStore())
        for service in ["a", "b"] {
            let answer = await ask(
                gateway, "POST", "/ingest?name=\(service)&sampleRate=0&from=1000000000", body: Array("main 3\n".utf8))
            #expect(answer.status == 200)
        }
        return gateway
    }

    private func delete(_ gateway: Gateway, query: String = "", body: String = "") async throws -> JSONValue {
        let response = await ask(gateway, "POST", path + query, body: Array(body.utf8))
        #expect(response.status == 200, "\(String(decoding: response.body, as: UTF8.self))")
        return try JSONValue(parsing: response.body)
    }

    @Test func `a dry run counts, and the deletion does what was counted`() async throws {
        let gateway = await filled()
        let request =
            #"{"selector":"{service_name=\"a\"}","start":"2001-09-09T01:46:40Z","end":1000000000,"dryRun":true}"#
        for _ in 0..<2 {
            let counted = try await delete(gateway, body: request)
            #expect(counted["profiles"]?.integer == 1 && counted["series"]?.integer == 1)
            #expect(counted["dryRun"] == .bool(true))
        }
        let query = "?selector=%7Bservice_name%3D%22a%22%7D&start=999999999&end=1000000001000"
        let deleted = try await delete(gateway, query: query)
        #expect(deleted["profiles"]?.integer == 1 && deleted["dryRun"] == .bool(false))
        let names = try await askJSON(
            gateway, "LabelValues", #"{"name":"service_name","start":1,"end":"99999999999999"}"#)
        #expect(names["names"]?.elements?.compactMap(\.text) == ["b"])
    }

    @Test(
        arguments: [
            (#"{"start":0,"end":"now"}"#, "\"selector\" is required"),
            (#"{"selector":"","start":0,"end":"now"}"#, "\"selector\" is required"),
            (#"{"selector":"{}","end":"now"}"#, "\"start\" is required"),
            (#"{"selector":"{}","start":"now-1h"}"#, "\"end\" is required"),
            (#"{"selector":"{}","start":"yesterday","end":"now"}"#, "\"start\" must be a time"),
            (#"{"selector":"{}","start":"now","end":"now-1h"}"#, "must not be after"),
            (#"{"selector":"{a=","start":"now-1h","end":"now"}"#, "failed to parse \"selector\""),
            (#"{"selector":"{}","start":"now-1h","end":"now","dryrun":true}"#, "unknown parameter \"dryrun\""),
            (#"{"selector":"{}","start":"now-1h","end":"now","dryRun":"yes"}"#, "\"dryRun\" must be true or false"),
            (#"{"selector":"{}","start":"now-1h","end":"now","end":"now"}"#, "\"end\" is given twice"),
            (#"{"selector":["{}"],"start":0,"end":1}"#, "\"selector\" must be text"),
            ("[]", "must be a JSON object"), ("", "\"selector\" is required"),
        ] as [(String, String)])
    func `a request that is not complete or not understood deletes nothing`(
        _ body: String, _ message: String
    ) async throws {
        let gateway = await filled()
        let response = await ask(gateway, "POST", path, body: Array(body.utf8))
        #expect(response.status == 400)
        let text = try JSONValue(parsing: response.body)["message"]?.text?.string ?? ""
        #expect(text.contains(message), "\(text)")
        let all = try await delete(gateway, body: #"{"selector":"{}","start":0,"end":"now","dryRun":true}"#)
        #expect(all["profiles"]?.integer == 2)
    }

    @Test func `a tenant deletes what is its own`() async throws {
        var configuration = GatewayConfiguration()
        configuration.multitenancy = true
        let gateway = Gateway(store: MemoryStore(), configuration: configuration)
        for tenant in ["a", "b"] {
            _ = await ask(
                gateway, "POST", "/ingest?name=x&sampleRate=0&from=1000000000", headers: [("X-Scope-OrgID", tenant)],
                body: Array("main 3\n".utf8))
        }
        let body = Array(#"{"selector":"{}","start":0,"end":"now"}"#.utf8)
        #expect(await ask(gateway, "POST", path, body: body).status == 401)
        #expect(await ask(gateway, "POST", path, headers: [("X-Scope-OrgID", "a|b")], body: body).status == 400)
        for expected in [1, 0] as [Int64] {
            let answer = await ask(gateway, "POST", path, headers: [("X-Scope-OrgID", "a")], body: body)
            #expect(try JSONValue(parsing: answer.body)["profiles"]?.integer == expected)
        }
        let names = try await askJSON(
            gateway, "LabelValues", #"{"name":"service_name","start":1,"end":"99999999999999"}"#,
            headers: [("X-Scope-OrgID", "b")])
        #expect(names["names"]?.elements?.compactMap(\.text) == ["x"])
    }
}
