import Formats
import Ingest
import MemoryStore
import Model
import Selectors
import Store
import Testing

/// Pprofs in forms, with what clients say of their sample types.
@Suite struct FormTests {
    private let store = MemoryStore()

    private func send(_ parts: [(name: String, content: [UInt8])], limits: IngestLimits = .pyroscope) async throws {
        var body: [UInt8] = []
        for part in parts {
            body += Array(
                "--b\r\nContent-Disposition: form-data; name=\"\(part.name)\"; filename=\"f\"\r\n\r\n".utf8)
            body += part.content + Array("\r\n".utf8)
        }
        let request = IngestRequest(
            parameter: { $0 == "name" ? "app" : nil }, contentType: "multipart/form-data; boundary=b",
            body: body + Array("--b--\r\n".utf8), now: Mistake.now)
        try await IngestPipeline(store: store, limits: limits).ingest(request, now: Mistake.now)
    }

    private func send(config: String, limits: IngestLimits = .pyroscope) async throws {
        try await send([("profile", PprofBytes.encoded()), ("sample_type_config", Array(config.utf8))], limits: limits)
    }

    private func names() async throws -> [Text] {
        try await store.series(in: .all, matching: [], tenants: [.anonymous]).map { $0[LabelName.name] }
    }

    @Test(arguments: ["", "null", "{}", #"{"cpu":null}"#, #"{"cpu":{"units":null,"sampled":true,"other":5}}"#])
    func `a configuration that says nothing of names changes none`(_ config: String) async throws {
        try await send(config: config)
        #expect(try await names() == ["process_cpu"])
    }

    @Test func `a name to display chooses the family`() async throws {
        try await send(config: #"{"cpu":{"display-name":"block_x"}}"#)
        #expect(try await names() == ["block"])
    }

    @Test(
        arguments: [#"{"cpu":{"units":5}}"#, #"{"cpu":{"aggregation":true}}"#, #"{"cpu":{"cumulative":"yes"}}"#])
    func `strictly, what has no effect must have its type all the same`(_ config: String) async throws {
        await #expect {
            try await send(config: config)
        } throws: { ($0 as? IngestError)?.kind == .unprocessable }
        try await send(config: config, limits: .hearth)
        #expect(try await names() == ["process_cpu"])
    }

    @Test(arguments: ["[]", "{", #"{"cpu":5}"#, #"{"cpu":{"display-name":5}}"#])
    func `a configuration that cannot be read is refused`(_ config: String) async {
        await #expect(throws: IngestError.self) { try await send(config: config, limits: .hearth) }
    }

    @Test func `other parts are judged where there is no profile too`() async {
        await #expect(throws: IngestError.self) { try await send([("prev_profile", [1])]) }
        await #expect(throws: IngestError.self) { try await send([("sample_type_config", [1])]) }
    }
}
