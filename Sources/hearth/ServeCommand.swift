import CPosix
import Formats
import Glibc
import HTTP
import Ingest
import MemoryStore
import Query
import Relabelling
import SQLiteStore
import Server
import Settings
import Store
import Telemetry

/// `hearth serve` and `hearth demo`: reads settings, builds the parts, serves until it is told to stop.
enum ServeCommand {
    static func run(_ arguments: [String], withDemo: Bool = false) async {
        let command = withDemo ? "demo" : "serve"
        guard !arguments.contains("--help") && !arguments.contains("-h") else {
            print(Usage.help(command))
            return
        }
        let table: SettingsTable
        do throws(SettingError) {
            table = try settings(arguments)
        } catch {
            Usage.fail("\(error)")
        }
        if table.flag("print-config") {
            print(table.listing, terminator: "")
            return
        }
        do {
            try await serve(table, arguments: arguments, withDemo: withDemo)
        } catch {
            Usage.fail("\(error)", status: 1)
        }
    }

    /// The table, with the reference's limits as defaults where the operator asks for them.
    private static func settings(_ arguments: [String]) throws(SettingError) -> SettingsTable {
        let environment = Environment.all
        let table = try SettingsTable(
            ServeSettings.rows, arguments: arguments, environment: environment, readFile: Environment.readFile)
        guard table.text("limits") == "pyroscope" else { return table }
        let rows = ServeSettings.rows.map { row in
            SettingRow(row.name, row.kind, ServeSettings.pyroscopeLimits[row.name] ?? row.standard, row.sentence)
        }
        return try SettingsTable(
            rows, arguments: arguments, environment: environment, readFile: Environment.readFile)
    }

    private static func serve(_ table: SettingsTable, arguments: [String], withDemo: Bool) async throws {
        let logger = Logger(
            level: LogLevel(rawValue: table.text("log-level")) ?? .info,
            format: LogFormat(rawValue: table.text("log-format")) ?? .logfmt)
        cposix_tune_allocator()
        cposix_raise_file_limit()
        let metrics = Metrics()
        let budget = MemoryBudget(limit: maxMemory(table))
        let reports = StoreReports(logger: logger, metrics: metrics)
        let files =
            table.text("storage") == "memory"
            ? nil
            : try SQLiteStore(
                directory: table.text("data-dir"), budget: budget, maxDisk: table.bytes("max-disk"),
                report: reports.take)
        let store: any ProfileStore = files ?? MemoryStore()
        let gateway = Gateway(store: store, configuration: try gateway(table), metrics: metrics, logger: logger)
        @Sendable func limits(_ flags: [String]) throws(SettingError) -> TenantLimits.Limits {
            let own = try Self.gateway(try Self.settings(arguments + flags))
            return TenantLimits.Limits(
                query: own.queryLimits, ingest: own.ingestLimits, retention: own.retention)
        }
        var followers: [Task<Void, Never>] = []
        defer { for follower in followers { follower.cancel() } }
        func follow(
            _ setting: String, _ take: @escaping @Sendable ([UInt8]) throws(SettingError) -> Void
        ) throws(SettingError) {
            let path = table.text(setting)
            guard !path.isEmpty else { return }
            followers.append(try FollowedFile(setting: setting, path: path).follow(logger: logger, take: take))
        }
        let (tenantLimits, relabelling) = (gateway.limits, gateway.relabelling)
        try follow("tenant-limits") { bytes throws(SettingError) in
            tenantLimits.replace(try TenantLimits.read(bytes, limits: limits))
        }
        let multitenancy = table.flag("multitenancy")
        try follow("relabel-rules") { bytes throws(SettingError) in
            relabelling.replace(try RelabelRules(yaml: bytes, multitenancy: multitenancy))
        }
        let retention = files.map { files in
            Task(priority: .utility) {
                await files.retain(
                    by: gateway.limits.retention(for:), patience: .milliseconds(table.milliseconds("clock-hold")),
                    interval: .milliseconds(max(table.milliseconds("retention-interval"), 100)))
            }
        }
        // Who sees that it listens may stop it.
        let stop = StopSignal()
        let server = try HTTPServer(try http(table), handler: gateway)
        let address = "\(try host(table)):\(server.port)"
        logger.log(
            .info, "listening",
            [
                "address": address, "version": ProgramVersion.text, "storage": table.text("storage"),
                "retention": table.text("retention"), "retention_by_type": table.text("retention-by-type"),
                "max_disk": table.text("max-disk"),
            ])
        let demo = withDemo ? Task { await DemoCommand.run(store, address: address, logger: logger) } : nil
        let signal = await stop.wait()
        logger.log(.info, "stopping", ["signal": signal])
        demo?.cancel()
        await server.stop(timeout: .milliseconds(table.milliseconds("shutdown-timeout")))
        retention?.cancel()
        await retention?.value
        await store.close()
        logger.log(.info, "stopped")
    }

