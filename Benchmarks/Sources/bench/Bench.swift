import Dispatch
import Glibc

/// The commands.
@main
enum Bench {
    static func main() async {
        let signals = Leftovers.clearOnSignals()
        let options = Options(Array(CommandLine.arguments.dropFirst()))
        let work = WorkDirectory(below: options.work)
        var report = Report()
        let served: Set = ["ingest", "disk", "memory", "queries", "scaling", "steps"]
        let wanted: Set = options.command == "all" ? served.union(["merge", "start", "formats"]) : [options.command]
        guard wanted.isSubset(of: served.union(["merge", "start", "formats", "generate", "load"])) else {
            fatal("unknown command \(options.command); bench --help lists them")
        }
        // Limits are measured on profiles of the fleet, and a part of it is enough where nothing else needs it.
        var plan = options
        if wanted.isDisjoint(with: served.union(["generate", "load"])) { plan.minutes = 10 }
        let fleet = await make(.fleet(plan), work)
        describe(fleet, &report)
        if options.command != "generate" {
            let limits = PhysicalLimits(fleet, in: work.path)
            limits.write(to: &report, fleet)
            if !wanted.isDisjoint(with: served) {
                var session = Session(options: options, work: work, wanted: wanted, report: report)
                await session.run(fleet, limits)
                report = session.report
            }
            if wanted.contains("load") {
                await LoadBench(options: options, work: work).run(fleet, limits, &report)
            }
            if wanted.contains("merge") { await MergeBench(options: options, work: work).run(limits, &report) }
            if wanted.contains("start") { await StartBench(options: options, work: work).run(&report) }
            if wanted.contains("formats") { FormatsBench(options: options).run(limits, &report) }
        }
        print(report.markdown)
        Leftovers.clear()
        for source in signals { source.cancel() }
    }

    private static func make(_ plan: FleetPlan, _ work: WorkDirectory) async -> FleetFile {
        let start = Clock.wall
        let fleet = await FleetFile(plan, in: work.path)
        note("made \(fleet.pushes.count) profiles in \(Format.number(Clock.wall - start, 1)) s")
        return fleet
    }

    private static func describe(_ fleet: FleetFile, _ report: inout Report) {
        let count = Double(fleet.pushes.count)
        report.begin("The fleet, seed \(fleet.plan.seed)")
        report.add(
            "profiles",
            "\(fleet.pushes.count) of \(fleet.plan.services.count) services and \(fleet.plan.pods.count) pods over \(Format.short(Double(fleet.plan.range.count) / Double(FleetPlan.hour))) h"
        )
        report.add(
            "a profile",
            "\(Format.kilobytes(Double(fleet.gzipBytes) / count)) gzip, \(Format.kilobytes(Double(fleet.plainBytes) / count)) plain, \(Format.short(Double(fleet.pushes.reduce(0) { $0 + $1.samples }) / count)) samples"
        )
        report.add(
            "a service",
            "\(fleet.code[0].stacks.count) stacks of \(fleet.code[0].locations.count) places in \(Set(fleet.code[0].locations.map { $0.lines[0].function }).count) functions"
        )
        report.add("stored values", Format.number(Double(fleet.storedValues), 0))
    }
}
