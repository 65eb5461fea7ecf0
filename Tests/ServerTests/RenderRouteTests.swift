import HTTP
import MemoryStore
import Model
import Server
import Testing
import Wire

@Suite struct RenderRouteTests {
    private let store = MemoryStore()
    private let gateway: Gateway

    init() {
        gateway = Gateway(store: store)
    }

    private let cpu = "process_cpu:samples:count::"

    private func push(_ text: String, _ labels: String = "", at time: Int64 = 1_700_000_000) async {
        let name = "shop\(labels.isEmpty ? "" : "{\(labels)}")"
            .replacing("{", with: "%7B").replacing("}", with: "%7D").replacing("=", with: "%3D")
        let response = await ask(
            gateway, "POST", "/ingest?name=\(name)&sampleRate=0&from=\(time)&until=\(time)&format=folded",
            body: Array(text.utf8))
        #expect(response.status == 200)
    }

    private func render(_ more: String, query: String? = nil) async throws -> (status: Int, json: JSONValue) {
        let response = await ask(
            gateway, "GET",
            "/pyroscope/render?query=\(query ?? cpu)%7B%7D&from=1699999000&until=1700001000\(more)")
        return (response.status, try JSONValue(parsing: response.body))
    }

    private func diff(_ left: String, _ right: String) async -> (status: Int, body: String) {
        let range = ["left", "right"].map { "\($0)From=1699999000&\($0)Until=1700001000" }.joined(separator: "&")
        let response = await ask(
            gateway, "GET",
            "/pyroscope/render-diff?leftQuery=\(left)%7B%7D&rightQuery=\(right)%7B%7D&\(range)")
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    @Test func `groups are named by the first label alone, and the smallest of one name stays`() async throws {
        await push("f 9\n", "a=1,b=x")
        await push("f 2\n", "a=1,b=y")
        await push("f 5\n", "b=z")
        let groups = try await render("&groupBy=a&groupBy=b").json["groups"]
        func sum(_ name: String) -> Int? {
            groups?[Text(name)]?["samples"]?.elements?.compactMap(\.integer).map(Int.init).reduce(0, +)
        }
        #expect(sum("1") == 2)
        #expect(sum("*") == 5)
    }

    @Test(
        arguments: [
            ("", 4), ("&max-nodes=1", 3), ("&maxNodes=1", 3), ("&max-nodes=1&maxNodes=0", 3),
            ("&max-nodes=1&maxNodes=x", 3), ("&max-nodes=1&maxNodes=100", 4), ("&max-nodes=0&maxNodes=1", 3),
        ] as [(String, Int)])
    func `of both spellings of the limit the second counts if it says something`(
        _ parameters: String, _ names: Int
    ) async throws {
        await push("a 1\nb 2\nc 4\n")
        let found = try await render(parameters).json["flamebearer"]?["names"]?.elements
        #expect(found?.count == names)
    }

    @Test func `the types of a diff must be written alike`() async {
        await push("a 1\n")
        #expect(await diff(cpu, cpu).status == 200)
        #expect(await diff("\(cpu):delta", "\(cpu):delta").status == 200)
        let mixed = await diff("\(cpu):delta", cpu)
        #expect(mixed.status == 400 && mixed.body.contains("profile types must match"))
    }
}
