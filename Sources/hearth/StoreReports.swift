import Model
import SQLiteStore
import Store
import Telemetry

/// Logs and counts what a store does by itself.
struct StoreReports: Sendable {
    private let logger: Logger
    private let deletedBytes: Counter
    private let deletedProfiles: Counter
    private let failures: Counter
    private let bytes: Gauge
    private let files: Gauge
    private let isHeld: Gauge
    private let isFull: Gauge

    init(logger: Logger, metrics: Metrics) {
        self.logger = logger
        deletedBytes = metrics.counter(
            "hearth_retention_deleted_bytes_total",
            "Bytes that were deleted, by reason: files of dropped days, samples of deleted profiles.")
        deletedProfiles = metrics.counter(
            "hearth_retention_deleted_profiles_total", "Profiles that were deleted from days that stay, by reason.")
        failures = metrics.counter(
            "hearth_retention_failures_total", "Deletions that did not work and are tried again.")
        bytes = metrics.gauge("hearth_store_bytes", "Bytes of all partition files, by kind: database or log.")
        files = metrics.gauge("hearth_store_files", "Partition files.")
        isHeld = metrics.gauge(
            "hearth_retention_clock_held", "1 while nothing is deleted by age as the wall clock has jumped.")
        isFull = metrics.gauge("hearth_store_full", "1 while pushes are refused as max-disk is passed.")
        isHeld.set(0)
        isFull.set(0)
    }

    func take(_ event: StoreEvent) {
        switch event {
        case .dropped(let tenant, let day, let count, let reason):
            deletedBytes.add(Double(count), ["reason": reason.rawValue])
            logger.log(
                .info, "dropped a day",
                [
                    "tenant": tenant.id, "day": CivilDate(daysSinceEpoch: day).description, "bytes": "\(count)",
                    "reason": reason.rawValue,
                ])
        case .deleted(let tenant, let day, let profiles, let count, let reason):
            deletedBytes.add(Double(count), ["reason": reason.rawValue])
            deletedProfiles.add(Double(profiles), ["reason": reason.rawValue])
            logger.log(
                .info, "deleted profiles",
                [
                    "tenant": tenant.id, "day": CivilDate(daysSinceEpoch: day).description, "profiles": "\(profiles)",
                    "bytes": "\(count)", "reason": reason.rawValue,
                ])
        case .measured(let count, let databaseBytes, let logBytes):
            files.set(Double(count))
            bytes.set(Double(databaseBytes), ["kind": "database"])
            bytes.set(Double(logBytes), ["kind": "log"])
        case .clockHeld(let nanoseconds):
            isHeld.set(1)
            logger.log(
                .warn, "the wall clock has jumped, nothing is deleted by age",
                ["seconds": "\(nanoseconds / 1_000_000_000)", "setting": "clock-hold"])
        case .clockTrusted:
            isHeld.set(0)
            logger.log(.info, "the wall clock is believed again")
        case .full(let count, let limit):
            isFull.set(1)
            logger.log(
                .error, "max-disk is passed and only the newest day is left, pushes are refused",
                ["bytes": "\(count)", "max_disk": "\(limit)"])
        case .roomAgain:
            isFull.set(0)
            logger.log(.info, "below max-disk again, pushes are taken")
        case .damaged(let partition):
            logger.log(
                .error, "damaged data was set aside; the rest is served",
                ["path": partition.path, "tenant": partition.tenant.id, "reason": partition.reason])
        case .failed(let what):
            failures.add()
            logger.log(.warn, "a deletion did not work and is tried again", ["error": what])
        }
    }
}
