import Synchronization

/// The process's counters, gauges and histograms, and their Prometheus text.
public final class Metrics: Sendable {
    private struct Family: Sendable {
        let help: String
        let kind: String
        let buckets: [Double]
        /// By rendered labels.
        var series: [String: Series] = [:]
    }

    private struct Series: Sendable {
        var value = 0.0
        var bucketCounts: [UInt64] = []
        var count: UInt64 = 0
    }

    private let families = Mutex<[String: Family]>([:])

    /// Makes an empty registry.
    public init() {}

    /// Declares a counter; its name ends in `_total`.
    public func counter(_ name: String, _ help: String) -> Counter {
        declare(name, help, "counter", [])
        return Counter(metrics: self, name: name)
    }

    /// Declares a gauge.
    public func gauge(_ name: String, _ help: String) -> Gauge {
        declare(name, help, "gauge", [])
        return Gauge(metrics: self, name: name)
    }

    /// Declares a histogram with ascending bounds.
    public func histogram(_ name: String, _ help: String, buckets: [Double]) -> Histogram {
        declare(name, help, "histogram", buckets)
        return Histogram(metrics: self, name: name)
    }

    private func declare(_ name: String, _ help: String, _ kind: String, _ buckets: [Double]) {
        families.withLock { families in
            if families[name] == nil { families[name] = Family(help: help, kind: kind, buckets: buckets) }
        }
    }

    fileprivate func change(_ name: String, _ labels: KeyValuePairs<String, String>, by amount: Double, sets: Bool) {
        let key = Self.render(labels)
        families.withLock { families in
            if sets {
                families[name]?.series[key, default: Series()].value = amount
            } else {
                families[name]?.series[key, default: Series()].value += amount
            }
        }
    }

    fileprivate func observe(_ name: String, _ labels: KeyValuePairs<String, String>, _ value: Double) {
        let key = Self.render(labels)
        families.withLock { families in
            guard let buckets = families[name]?.buckets else { return }
            var series =
                families[name]?.series[key]
                ?? Series(bucketCounts: [UInt64](repeating: 0, count: buckets.count))
            if let bucket = buckets.firstIndex(where: { value <= $0 }) { series.bucketCounts[bucket] += 1 }
            series.count += 1
            series.value += value
            families[name]?.series[key] = series
        }
    }

    private static func render(_ labels: KeyValuePairs<String, String>) -> String {
        labels.map { "\($0.key)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
    }

    /// Everything in the text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
    public var exposition: String {
        let families = families.withLock { $0 }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind)\n"
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                let braces = labels.isEmpty ? "" : "{\(labels)}"
                guard family.kind == "histogram" else {
                    text += "\(name)\(braces) \(Self.number(series.value))\n"
                    continue
                }
                var cumulative: UInt64 = 0
                let prefix = labels.isEmpty ? "" : labels + ","
                for (bound, count) in zip(family.buckets, series.bucketCounts) {
                    cumulative += count
                    text += "\(name)_bucket{\(prefix)le=\"\(Self.number(bound))\"} \(cumulative)\n"
                }
                text += "\(name)_bucket{\(prefix)le=\"+Inf\"} \(series.count)\n"
                text += "\(name)_sum\(braces) \(Self.number(series.value))\n\(name)_count\(braces) \(series.count)\n"
            }
        }
        return text
    }

    private static func number(_ value: Double) -> String {
        Int64(exactly: value).map(String.init) ?? "\(value)"
    }
}

/// A number that only grows.
public struct Counter: Sendable {
    fileprivate let metrics: Metrics
    fileprivate let name: String

    /// Adds to the series of these labels.
    public func add(_ amount: Double = 1, _ labels: KeyValuePairs<String, String> = [:]) {
        metrics.change(name, labels, by: amount, sets: false)
    }
}

/// A number that goes up and down.
public struct Gauge: Sendable {
    fileprivate let metrics: Metrics
    fileprivate let name: String

    /// Sets the series of these labels.
    public func set(_ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
        metrics.change(name, labels, by: value, sets: true)
    }
}

/// A distribution in fixed buckets.
public struct Histogram: Sendable {
    fileprivate let metrics: Metrics
    fileprivate let name: String

    /// Counts a value in the series of these labels.
    public func observe(_ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
        metrics.observe(name, labels, value)
    }
}
