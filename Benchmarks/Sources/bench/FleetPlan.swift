/// Which pods are profiled when: a plan from which every profile follows.
struct FleetPlan: Sendable {
    struct Pod: Sendable {
        let service: Int
        let name: String
        let version: String
        let node: String
    }

    /// One profile to come.
    struct Slot: Sendable {
        let pod: Int
        let kind: ProfileKind
        let time: Int64
        let ordinal: Int
    }

    static let second: Int64 = 1_000_000_000
    static let hour: Int64 = 3600 * second
    static let day: Int64 = 24 * hour

    let seed: UInt64
    let services: [String]
    let pods: [Pod]
    /// Nanoseconds; the end is not in it.
    let range: Range<Int64>
    let intervals: [(kind: ProfileKind, every: Int64)]
    let samples: ClosedRange<Int>

    init(
        seed: UInt64, services: [String], podsPerService: Int, range: Range<Int64>,
        intervals: [(kind: ProfileKind, every: Int64)], samples: ClosedRange<Int>
    ) {
        self.seed = seed
        self.services = services
        self.range = range
        self.intervals = intervals
        self.samples = samples
        pods = services.indices.flatMap { service in
            (0..<podsPerService).map { replica in
                var random = SeededRandom(seed, UInt64(service), UInt64(replica), 11)
                let hash = String(random.next() & 0xfff_ffff_ffff | 0x100_0000_0000, radix: 36).prefix(8)
                return Pod(
                    service: service, name: "\(services[service])-7d9c8b6f5-\(hash)",
                    version: "1.\(4 + replica % 2).\(service)", node: "node-\((service + replica) % 5)")
            }
        }
    }

    /// The fleet of the targets: CPU each 15 s, heap each minute; 28 800 profiles where nothing is scaled down.
    static func fleet(_ options: Options) -> FleetPlan {
        let names = ["frontend", "checkout", "cart", "search", "catalogue", "payment", "shipping", "ledger"]
        return FleetPlan(
            seed: options.seed, services: Array(names.prefix(options.services)), podsPerService: options.pods,
            range: options.end - Int64(options.minutes) * 60 * second..<options.end,
            intervals: [(.cpu, 15 * second), (.heap, 60 * second)], samples: 250...500)
    }

    /// One pod of one service with a profile a minute, over days.
    static func long(_ options: Options) -> FleetPlan {
        FleetPlan(
            seed: options.seed &+ 1, services: ["archive"], podsPerService: 1,
            range: options.end - Int64(options.days) * day..<options.end, intervals: [(.cpu, 60 * second)],
            samples: 250...500)
    }

    /// Many pods of one service over an hour, 250 samples each.
    static func wide(_ options: Options) -> FleetPlan {
        FleetPlan(
            seed: options.seed &+ 2, services: ["gateway"], podsPerService: options.widePods,
            range: options.end - hour..<options.end, intervals: [(.cpu, 15 * second)], samples: 250...250)
    }

    func code() -> [ServiceCode] {
        services.indices.map { ServiceCode(service: services[$0], seed: SeededRandom(seed, UInt64($0)).first) }
    }

    /// All profiles in the order in which a scraper pushes them.
    func slots() -> [Slot] {
        var slots: [Slot] = []
        for (kind, interval) in intervals {
            for pod in pods.indices {
                // Scrapes of a fleet are spread over the interval.
                let offset = interval / Int64(pods.count) * Int64(pod) + 7_000_000 * Int64(kind.rawValue + 1)
                for (ordinal, time) in stride(from: range.lowerBound, to: range.upperBound, by: Int64.Stride(interval))
                    .enumerated()
                { slots.append(Slot(pod: pod, kind: kind, time: time + offset % interval, ordinal: ordinal)) }
            }
        }
        return slots.sorted { ($0.time, $0.pod, $0.kind.rawValue) < ($1.time, $1.pod, $1.kind.rawValue) }
    }

    /// The profile of a slot; `popularity` is over the service's stacks.
    func draw(_ slot: Slot, popularity: ZipfDistribution, stackCount: Int) -> DrawnProfile {
        var random = SeededRandom(seed, UInt64(slot.pod), UInt64(slot.kind.rawValue), UInt64(slot.ordinal), 13)
        var profile = DrawnProfile(kind: slot.kind, time: slot.time)
        let wanted = min(samples.lowerBound + random.below(samples.count), stackCount)
        var isTaken = [Bool](repeating: false, count: stackCount)
        // A heap is allocated elsewhere than time is spent.
        let shift = slot.kind == .heap ? stackCount / 3 : 0
        while profile.stacks.count < wanted {
            let stack = (popularity.draw(&random) + shift) % stackCount
            guard !isTaken[stack] else { continue }
            isTaken[stack] = true
            profile.stacks.append(stack)
            switch slot.kind {
            case .cpu:
                let count = Int64(1 + random.run(again: 0.7, limit: 40))
                profile.values += [count, count * 10_000_000]
            case .heap:
                let size = Int64(16) << Int64(random.below(10))
                let allocated = Int64(1 + random.below(1 << (4 + random.below(14))))
                let kept = random.below(2) == 0 ? 0 : Int64(1 + random.below(Int(allocated)))
                profile.values += [allocated, allocated * size, kept, kept * size]
            }
        }
        return profile
    }

    /// The labels that a scraper sends for a pod, `__name__` and `service_name` among them.
    func labels(of pod: Pod, _ kind: ProfileKind) -> [(name: String, value: String)] {
        [
            ("__name__", kind.metric), ("service_name", services[pod.service]), ("pod", pod.name),
            ("namespace", "shop"), ("cluster", "eu-west-1"), ("container", services[pod.service]),
            ("version", pod.version), ("node", pod.node), ("job", "shop/\(services[pod.service])"),
            ("instance", "\(pod.name):6060"), ("pyroscope_spy", "gospy"),
        ]
    }
}

extension SeededRandom {
    /// The first number of a copy.
    var first: UInt64 {
        var copy = self
        return copy.next()
    }
}
