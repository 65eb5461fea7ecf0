import HTTP
import Ingest
import MemoryStore
import Model
import Relabelling
import Server
import Telemetry
import Testing
import Wire

@Suite struct RelabelledPushTests {
    @Test func `rules hold at the next push, choose the tenant, and what they drop is answered with 200`() async throws
    {
        var configuration = GatewayConfiguration()
        configuration.multitenancy = true
        let metrics = Metrics()
        let gateway = Gateway(store: MemoryStore(), configuration: configuration, metrics: metrics)
        func push(_ name: String) async -> Int {
            await ask(
                gateway, "POST", "/ingest?name=\(name)&sampleRate=0", headers: [("X-Scope-OrgID", "edge")],
                body: Array("main 1\n".utf8)
            ).status
        }
        func services(_ tenant: String) async throws -> [String] {
            let answer = try await askJSON(
                gateway, "LabelValues", #"{"name":"service_name","start":"1","end":"99999999999999"}"#,
                headers: [("X-Scope-OrgID", tenant)])
            return answer["names"]?.elements?.compactMap { $0.text?.string } ?? []
        }

        #expect(await push("before%7Bns=a%7D") == 200)
        gateway.relabelling.replace(
            try RelabelRules(
                yaml: Array(
                    """
                    rules:
                      - {action: drop, source_labels: [service_name], regex: noise}
                      - {source_labels: [ns], regex: (.+), target_label: __tenant_id__, replacement: 'team-$1'}
                    """.utf8), multitenancy: true))
        #expect(await push("noise") == 200)
        #expect(await push("shop%7Bns=a%7D") == 200)
        #expect(await push("shop%7Bns=a b%7D") == 400)
        #expect(try await services("edge") == ["before"])
        #expect(try await services("team-a") == ["shop"])
        #expect(metrics.exposition.contains("hearth_ingest_relabel_dropped_total{tenant=\"edge\"} 1\n"))
    }
}
