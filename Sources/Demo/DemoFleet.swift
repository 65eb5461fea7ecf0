public import Model
public import Store

/// A small generated fleet: services in two versions, CPU, heap and goroutine profiles, spans, a leak and a slow release.
///
/// It is a function of its seed and of time, so history can be made in any order and never differs.
public struct DemoFleet: Sendable {
    /// Between two profiles of a pod, in nanoseconds.
    public static let interval: Int64 = 15_000_000_000

    private let seed: UInt64
    private let pods: [Pod]
    private let code: DemoCode

    struct Pod: Sendable {
        let service: Text
        let name: Text
        let version: Text
        let region: Text
        /// Whether this release spends more on serialising than the one before.
        let isSlow: Bool
        /// Whether memory is not given back.
        let leaks: Bool
    }

    /// Makes a fleet.
    public init(seed: UInt64 = 1) {
        self.seed = seed
        code = DemoCode()
        var pods: [Pod] = []
        for (service, leaks) in [("frontend", false), ("checkout", false), ("cart", true), ("search", false)] {
            for replica in 0..<2 {
                let isNew = replica == 1
                pods.append(
                    Pod(
                        service: Text(service), name: Text("\(service)-\(replica)"),
                        version: isNew ? "1.5.0" : "1.4.2", region: isNew ? "eu-west-1" : "us-east-1",
                        isSlow: isNew && service == "checkout", leaks: leaks))
            }
        }
        self.pods = pods
    }

    /// The services of the fleet.
    public var services: [Text] { Array(Set(pods.map(\.service))).sorted() }

    /// Times at which the fleet is profiled in a range of nanoseconds, the end excluded.
    public static func times(from start: Int64, to end: Int64) -> [Int64] {
        let first = (start + interval - 1) / interval * interval
        return first < end ? Array(stride(from: first, to: end, by: Int64.Stride(interval))) : []
    }

    /// Everything that the fleet would have pushed at one of its times.
    public func profiles(at time: Int64) -> [NewProfile] {
        pods.enumerated().flatMap { index, pod in
            var random = DemoRandom(seed: seed ^ UInt64(index) << 48 ^ UInt64(bitPattern: time))
            return cpu(pod, time, &random) + heap(pod, time, &random) + goroutines(pod, time, &random)
        }
    }

    private func cpu(_ pod: Pod, _ time: Int64, _ random: inout DemoRandom) -> [NewProfile] {
        var samples = SampleColumns()
        var counts = SampleColumns()
        // Load swings over half an hour.
        let phase = Double(time / 1_000_000_000 % 1800) / 1800
        let load = 0.6 + 0.4 * (phase < 0.5 ? phase * 2 : 2 - phase * 2)
        let span = random.next() | 1
        let trace = TraceID(high: random.next(), low: random.next() | 1)
        var rows: [(stack: UInt32, span: UInt64, ticks: Int64)] = []
        for path in code.cpuPaths(of: pod.service) {
            let weight = pod.isSlow && path.isSerialising ? path.weight * 3 : path.weight
            let ticks = Int64(Double(weight) * load * (0.7 + 0.6 * random.fraction()))
            guard ticks > 0 else { continue }
            rows.append((path.stack, 0, ticks))
            if path.isRequest { rows.append((path.stack, span, max(ticks / 3, 1))) }
        }
        for row in rows.sorted(by: { ($0.stack, $0.span) < ($1.stack, $1.span) }) {
            let trace = row.span == 0 ? .none : trace
            samples.append(row.stack, row.ticks * 10_000_000, row.span, trace)
            counts.append(row.stack, row.ticks, row.span, trace)
        }
        let id = ProfileID(high: random.next(), low: random.next())
        let period: (Text, Text) = ("cpu", "nanoseconds")
        return [
            profile(pod, "process_cpu", ("cpu", "nanoseconds"), period, time, id, samples),
            profile(pod, "process_cpu", ("samples", "count"), period, time, id, counts),
        ]
    }

    private func heap(_ pod: Pod, _ time: Int64, _ random: inout DemoRandom) -> [NewProfile] {
        // A leak grows for two hours, then the pod restarts.
        let age = Double(time / 1_000_000_000 % 7200) / 7200
        let types: [(Text, Text, Double)] = [
            ("alloc_objects", "count", 40), ("alloc_space", "bytes", 40_960), ("inuse_objects", "count", 12),
            ("inuse_space", "bytes", 12_288),
        ]
        let id = ProfileID(high: random.next(), low: random.next())
        let noise = 0.8 + 0.4 * random.fraction()
        return types.map { type, unit, scale in
            var samples = SampleColumns()
            for path in code.heapPaths(of: pod.service) {
                let isInUse = type.hasPrefix("inuse")
                let growth = path.isLeak ? (pod.leaks && isInUse ? 1 + 40 * age : 0.2) : 1
                let value = Int64(Double(path.weight) * scale * growth * noise)
                if value > 0 { samples.append(path.stack, value, 0, .none) }
            }
            return profile(pod, "memory", (type, unit), ("space", "bytes"), time, id, samples)
        }
    }

    private func goroutines(_ pod: Pod, _ time: Int64, _ random: inout DemoRandom) -> [NewProfile] {
        var samples = SampleColumns()
        for path in code.cpuPaths(of: pod.service) {
            let count = Int64(Double(path.weight) / 8 * random.fraction())
            if count > 0 { samples.append(path.stack, count, 0, .none) }
        }
        guard samples.count > 0 else { return [] }
        let id = ProfileID(high: random.next(), low: random.next())
        return [
            profile(pod, "goroutines", ("goroutine", "count"), ("goroutine", "count"), time, id, samples)
        ]
    }

    private func profile(
        _ pod: Pod, _ name: Text, _ type: (Text, Text), _ period: (Text, Text), _ time: Int64, _ id: ProfileID,
        _ samples: SampleColumns
    ) -> NewProfile {
        let profileType = ProfileType(
            name: name, sampleType: type.0, sampleUnit: type.1, periodType: period.0, periodUnit: period.1)
        let series = LabelSet([
            Label(LabelName.name, name), Label(LabelName.type, type.0), Label(LabelName.unit, type.1),
            Label(LabelName.periodType, period.0), Label(LabelName.periodUnit, period.1),
            Label(LabelName.profileType, profileType.id), Label(LabelName.serviceName, pod.service),
            Label(LabelName.privateServiceName, pod.service), Label("pod", pod.name), Label("region", pod.region),
            Label("version", pod.version), Label("pyroscope_spy", "gospy"),
        ])
        return NewProfile(id: id, series: series, time: time, source: code.symbols, samples: samples)
    }
}

extension SampleColumns {
    fileprivate mutating func append(_ stack: UInt32, _ value: Int64, _ span: UInt64, _ trace: TraceID) {
        if stacks.last == stack && (spans.last ?? 0) == span {
            values[values.count - 1] = values[values.count - 1].saturatingAdd(value)
            return
        }
        if span != 0 && spans.isEmpty {
            spans = [UInt64](repeating: 0, count: stacks.count)
            traces = [TraceID](repeating: .none, count: stacks.count)
        }
        stacks.append(stack)
        values.append(value)
        if !spans.isEmpty || span != 0 {
            spans.append(span)
            traces.append(trace)
        }
    }
}

/// A small generator whose every number follows from its seed.
struct DemoRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func fraction() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
}
