import Formats
import Ingest
import MemoryStore
import Model
import Store
import Testing
import Wire

@Suite struct DecodeBudgetTests {
    @Test func `what is taken is given back once`() {
        let budget = DecodeBudget(limit: 100)
        let first = budget.open()
        #expect(first.take(60) && !budget.open().take(50))
        first.close()
        first.close()
        #expect(budget.taken == 0)
        do {
            let forgotten = budget.open()
            #expect(forgotten.take(100))
        }
        #expect(budget.taken == 0)
    }

    @Test func `without a limit everything is given`() {
        let reservation = DecodeBudget(limit: 0).open()
        #expect(reservation.take(.max) && reservation.take(.max))
    }

    @Test func `who could be served later is told to come again, who never can is not`() {
        let budget = DecodeBudget(limit: 100)
        let other = budget.open()
        #expect(other.take(60))
        let late = budget.open()
        #expect(!late.take(50) && late.refusal?.kind == .unavailable)
        let large = budget.open()
        #expect(!large.take(101) && large.refusal?.kind == .invalidArgument)
        #expect(late.refusal?.description.contains("max-decoded-bytes-in-flight") == true)
    }

    /// Sends to a pipeline whose memory is taken by somebody else.
    private func refusal(
        _ send: (IngestPipeline) async throws -> Void
    ) async throws -> (kind: IngestError.Kind?, stored: Int) {
        let store = MemoryStore()
        let budget = DecodeBudget(limit: 1 << 20)
        let other = budget.open()
        #expect(other.take(1 << 20))
        let reservation = budget.open()
        let pipeline = IngestPipeline(store: store, limits: .hearth).serving(IngestSender(), within: reservation)
        var kind: IngestError.Kind?
        do { try await send(pipeline) } catch { kind = (error as? IngestError)?.kind }
        let series = try await store.series(in: .all, matching: [], tenants: [.anonymous])
        #expect(pipeline.problems.list(of: [.anonymous]).map(\.cause) == [.refused(.unavailable)])
        return (kind, series.count)
    }

    @Test func `a push without memory for it is refused as a whole, and nothing of it is stored`() async throws {
        let result = try await refusal { pipeline in
            let labels = [Label(LabelName.name, "cpu")]
            try await pipeline.push(
                [PushedSeries(labels: labels, profiles: [("a", Gzip.deflate(PprofBytes.encoded()))])], now: Mistake.now)
        }
        #expect(result.kind == .unavailable && result.stored == 0)
    }

    @Test(arguments: ["", "pprof", "speedscope", "jfr", "lines"] as [Text])
    func `every format asks for memory`(_ format: Text) async throws {
        let result = try await refusal {
            try await Mistake.ingest($0, Array("f 1".utf8), parameters: ["format": format])
        }
        #expect(result.kind == .unavailable && result.stored == 0)
    }

    @Test func `an export asks for memory`() async throws {
        let result = try await refusal { pipeline in
            let json = #"""
                {"resourceProfiles":[{"scopeProfiles":[{"profiles":[{"sampleType":{"typeStrindex":1,"unitStrindex":1},
                 "samples":[{"stackIndex":0,"values":["3"]}]}]}]}],
                 "dictionary":{"stringTable":["","events"],"stackTable":[{}]}}
                """#
            _ = try await pipeline.export(
                OTLP.ExportRequest(json: Array(json.utf8)), now: Mistake.now)
        }
        #expect(result.kind == .unavailable && result.stored == 0)
    }
}
