import Synchronization
import Telemetry
import Testing

/// Keeps the lines that a logger writes.
private final class Lines: Sendable {
    let all = Mutex<[String]>([])
}

@Suite struct LoggerTests {
    private func line(_ format: LogFormat, _ value: String) throws -> String {
        let lines = Lines()
        Logger(format: format) { line in lines.all.withLock { $0.append(line) } }.log(.info, "request", ["path": value])
        return try #require(lines.all.withLock { $0.first })
    }

    @Test func `logfmt quotes what needs it`() throws {
        #expect(try line(.logfmt, "/a").hasSuffix(" level=info msg=request path=/a"))
        #expect(try line(.logfmt, "a \"b\"=\n").hasSuffix(" path=\"a \\\"b\\\"=\\n\""))
    }

    @Test func `JSON is one object a line`() throws {
        let text = try line(.json, "a\"\u{1}")
        #expect(text.hasPrefix("{\"ts\":\"20") && text.hasSuffix("\"path\":\"a\\\"\\u0001\"}"))
    }

    @Test func `what is below the level is not written`() {
        let lines = Lines()
        Logger(level: .warn) { line in lines.all.withLock { $0.append(line) } }.log(.info, "quiet")
        #expect(lines.all.withLock { $0.isEmpty })
    }
}

@Suite struct MetricsTests {
    @Test func `counters, gauges and histograms are written as Prometheus reads them`() {
        let metrics = Metrics()
        let counter = metrics.counter("hearth_a_total", "Counts.")
        counter.add(2, ["route": "/a\"\\\n"])
        counter.add(1, ["route": "/a\"\\\n"])
        metrics.gauge("hearth_b", "Gauges.").set(1.5)
        let histogram = metrics.histogram("hearth_c_seconds", "Times.", buckets: [0.1, 1])
        for value in [0.05, 0.5, 5] { histogram.observe(value, ["route": "/"]) }
        #expect(
            metrics.exposition == """
                # HELP hearth_a_total Counts.
                # TYPE hearth_a_total counter
                hearth_a_total{route="/a\\"\\\\\\n"} 3
                # HELP hearth_b Gauges.
                # TYPE hearth_b gauge
                hearth_b 1.5
                # HELP hearth_c_seconds Times.
                # TYPE hearth_c_seconds histogram
                hearth_c_seconds_bucket{route="/",le="0.1"} 1
                hearth_c_seconds_bucket{route="/",le="1"} 2
                hearth_c_seconds_bucket{route="/",le="+Inf"} 3
                hearth_c_seconds_sum{route="/"} 5.55
                hearth_c_seconds_count{route="/"} 3

                """)
    }
}
