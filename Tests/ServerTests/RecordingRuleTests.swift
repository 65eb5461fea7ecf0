import HTTP
import MemoryStore
import Model
import Server
import Testing
import Wire

@Suite struct RecordingRuleTests {
    private let gateway = Gateway(store: MemoryStore())

    private func call(_ method: String, _ json: String) async throws -> (status: Int, answer: JSONValue) {
        let response = await ask(
            gateway, "POST", "/settings.v1.RecordingRulesService/\(method)",
            headers: [("Content-Type", "application/json")], body: Array(json.utf8))
        return (response.status, try JSONValue(parsing: response.body))
    }

    private let valid =
        #""metricName":"profiles_recorded_cpu","matchers":["{__profile_type__=\"a:b:c:d:e\"}"],"groupBy":["pod"]"#

    @Test func `a rule gets an id, its type and a generation, and is listed until it is deleted`() async throws {
        let made = try await call("UpsertRecordingRule", "{\(valid)}").answer["rule"]
        let id = try #require(made?["id"]?.text)
        #expect(id.utf8.count == 10 && made?["profileType"]?.text == "a:b:c:d:e" && made?["generation"]?.text == "1")
        let listed = try await call("ListRecordingRules", "{}").answer["rules"]?.elements
        #expect(listed?.count == 1 && listed?.first?["id"]?.text == id)
        #expect(try await call("DeleteRecordingRule", #"{"id":"\#(id)"}"#).status == 200)
        #expect(try await call("GetRecordingRule", #"{"id":"\#(id)"}"#).status == 404)
    }

    @Test func `an update must name the generation that it replaces`() async throws {
        let id = try #require(try await call("UpsertRecordingRule", "{\(valid)}").answer["rule"]?["id"]?.text)
        let conflict = try await call("UpsertRecordingRule", #"{"id":"\#(id)","generation":"7",\#(valid)}"#)
        #expect(conflict.status == 409)
        let updated = try await call("UpsertRecordingRule", #"{"id":"\#(id)","generation":"1",\#(valid)}"#)
        #expect(updated.answer["rule"]?["generation"]?.text == "2")
    }

    @Test func `everything that is wrong with a rule is said at once`() async throws {
        let refused = try await call(
            "UpsertRecordingRule", #"{"id":"1","metricName":"cpu","matchers":["{"],"groupBy":["a-b"]}"#)
        let message = refused.answer["message"]?.text?.string ?? ""
        #expect(refused.status == 400 && message.split(separator: "\n").count == 5)
    }

    @Test func `a tenant has at most 25 rules`() async throws {
        for _ in 0..<25 { #expect(try await call("UpsertRecordingRule", "{\(valid)}").status == 200) }
        #expect(try await call("UpsertRecordingRule", "{\(valid)}").status == 429)
    }
}
