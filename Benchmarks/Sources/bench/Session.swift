import Glibc

/// The figures that a served fleet gives: everything over HTTP, as a client sees it.
struct Session {
    let options: Options
    let work: WorkDirectory
    let wanted: Set<String>
    var report: Report

    private func wants(_ section: String) -> Bool { wanted.contains(section) }

    /// What ingesting the fleet cost.
    struct Ingested {
        /// Seconds of the server's CPU for a profile at full speed.
        var cpuPerProfile = 0.0
        var peak = 0
    }

    mutating func run(_ fleet: FleetFile, _ limits: PhysicalLimits) async {
        let data = "\(work.path)/data"
        var server = ServerProcess(options.binary, data: data, log: "\(work.path)/log")
        if wants("memory") { Clock.sleep(2) }
        let idle = server.figures.resident
        let ingested = ingest(fleet, server.address, server.figures, limits, settle: { server.settle() })
        if wants("steps") {
            await StepsBench(fleet: fleet, work: work).run(total: ingested.cpuPerProfile, limits, &report)
        }

        if wants("disk") || wants("memory") || wants("queries") || wants("scaling") {
            server.stop()
            let bytes = WorkDirectory.size(of: data)
            if wants("disk") { disk(fleet, bytes) }
            server = ServerProcess(options.binary, data: data, log: "\(work.path)/log")
            if wants("memory") { Clock.sleep(2) }
            let restarted = server.figures.resident
            // What the last pushes left to do would be done beside the first questions.
            server.settle()
            let asked = await ask(fleet, server)
            if wants("memory") { memory(idle: idle, ingesting: ingested.peak, restarted: restarted, asking: asked) }
        }
        server.stop()
        WorkDirectory.remove(data)
    }

    /// Pushes most of the fleet as fast as it is taken, then the rest at half of that rate.
    mutating func ingest(
        _ fleet: FleetFile, _ address: ServerAddress, _ figures: ProcessFigures?, _ limits: PhysicalLimits,
        settle: () -> Void
    ) -> Ingested {
        let count = fleet.pushes.count
        note("pushing \(count) profiles over \(options.connections) connections")
        var peak = 0
        let observe = { peak = max(peak, figures?.resident ?? 0) }
        let before = figures?.cpu ?? .nan
        let split = count * 7 / 10
        let client = LoadClient(address: address, connections: options.connections)
        let full = client.push(fleet, 0..<split, observe: observe)
        let cpu = (figures?.cpu ?? .nan) - before
        settle()
        let settled = (figures?.cpu ?? .nan) - before
        // Enough connections that a push seldom waits for one; where it does, its wait counts.
        let half = LoadClient(address: address, connections: 4 * options.connections).push(
            fleet, split..<count, rate: full.rate / 2, observe: observe)
        guard full.failures == 0 && half.failures == 0 else { fatal("\(full.failures + half.failures) pushes failed") }
        if wants("ingest") {
            ingestReport(fleet, full, half, cpu: cpu / Double(split), settled: settled / Double(split), limits)
        }
        return Ingested(cpuPerProfile: cpu / Double(split), peak: peak)
    }

    private mutating func ingestReport(
        _ fleet: FleetFile, _ full: LoadClient.Result, _ half: LoadClient.Result, cpu: Double, settled: Double,
        _ limits: PhysicalLimits
    ) {
        report.begin("Ingest, end to end over HTTP, each answer after its sync")
        if cpu.isFinite {
            report.add(
                Report.Row(
                    what: "CPU of the server a profile", measured: Format.milliseconds(cpu),
                    limit: "zlib inflates it: \(Format.milliseconds(limits.zlib))",
                    ratio: Format.times(cpu / limits.zlib), target: "≤ 3 ×", isMet: cpu <= 3 * limits.zlib))
            report.add(
                Report.Row(
                    what: "the same", measured: Format.milliseconds(cpu),
                    limit: "libdeflate inflates it: \(Format.milliseconds(limits.libdeflate))",
                    ratio: Format.times(cpu / limits.libdeflate)))
            report.add(
                Report.Row(
                    what: "the same, with what it then does in the background (rollups)",
                    measured: Format.milliseconds(settled),
                    limit: "zlib inflates it: \(Format.milliseconds(limits.zlib))",
                    ratio: Format.times(settled / limits.zlib)))
        }
        let bytes = Double(fleet.gzipBytes) / Double(fleet.pushes.count)
        report.add(
            "highest load (\(options.connections) connections; the client took \(Format.percent(full.clientCPU / full.wall)) of a core)",
            "\(Format.short(full.rate)) profiles/s, \(Format.megabytes(bytes * full.rate)) of gzip a second")
        let waits = Samples(full.waits)
        report.add(
            "acknowledged at the highest load",
            "p50 \(Format.milliseconds(waits.median)), p99 \(Format.milliseconds(waits.p99))")
        let halfWaits = Samples(half.waits)
        report.add(
            Report.Row(
                what: "acknowledged at half of it (\(Format.short(half.rate)) profiles/s), p50",
                measured: Format.milliseconds(halfWaits.median),
                limit: "fsync: \(Format.milliseconds(limits.sync.median))",
                ratio: Format.times(halfWaits.median / limits.sync.median)))
        report.add(
            Report.Row(
                what: "p99", measured: Format.milliseconds(halfWaits.p99),
                limit: "fsync: \(Format.milliseconds(limits.sync.p99))",
                ratio: Format.times(halfWaits.p99 / limits.sync.p99), target: "≤ 60 ms", isMet: halfWaits.p99 <= 0.06))
    }

