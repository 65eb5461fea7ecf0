import Store
import Telemetry

/// Fills a store with the generated fleet, and goes on doing so.
enum DemoCommand {
    static func run(_ store: any ProfileStore, address: String, logger: Logger) async {
        logger.log(.info, "demo", ["address": address])
    }
}
