import Glibc

/// The same load and questions against any server that takes pushes and answers as Pyroscope does.
struct LoadBench {
    let options: Options
    let work: WorkDirectory

    func run(_ fleet: FleetFile, _ limits: PhysicalLimits, _ report: inout Report) async {
        guard var address = ServerAddress(url: options.url) else { fatal("--url must be http://host:port") }
        if !options.header.isEmpty { address.extraHeaders = "\(options.header)\r\n" }
        let figures = options.pid.map { ProcessFigures(id: $0) }
        var session = Session(
            options: options, work: work, wanted: ["ingest", "queries", "scaling"], report: report)
        let ingested = session.ingest(fleet, address, figures, limits) { Clock.sleep(2) }
        note("waiting \(Int(options.settle)) s")
        Clock.sleep(options.settle)
        let suite = QuerySuite(fleet, address, repeats: options.repeats)
        suite.checkTotal()
        session.report.begin("Questions, p50 of \(options.repeats), each about a range of its own")
        session.questions(suite.fleetQuestions(), suite)
        let long = await FleetFile(.long(options), in: work.path)
        let pushed = LoadClient(address: address, connections: options.connections).push(
            long, 0..<long.pushes.count, observe: {})
        guard pushed.failures == 0 else { fatal("\(pushed.failures) pushes failed") }
        Clock.sleep(options.settle)
        session.days(long, address)
        if let figures {
            session.report.begin("Resident memory of process \(figures.id)")
            session.report.add("while ingesting, highest", Format.megabytes(Double(ingested.peak)))
            session.report.add("after everything", Format.megabytes(Double(figures.resident)))
        }
        report = session.report
    }
}
