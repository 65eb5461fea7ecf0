import Demo
import Glibc
import Model
import Store
import Telemetry

/// Fills a store with the generated fleet: two hours of history, then new profiles every 15 s.
enum DemoCommand {
    private static let history: Int64 = 2 * 3_600_000_000_000

    static func run(_ store: any ProfileStore, address: String, logger: Logger) async {
        let fleet = DemoFleet()
        var next = WallClock.nanoseconds - history
        do {
            // What an earlier demo stored in the same directory is not made again.
            if let span = try await store.span(of: .anonymous) { next = max(next, span.newest + 1) }
            next = try await fill(store, fleet, from: next)
            announce(address)
            while !Task.isCancelled {
                try await Task.sleep(for: .seconds(1))
                next = try await fill(store, fleet, from: next)
            }
        } catch is CancellationError {
            return
        } catch {
            logger.log(.error, "demo ended", ["error": "\(error)"])
        }
    }

    /// Stores what the fleet pushed from a time until now; returns where to go on.
    private static func fill(
        _ store: any ProfileStore, _ fleet: DemoFleet, from start: Int64
    ) async throws -> Int64 {
        let end = WallClock.nanoseconds
        var batch: [NewProfile] = []
        for time in DemoFleet.times(from: start, to: end) {
            batch += fleet.profiles(at: time)
            if batch.count >= 2000 {
                try await store.append(batch, for: .anonymous)
                batch = []
                try Task.checkCancellation()
            }
        }
        if !batch.isEmpty { try await store.append(batch, for: .anonymous) }
        return end
    }

    private static func announce(_ address: String) {
        print(
            """

            Hearth serves a generated fleet on http://\(address)

            Ask for its profile types:
              curl -s -H 'Content-Type: application/json' -d '{}' \\
                http://\(address)/querier.v1.QuerierService/ProfileTypes

            In Grafana, add a data source of type "Grafana Pyroscope" with the URL
              http://\(address)
            or copy provisioning/ and dashboards/ of this repository. Try {service_name="checkout"} and compare
            version="1.4.2" with version="1.5.0", or watch {service_name="cart"} leak in memory:inuse_space.

            Ctrl-C stops.
            """)
        // A pipe would hold the text back.
        fflush(nil)
    }
}
