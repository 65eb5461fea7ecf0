import Glibc

/// The commands.
@main
enum Bench {
    static func main() async {
        let options = Options(Array(CommandLine.arguments.dropFirst()))
        let work = WorkDirectory(below: options.work)
        defer { work.remove() }
        var report = Report()
        switch options.command {
        case "generate":
            let fleet = await make(.fleet(options), work)
            describe(fleet, &report)
        case "ingest", "disk", "memory", "queries", "scaling", "steps", "all":
            let fleet = await make(.fleet(options), work)
            describe(fleet, &report)
            let limits = PhysicalLimits(fleet, in: work.path)
            limits.write(to: &report, fleet)
            var session = Session(
                options: options, work: work,
                wanted: options.command == "all"
                    ? ["ingest", "disk", "memory", "queries", "scaling", "steps"] : [options.command],
                report: report)
            await session.run(fleet, limits)
            report = session.report
        default:
            work.remove()
            fatal("unknown command \(options.command); bench --help lists them")
        }
        print(report.markdown)
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
