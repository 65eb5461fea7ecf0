import Glibc
import Model
import Query
import SQLiteStore
import Store

/// Merging samples of many pods: in the process, and as a flame graph over HTTP.
struct MergeBench {
    let options: Options
    let work: WorkDirectory

    func run(_ limits: PhysicalLimits, _ report: inout Report) async {
        let filler = StoreFiller(.wide(options))
        let slots = filler.plan.slots()
        let directory = "\(work.path)/wide"
        note("storing \(slots.count) profiles of \(filler.plan.pods.count) pods")
        report.begin("Merge: \(filler.plan.pods.count) pods, 1 h, each 15 s, 250 samples")
        do {
            let store = try SQLiteStore(directory: directory)
            await StoreFiller.fill(store, count: slots.count) { filler.profile(slots[$0]) }
            let bytes = WorkDirectory.size(of: directory)
            try await raw(
                store, filler, slots, bytesPerSample: Double(bytes) / Double(slots.count * 250), limits, &report)
            try await flameGraph(store, filler, &report)
            await store.close()
        } catch {
            fatal("merge: \(error)")
        }
        let server = ServerProcess(options.binary, data: directory, log: "\(work.path)/log")
        server.settle()
        let suite = QuerySuite(plan: filler.plan, server.address, repeats: options.repeats)
        let times = suite.times(suite.flameGraph("", "{}", hours: 1)).samples
        report.add("flame graph over HTTP, p50", times.median, atMost: 0.15, Format.milliseconds)
        report.add("the same, worst of \(options.repeats)", Format.milliseconds(times.most))
        server.stop()
        WorkDirectory.remove(directory)
    }

    private func selection(_ plan: FleetPlan, _ range: Range<Int64>) throws -> Selection {
        Selection(
            tenants: [.anonymous], profileType: try ProfileType(parsing: Text(ProfileKind.cpu.profileType(1))),
            range: TimeRange(start: range.lowerBound / 1_000_000, end: range.upperBound / 1_000_000))
    }

    /// Sums stored samples of ranges that are shorter than any rollup and lie between their edges, so that every sample counts.
    private func raw(
        _ store: SQLiteStore, _ filler: StoreFiller, _ slots: [FleetPlan.Slot], bytesPerSample: Double,
        _ limits: PhysicalLimits, _ report: inout Report
    ) async throws {
        let width = 300 * FleetPlan.second
        let windows = stride(
            from: filler.plan.range.lowerBound, to: filler.plan.range.upperBound, by: Int64.Stride(width)
        )
        .map { $0 + FleetPlan.second..<$0 + width - FleetPlan.second }
        let samples = Double(slots.count { slot in windows.contains { $0.contains(slot.time) } } * 250)
        var best = (wall: Double.infinity, cpu: Double.infinity)
        for _ in 0..<max(options.repeats / 2, 3) {
            let (wall, cpu) = (Clock.wall, Clock.process)
            for window in windows { _ = try await store.stackTotals(for: selection(filler.plan, window)) }
            best = (min(best.wall, Clock.wall - wall), min(best.cpu, Clock.process - cpu))
        }
        let limit = limits.blobScan / bytesPerSample
        func row(_ what: String, _ seconds: Double, target: Bool) {
            let rate = samples / seconds
            report.add(
                Report.Row(
                    what: what, measured: "\(Format.short(rate / 1e6)) M samples/s",
                    limit: "scan of \(Format.short(bytesPerSample)) B a sample: \(Format.short(limit / 1e6)) M/s",
                    ratio: "\(Format.short(rate / limit)) of it", target: target ? "≥ 60 M/s" : "",
                    isMet: target ? rate >= 60e6 : nil))
        }
        row("stored samples summed a second of one core", best.cpu, target: true)
        row("the same by the clock, on all cores", best.wall, target: false)
    }

    private func flameGraph(_ store: SQLiteStore, _ filler: StoreFiller, _ report: inout Report) async throws {
        let range = filler.plan.range
        let query = StacktraceQuery(
            SampleQuery(
                tenants: [.anonymous], profileType: Text(ProfileKind.cpu.profileType(1)), selector: "{}",
                start: range.lowerBound / 1_000_000, end: range.upperBound / 1_000_000), maxNodes: 16_384)
        var times: [Double] = []
        for _ in 0..<options.repeats {
            let start = Clock.wall
            let (tree, nodes) = try await query.run(on: store, limits: .hearth, now: range.upperBound)
            let graph = FlameGraph(tree, maxNodes: nodes)
            times.append(Clock.wall - start)
            guard graph.total > 0 else { fatal("merge: the flame graph is empty") }
        }
        report.add("flame graph in the process, p50", Samples(times).median, atMost: 0.15, Format.milliseconds)
    }
}
