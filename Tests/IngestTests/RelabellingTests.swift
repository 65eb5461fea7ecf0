import Formats
import Ingest
import MemoryStore
import Model
import Relabelling
import Store
import Telemetry
import Testing
import Wire

/// Rules at the place where labels of all formats pass.
@Suite struct RelabellingTests {
    private static let now: Int64 = 1_700_000_000_000_000_000
    private let store = MemoryStore()
    private let metrics = Metrics()

    private func pipeline(_ rules: String, for tenant: Tenant = .anonymous, isStrict: Bool = false) throws
        -> IngestPipeline
    {
        let table = RelabelTable(metrics: metrics)
        table.replace(try RelabelRules(yaml: Array(rules.utf8), multitenancy: true))
        var limits = IngestLimits.hearth
        limits.pprof.isStrict = isStrict
        return IngestPipeline(store: store, limits: limits, relabelling: table).limited(by: limits, for: tenant)
    }

    private func ingest(
        _ body: String, to pipeline: IngestPipeline, _ parameters: [Text: Text]
    ) async throws {
        let request = IngestRequest(
            parameter: { parameters[$0] }, contentType: "", body: Array(body.utf8), now: Self.now)
        try await pipeline.ingest(request, now: Self.now)
    }

    private func series(of tenant: Tenant = .anonymous) async throws -> [LabelSet] {
        try await store.series(in: .all, matching: [], tenants: [tenant])
    }