    private mutating func disk(_ fleet: FleetFile, _ bytes: Int) {
        report.begin("Disk, all files of the directory after a stop")
        let profiles = Double(fleet.pushes.count)
        report.add(
            Report.Row(
                what: "a profile", measured: Format.kilobytes(Double(bytes) / profiles),
                limit: "its gzip: \(Format.kilobytes(Double(fleet.gzipBytes) / profiles))",
                ratio: Format.times(Double(bytes) / Double(fleet.gzipBytes)), target: "≤ 5 kB",
                isMet: Double(bytes) / profiles <= 5000))
        report.add(
            "a stored value (\(fleet.storedValues / max(fleet.pushes.count, 1)) a profile)",
            Double(bytes) / Double(fleet.storedValues), atMost: 6, Format.bytes)
        report.add("the fleet", Format.megabytes(Double(bytes)))
    }

    private mutating func memory(idle: Int, ingesting: Int, restarted: Int, asking: Int) {
        report.begin("Resident memory")
        report.add("idle, empty", Double(idle), atMost: 60e6, Format.megabytes)
        report.add("while ingesting, highest", Double(ingesting), atMost: 200e6, Format.megabytes)
        report.add("idle, started on the fleet's data", Double(restarted), atMost: 60e6, Format.megabytes)
        report.add("while answering, highest", Double(asking), atMost: 200e6, Format.megabytes)
    }

    /// Asks about the fleet and about the long service; gives the most resident memory.
    private mutating func ask(_ fleet: FleetFile, _ server: ServerProcess) async -> Int {
        var peak = 0
        let suite = QuerySuite(fleet, server.address, repeats: options.repeats)
        suite.checkTotal()
        if wants("queries") || wants("memory") {
            report.begin("Questions, p50 of \(options.repeats), each about a range of its own")
            questions(suite.fleetQuestions(), suite) { peak = max(peak, server.figures.resident) }
        }
        guard wants("queries") || wants("scaling") else { return peak }
        note("making and pushing \(options.days) days of one service")
        let long = await FleetFile(.long(options), in: work.path)
        let pushed = LoadClient(address: server.address, connections: options.connections).push(
            long, 0..<long.pushes.count, observe: {})
        guard pushed.failures == 0 else { fatal("\(pushed.failures) pushes failed") }
        server.settle()
        days(long, server.address) { peak = max(peak, server.figures.resident) }
        return peak
    }

    /// Asks each question and adds a row for it.
    mutating func questions(_ questions: [QuerySuite.Question], _ suite: QuerySuite, observe: () -> Void = {}) {
        for question in questions {
            let (first, times) = suite.times(question)
            observe()
            var row = Report.Row(
                what: question.name,
                measured:
                    "\(Format.milliseconds(times.median)) (first \(Format.milliseconds(first)), worst \(Format.milliseconds(times.most)))"
            )
            // The reference's figures are of the full fleet.
            if let reference = question.reference, !options.isQuick {
                let target = reference / 1000 / question.factor
                row.limit = "Pyroscope 2.2: \(Format.short(reference)) ms"
                row.ratio = "\(Format.short(reference / 1000 / times.median)) × faster"
                row.target = "≤ \(Format.milliseconds(target))"
                row.isMet = times.median <= target
            }
            report.add(row)
        }
    }

    /// The service with a profile a minute: an hour of it, and all of its days.
    mutating func days(_ long: FleetFile, _ address: ServerAddress, observe: () -> Void = {}) {
        let suite = QuerySuite(long, address, repeats: options.repeats)
        let selector = "{service_name=\"\(long.plan.services[0])\"}"
        suite.checkTotal(selector)
        let days = Int64(options.days)
        let hour = suite.flameGraph("flame graph, a profile a minute, 1 h", selector, hours: 1, reference: 17)
        let all = suite.flameGraph(
            "flame graph, a profile a minute, \(days) d", selector, hours: 24 * days, reference: days == 7 ? 145 : nil)
        if wants("queries") {
            report.begin("Questions over days")
            questions([hour, all], suite, observe: observe)
        }
        guard wants("scaling") else { return }
        report.begin("Flame graph of one service over longer and longer ranges")
        let base = suite.times(hour).samples.median
        for hours in [1, 4, 24, 72, 168, 336] as [Int64] where hours <= 24 * days {
            let time = suite.times(suite.flameGraph("", selector, hours: hours)).samples.median
            observe()
            report.add(
                Report.Row(
                    what: hours < 24 ? "\(hours) h" : "\(hours / 24) d", measured: Format.milliseconds(time),
                    limit: "1 h: \(Format.milliseconds(base))", ratio: Format.times(time / base),
                    target: hours == 168 ? "≤ 3 ×" : "", isMet: hours == 168 ? time <= 3 * base : nil))
        }
    }
}
