import Model
import Store
import Telemetry
import Wire

/// What an operator and a load balancer ask.
struct StatusRoutes {
    let store: any ProfileStore
    let metrics: Metrics
    let version: String

    var routes: [Route] {
        let (store, metrics, version) = (store, metrics, version)
        let damaged = metrics.gauge(
            "hearth_store_damaged_partitions", "Files that were set aside because they are damaged.")
        return [
            Route("GET", "/ready") { _ in
                if let failure = store.failure { return .text("not ready: \(failure)\n", status: 503) }
                // What is damaged is out of service; the rest is served.
                return .text(
                    "ready\n" + store.damaged.map { "damaged: \($0.path): \($0.reason)\n" }.joined())
            },
            Route("GET", "/metrics") { _ in
                damaged.set(Double(store.damaged.count))
                return .text(metrics.exposition, type: "text/plain; version=0.0.4; charset=utf-8")
            },
            Route("GET", "/api/v1/status/buildinfo") { _ in
                var json = Array("{\"status\":\"success\",\"data\":{\"version\":".utf8)
                JSONText.append(Text(version), to: &json)
                json += Array(
                    ",\"revision\":\"\",\"branch\":\"\",\"buildUser\":\"\",\"buildDate\":\"\",\"goVersion\":\"\"}}".utf8
                )
                return .json(json)
            },
            Route("GET", "/") { _ in
                .text(
                    "<!doctype html><title>Hearth</title><h1>Hearth</h1><p>Continuous profiling for Grafana. Add this "
                        + "address as a Pyroscope data source.</p>", type: "text/html; charset=utf-8")
            },
        ]
    }
}