    /// A pprof of two samples, which a label `team` tells apart.
    private var pprof: [UInt8] {
        func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
            [number << 3 | 2, UInt8(content.count)] + content
        }
        let strings = ["", "cpu", "nanoseconds", "main", "team", "red", "blue"]
        func sample(_ value: UInt8, team: UInt8) -> [UInt8] {
            field(2, field(1, [1]) + field(2, [value]) + field(3, [8, 4, 16, team]))
        }
        return field(1, [8, 1, 16, 2]) + sample(3, team: 5) + sample(4, team: 6)
            + field(4, [8, 1] + field(4, [8, 1])) + field(5, [8, 1, 16, 3])
            + strings.flatMap { field(6, Array($0.utf8)) }
    }

    private func push(_ labels: [Label], to pipeline: IngestPipeline) async throws {
        try await pipeline.push(
            [PushedSeries(labels: labels, profiles: [(id: "", bytes: pprof)])], now: Self.now)
    }

    private let cpu = [Label("__name__", "process_cpu"), Label("service_name", "shop")]

    @Test func `labels of samples are seen by rules, and samples that come to have equal labels are one profile`()
        async throws
    {
        try await push(cpu, to: pipeline("rules: [{action: labeldrop, regex: team}]"))
        #expect(try await series().count == 1)
        let points = try await store.profilePoints(for: Selection(tenants: [.anonymous], range: .all))
        #expect(points.totals == [7])
    }

    @Test func `what rules drop is no error, is not stored, and is counted`() async throws {
        try await push(cpu, to: pipeline("rules: [{action: drop, source_labels: [team], regex: red}]"))
        #expect(try await series().map { $0["team"] } == ["blue"])
        #expect(metrics.exposition.contains("hearth_ingest_relabel_dropped_total{tenant=\"anonymous\"} 1\n"))
    }

    @Test func `strictly, limits hold for the labels that come out`() async throws {
        let long = Text(utf8: [UInt8](repeating: UInt8(ascii: "x"), count: 3000))
        let labels = cpu + [Label("note", long)]
        await #expect(throws: IngestError.self) { try await push(labels, to: pipeline("", isStrict: true)) }
        try await push(labels, to: pipeline("rules: [{action: labeldrop, regex: note}]", isStrict: true))
        #expect(try await series().count == 2)
    }

    @Test(arguments: ["__name__", "service_name"])
    func `a series that loses its name or its service is refused`(_ label: String) async throws {
        await #expect(throws: IngestError.self) {
            try await push(cpu, to: pipeline("rules: [{action: labeldrop, regex: \(label)}]"))
        }
        #expect(try await series().isEmpty)
    }

    @Test func `a service that rules name is the one that is selected by`() async throws {
        let rules = "rules: [{source_labels: [pod], regex: '(.+)-[0-9]+', target_label: service_name}]"
        try await ingest("f 1\n", to: pipeline(rules), ["name": "x{pod=cart-17}"])
        #expect(try await series().map { $0[LabelName.privateServiceName] } == ["cart"])
    }

    @Test(
        arguments: [
            ("groups", "f 1\n"), ("lines", "f\n"),
            (
                "speedscope",
                #"{"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{"frames":[{"name":"f"}]},"profiles":[{"type":"sampled","unit":"none","samples":[[0]],"weights":[1]}]}"#
            ),
        ])
    func `every format passes the rules`(_ format: String, _ body: String) async throws {
        let rules = "rules: [{target_label: seen, replacement: 'yes'}]"
        try await ingest(body, to: pipeline(rules), ["name": "x", "format": Text(format)])
        #expect(try await series().map { $0["seen"] } == ["yes"])
    }

    @Test func `OpenTelemetry profiles pass the rules`() async throws {
        let json = """
            {"resourceProfiles":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
              "scopeProfiles":[{"profiles":[{"sampleType":{"typeStrindex":1,"unitStrindex":2},
              "periodType":{"typeStrindex":1,"unitStrindex":2},"period":"1",
              "samples":[{"values":["3"]}]}]}]}],
             "dictionary":{"stringTable":["","cpu","nanoseconds"],"stackTable":[{}]}}
            """
        let rules = "rules: [{action: labelmap, regex: 'service\\.name', replacement: app}]"
        try await pipeline(rules).export(
            OTLP.ExportRequest(json: Array(json.utf8)), now: Self.now)
        #expect(try await series().map { $0["app"] } == ["shop"])
    }

    @Test(arguments: [true, false])
    func `labels that rules let grow without an end are refused with the rule`(_ isStrict: Bool) async throws {
        let rule = "{source_labels: [pod], target_label: pod, replacement: $1$1}"
        let rules = "rules: [" + [String](repeating: rule, count: 40).joined(separator: ", ") + "]"
        await #expect {
            try await push(cpu + [Label("pod", "p")], to: pipeline(rules, isStrict: isStrict))
        } throws: { error in
            "\(error)".contains("relabelling rule 20 (replace) makes labels of more than 1048576 bytes")
        }
    }

    @Test func `of too many labels for rules the least important are dropped`() async throws {
        let labels = cpu + (0...RelabelLimits.labels).map { Label(Text("l\($0)"), "x") }
        try await push(labels, to: pipeline("rules: [{action: labeldrop, regex: l.*}]"))
        #expect(try await series().map { $0[LabelName.serviceName] } == ["shop"])
    }

    private let byNamespace = "rules: [{source_labels: [ns], regex: '(.+)', target_label: __tenant_id__}]"

    @Test func `a rule may choose the tenant, and without its label the profile stays with who pushed it`() async throws
    {
        let pipeline = try pipeline(byNamespace)
        try await ingest("f 1\n", to: pipeline, ["name": "x{ns=team-a}"])
        try await ingest("f 1\n", to: pipeline, ["name": "x"])
        #expect(try await series(of: Tenant("team-a")).map { $0["ns"] } == ["team-a"])
        #expect(try await series(of: Tenant("team-a")).allSatisfy { $0[LabelName.tenantID].isEmpty })
        #expect(try await series().map { $0["ns"] } == [""])
    }

    @Test(arguments: ["a/b", "..", "a b", String(repeating: "x", count: 151)])
    func `a tenant that nobody can be is refused`(_ id: String) async throws {
        let pipeline = try pipeline(byNamespace)
        await #expect(throws: IngestError.self) {
            try await ingest("f 1\n", to: pipeline, ["name": Text("x{ns=\(id)}")])
        }
    }

    @Test func `a client cannot choose a tenant itself`() async throws {
        let chosen = cpu + [Label(LabelName.tenantID, "team-a")]
        try await push(chosen, to: pipeline(""))
        try await push(chosen, to: pipeline("rules: [{target_label: a, replacement: b}]"))
        #expect(try await series(of: Tenant("team-a")).isEmpty)
        #expect(try await series().count == 4)
    }

    @Test func `a tenant's own rules apply to what it pushes, whoever else there is`() async throws {
        let rules = "tenants: {team-a: [{action: drop, regex: '.*'}]}"
        try await ingest("f 1\n", to: pipeline(rules, for: Tenant("team-a")), ["name": "x"])
        try await ingest("f 1\n", to: pipeline(rules, for: Tenant("team-b")), ["name": "x"])
        #expect(try await series(of: Tenant("team-a")).isEmpty)
        #expect(try await series(of: Tenant("team-b")).count == 1)
        #expect(metrics.exposition.contains("hearth_ingest_relabel_dropped_total{tenant=\"team-a\"} 1\n"))
    }

    @Test func `tenants beyond a bound share one count`() async throws {
        let table = RelabelTable(metrics: metrics)
        table.replace(try RelabelRules(yaml: Array("rules: [{action: drop, regex: '.*'}]".utf8), multitenancy: true))
        let pipeline = IngestPipeline(store: store, limits: .hearth, relabelling: table)
        for number in 0..<RelabelTable.maxTenants + 5 {
            let tenant = Tenant("t\(number)")
            try await ingest("f 1\n", to: pipeline.limited(by: .hearth, for: tenant), ["name": "x"])
        }
        #expect(metrics.exposition.contains("hearth_ingest_relabel_dropped_total{tenant=\"{others}\"} 5\n"))
    }
}
