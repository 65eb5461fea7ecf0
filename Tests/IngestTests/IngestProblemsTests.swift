import Formats
import Ingest
import Model
import Store
import Telemetry
import Testing

@Suite struct IngestProblemsTests {
    private let metrics = Metrics()
    private let problems: IngestProblems
    private let sender = IngestSender(address: "10.0.0.1", userAgent: "agent")

    init() {
        problems = IngestProblems(metrics: metrics)
    }

    private func report(_ reason: SalvageReason, count: Int = 1, _ example: String = "x") -> SalvageReport {
        var report = SalvageReport()
        report.note(reason, count: count, example)
        return report
    }

    @Test func `equal problems are one, with how often and when`() {
        for now in [100, 300, 200] as [Int64] {
            problems.note(
                report(.labelName, count: 2, "case \(now)"), tenant: .anonymous, service: "api", sender: sender,
                now: now)
        }
        let list = problems.list(of: [.anonymous])
        #expect(list.count == 1)
        #expect(list.first?.count == 6 && list.first?.first == 100 && list.first?.last == 300)
        #expect(
            metrics.exposition.contains(
                #"hearth_ingest_salvaged_total{tenant="anonymous",service="api",reason="label_name"} 6"#))
    }

    @Test func `refusals that differ only in numbers and quotes are one problem`() {
        for message in ["sample 5 of 'a' {b}", "sample 6 of 'c' {d=\"e\"}"] {
            problems.refuse(
                .invalidArgument, message, tenant: .anonymous, service: "api", sender: sender, now: 1)
        }
        problems.refuse(.invalidArgument, "something else", tenant: .anonymous, service: "api", sender: sender, now: 2)
        #expect(problems.list(of: [.anonymous]).map(\.count) == [1, 2])
        #expect(
            metrics.exposition.contains(
                #"hearth_ingest_refused_total{tenant="anonymous",service="api",reason="invalid_argument"} 3"#))
    }

    @Test func `a tenant sees its own problems, the latest first`() {
        for (index, tenant) in ["a", "b", "a"].enumerated() {
            problems.note(
                report(SalvageReason.allCases[index]), tenant: Tenant(tenant), service: "api", sender: sender,
                now: Int64(index))
        }
        #expect(problems.list(of: [Tenant("a")]).map(\.last) == [2, 0])
        #expect(problems.list(of: [Tenant("c")]).isEmpty)
    }

    @Test func `the list is bounded, and the oldest problem goes first`() {
        for index in 0..<IngestProblems.maxProblems + 5 {
            problems.note(
                report(.labelName), tenant: .anonymous, service: "api",
                sender: IngestSender(address: "\(index)", userAgent: ""), now: Int64(index))
        }
        let list = problems.list(of: [.anonymous])
        #expect(list.count == IngestProblems.maxProblems)
        #expect(list.last?.first == 5)
    }

    @Test func `services beyond the bound are counted as other`() {
        for index in 0..<IngestProblems.maxPairs + 50 {
            problems.note(
                report(.labelName), tenant: .anonymous, service: Text("service-\(index)"), sender: sender,
                now: Int64(index))
        }
        let lines = metrics.exposition.split(separator: "\n").filter { $0.hasPrefix("hearth_ingest_salvaged_total{") }
        #expect(lines.count == IngestProblems.maxPairs + 1)
        #expect(
            lines.contains(#"hearth_ingest_salvaged_total{tenant="other",service="other",reason="label_name"} 50"#))
    }
}