    private static func host(_ table: SettingsTable) throws(SettingError) -> String {
        String(try listen(table).host)
    }

    private static func listen(_ table: SettingsTable) throws(SettingError) -> (host: Substring, port: Int) {
        let text = table.text("listen")
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw SettingError("listen must be an address and a port such as 127.0.0.1:4040, got \"\(text)\"") }
        var host = text[..<colon]
        if host.hasPrefix("[") && host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return (host, port)
    }

    private static func maxMemory(_ table: SettingsTable) -> Int {
        let set = table.bytes("max-memory")
        return set > 0 ? set : MemoryBudget.standard(machineBytes: Machine.memoryBytes)
    }

    /// A bound on what is in flight, which never takes more than a quarter of `max-memory`.
    private static func inFlight(_ name: String, _ table: SettingsTable) -> Int {
        let set = table.bytes(name)
        return set > 0 ? min(set, maxMemory(table) / 4) : maxMemory(table) / 4
    }

    private static func http(_ table: SettingsTable) throws(SettingError) -> ServerConfiguration {
        let address = try listen(table)
        var configuration = ServerConfiguration(host: String(address.host), port: address.port)
        configuration.maxConnections = table.number("max-connections")
        configuration.maxBodyBytesInFlight = inFlight("max-body-bytes-in-flight", table)
        configuration.headTimeout = .milliseconds(table.milliseconds("header-timeout"))
        configuration.bodyTimeout = .milliseconds(table.milliseconds("body-timeout"))
        configuration.writeTimeout = .milliseconds(table.milliseconds("write-timeout"))
        configuration.idleTimeout = .milliseconds(table.milliseconds("idle-timeout"))
        return configuration
    }

    private static func gateway(_ table: SettingsTable) throws(SettingError) -> GatewayConfiguration {
        var configuration = GatewayConfiguration()
        var base = table.text("base-path")
        while base.hasSuffix("/") { base.removeLast() }
        guard base.isEmpty || base.hasPrefix("/") else {
            throw SettingError("base-path must begin with a slash, got \"\(base)\"")
        }
        configuration.basePath = base
        configuration.multitenancy = table.flag("multitenancy")
        configuration.version = ProgramVersion.text
        configuration.maxPushBytes = table.bytes("max-request-body")
        configuration.retention = try RetentionSettings.rules(table)
        configuration.maxDecodedBytesInFlight = inFlight("max-decoded-bytes-in-flight", table)
        configuration.ingestLimits.pprof.isStrict = table.flag("strict-ingest")
        configuration.queryLimits = QueryLimits(
            maxLength: table.milliseconds("max-query-length"), maxLookback: table.milliseconds("max-query-lookback"),
            defaultNodes: Int64(table.number("max-nodes-default")), maxNodes: Int64(table.number("max-nodes")))
        configuration.ingestLimits.pprof.maxBytes = table.bytes("max-profile-size")
        configuration.ingestLimits.pprof.maxSamples = table.number("max-profile-samples")
        configuration.ingestLimits.pprof.maxSampleLabels = table.number("max-sample-labels")
        configuration.ingestLimits.pprof.maxDepth = table.number("max-stack-depth")
        configuration.ingestLimits.pprof.maxSymbolBytes = table.bytes("max-symbol-length")
        configuration.ingestLimits.maxRequestBytes = table.bytes("max-request-size")
        configuration.ingestLimits.maxLabels = table.number("max-label-names")
        configuration.ingestLimits.maxLabelNameBytes = table.bytes("max-label-name-length")
        configuration.ingestLimits.maxLabelValueBytes = table.bytes("max-label-value-length")
        configuration.ingestLimits.rejectOlderThan = table.milliseconds("reject-older-than")
        configuration.ingestLimits.maxRate = table.bytes("max-ingest-rate")
        configuration.ingestLimits.maxBurst = table.bytes("max-ingest-burst")
        configuration.ingestLimits.rejectNewerThan = table.milliseconds("reject-newer-than")
        return configuration
    }
}
