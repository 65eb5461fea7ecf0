import Demo
import Glibc
import HTTP
import MemoryStore
import Model
import Server
import Settings
import Store
import Testing
import Wire

/// What ships beside the program: it must fit the program.
@Suite struct GrafanaPackTests {
    private static let root = String(#filePath.dropLast("/Tests/ServerTests/GrafanaPackTests.swift".count))

    private func file(_ path: String) throws -> [UInt8] {
        let stream = try #require(fopen("\(Self.root)/\(path)", "r"))
        defer { fclose(stream) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, stream)
            guard count > 0 else { return content }
            content += buffer[..<count]
        }
    }

    @Test func `the OpenAPI document lists exactly the routes that exist`() throws {
        let document = try #require(try YAMLDocument.parse(file("openapi/hearth.yaml")))
        guard case .mapping(let entries, _) = document,
            case .mapping(let paths, _)? = entries.first(where: { $0.key == "paths" })?.value
        else {
            Issue.record("no paths")
            return
        }
        let described = Set(
            paths.flatMap { path -> [String] in
                guard case .mapping(let methods, _) = path.value else { return [] }
                return methods.map { "\($0.key.uppercased()) \(path.key)" }
            })
        let routes = Set(Gateway(store: MemoryStore()).routes.routes.map { "\($0.method) \($0.path)" })
        #expect(described.subtracting(routes) == [], "described and not there")
        #expect(routes.subtracting(described) == [], "there and not described")
    }

    @Test(arguments: ["provisioning/datasources/hearth.yaml", "provisioning/dashboards/hearth.yaml"])
    func `provisioning files are YAML of version 1`(_ path: String) throws {
        guard case .mapping(let entries, _)? = try YAMLDocument.parse(file(path)) else {
            Issue.record("no mapping")
            return
        }
        #expect(entries.first?.key == "apiVersion")
        let text = String(decoding: try file(path), as: UTF8.self)
        #expect(path.contains("dashboards") || text.contains("type: grafana-pyroscope-datasource"))
    }

    /// The panels of the dashboards that ask a question.
    private func panels() throws -> [JSONValue] {
        try JSONValue(parsing: file("dashboards/service-overview.json"))["panels"]?.elements ?? []
    }

    @Test func `every panel's query finds something in the demo fleet`() async throws {
        let store = MemoryStore()
        let fleet = DemoFleet()
        let now = WallClock.nanoseconds
        for time in DemoFleet.times(from: now - 300_000_000_000, to: now) {
            try await store.append(fleet.profiles(at: time), for: .anonymous)
        }
        let gateway = Gateway(store: store)
        let range = #""start":"\#(now / 1_000_000 - 300_000)","end":"\#(now / 1_000_000)""#
        let panels = try panels()
        #expect(panels.count >= 6)
        for panel in panels {
            let title = panel["title"]?.text?.string ?? ""
            let target = try #require(panel["targets"]?.elements?.first, "\(title)")
            let type = try #require(target["profileTypeId"]?.text?.string)
            let selector = try #require(target["labelSelector"]?.text?.string)
                .split(separator: "$service", omittingEmptySubsequences: false).joined(separator: "checkout")
                .split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
            let common = #""profileTypeID":"\#(type)","labelSelector":"\#(selector)",\#(range)"#
            if target["queryType"] == .string("profile") {
                let answer = try await askJSON(gateway, "SelectMergeStacktraces", "{\(common)}")
                #expect((answer["flamegraph"]?["names"]?.elements?.count ?? 0) > 3, "\(title)")
            } else {
                let groups = (target["groupBy"]?.elements ?? []).compactMap { $0.text.map { "\"\($0)\"" } }
                let answer = try await askJSON(
                    gateway, "SelectSeries", "{\(common),\"step\":15,\"groupBy\":[\(groups.joined(separator: ","))]}")
                let series = answer["series"]?.elements ?? []
                #expect(series.count > 1, "\(title)")
                #expect(series.allSatisfy { ($0["points"]?.elements?.count ?? 0) > 5 }, "\(title)")
            }
        }
    }

    @Test func `every panel asks through the data source variable`() throws {
        for panel in try panels() {
            #expect(panel["datasource"]?["type"] == .string("grafana-pyroscope-datasource"))
            #expect(panel["datasource"]?["uid"] == .string("${ds}"))
        }
    }
}
