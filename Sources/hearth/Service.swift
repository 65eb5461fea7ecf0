import HTTP
import Ingest
import MemoryStore
import SQLiteStore
import Server
import Settings
import Store
import Telemetry

/// A store with the server in front of it: what `serve` builds, runs and stops.
struct Service: Sendable {
    private let configuration: ServeConfiguration
    /// The store of files, if profiles are kept in files.
    private let files: SQLiteStore?
    private let store: any ProfileStore
    private let gateway: Gateway

    private var logger: Logger { configuration.logger }

    /// Opens the store and builds what answers from it.
    init(_ configuration: ServeConfiguration) throws {
        self.configuration = configuration
        let metrics = Metrics()
        let table = configuration.table
        files =
            table.text("storage") == "memory"
            ? nil
            : try SQLiteStore(
                directory: table.text("data-dir"), budget: MemoryBudget(limit: configuration.storeMemory),
                maxDisk: table.bytes("max-disk"),
                report: StoreReports(logger: configuration.logger, metrics: metrics).take)
        store = files ?? MemoryStore()
        gateway = Gateway(
            store: store, configuration: configuration.gateway, metrics: metrics, logger: configuration.logger)
    }

    /// Serves until the operator wants it to stop, then lets go of everything.
    func run(withDemo: Bool) async throws(StartError) {
        let followers = follow()
        let retention = retain()
        // Who sees that it listens may stop it.
        let signal = StopSignal()
        let server = try HTTPServer(configuration.http, handler: gateway)
        let address = "\(configuration.http.host):\(server.port)"
        announce(address)
        let demo = withDemo ? Task { await DemoCommand.run(store, address: address, logger: logger) } : nil
        let name = await signal.wait()
        logger.log(.info, "stopping", ["signal": name])
        for task in followers { task.cancel() }
        demo?.cancel()
        await stop(server, retention)
    }

    /// Takes the files over that settings name, now and whenever they change.
    private func follow() -> [Task<Void, Never>] {
        let (limits, relabelling) = (gateway.limits, gateway.relabelling)
        return [
            configuration.tenantLimits?.follow(logger: logger) { limits.replace($0) },
            configuration.relabelRules?.follow(logger: logger) { relabelling.replace($0) },
        ].compactMap { $0 }
    }

    private func retain() -> Task<Void, Never>? {
        let table = configuration.table
        return files.map { files in
            Task(priority: .utility) {
                await files.retain(
                    by: gateway.limits.retention(for:), patience: .milliseconds(table.milliseconds("clock-hold")),
                    interval: .milliseconds(max(table.milliseconds("retention-interval"), 100)))
            }
        }
    }

    private func announce(_ address: String) {
        let table = configuration.table
        logger.log(
            .info, "listening",
            [
                "address": address, "version": ProgramVersion.text, "storage": table.text("storage"),
                "retention": table.text("retention"), "retention_by_type": table.text("retention-by-type"),
                "max_disk": table.text("max-disk"),
            ])
    }

    private func stop(_ server: HTTPServer, _ retention: Task<Void, Never>?) async {
        await server.stop(timeout: .milliseconds(configuration.table.milliseconds("shutdown-timeout")))
        retention?.cancel()
        await retention?.value
        await store.close()
        logger.log(.info, "stopped")
    }
}
