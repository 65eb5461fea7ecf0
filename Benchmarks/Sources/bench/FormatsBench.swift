import Formats
import Glibc
import Model
import Wire

/// How fast each format is decoded and normalised, on one core; the same profile in each.
struct FormatsBench {
    let options: Options

    func run(_ limits: PhysicalLimits, _ report: inout Report) {
        let plan = FleetPlan.fleet(options)
        let code = plan.code()[0]
        let popularity = ZipfDistribution(count: code.stacks.count, exponent: 1)
        let slot = FleetPlan.Slot(pod: 0, kind: .cpu, time: plan.range.lowerBound, ordinal: 0)
        let profile = plan.draw(slot, popularity: popularity, stackCount: code.stacks.count)
        let samples = FormatSamples(profile, of: code)
        report.begin("Decoding on one core, from bytes to a normalised profile; the same profile in each format")
        do {
            let total = profile.total(0)
            let pprof = samples.pprof
            let packed = gzip(pprof)
            try measure(
                "pprof in gzip, of its plain bytes", packed, counting: pprof.count, total * 10_000_000, limits, &report
            ) { try Self.pprof($0) }
            try measure("pprof", pprof, total * 10_000_000, limits, &report) { try Self.pprof($0) }
            try measure("JFR", samples.jfr, total * 10_000_000, limits, &report) { bytes in
                try JFR.decode(bytes, labels: nil, sampleRate: 100, time: 1, limits: Self.limits).profiles.map(
                    \.profile)
            }
            let otlp = samples.otlp
            try measure("OTLP, protobuf", otlp, total * 10_000_000, limits, &report) {
                try Self.otlp(OTLP.ExportRequest(binary: $0))
            }
            try measure("OTLP, JSON", try OTLP.ExportRequest(binary: otlp).json(), total * 10_000_000, limits, &report)
            {
                try Self.otlp(OTLP.ExportRequest(json: $0))
            }
            let texts: [(String, TextProfile.Format, [UInt8])] = [
                ("groups (collapsed)", .groups, samples.groups), ("lines", .lines, samples.lines),
                ("trie", .trie, samples.trie), ("tree", .tree, samples.tree),
            ]
            for (name, format, bytes) in texts {
                try measure(name, bytes, total, limits, &report) { bytes in
                    [
                        try TextProfile.decode(
                            bytes, as: format, type: ValueType(type: "samples", unit: "count"), periodType: nil,
                            scale: 1, time: 1, limits: Self.limits)
                    ]
                }
            }
            try measure("speedscope", samples.speedscope, total * 100, limits, &report) { bytes in
                try Speedscope.decode(bytes).map {
                    try $0.decoded(
                        type: ValueType(type: "samples", unit: "count"), periodType: nil, scale: 1, time: 1)
                }
            }
        } catch {
            fatal("formats: \(error)")
        }
    }

    private static let limits = PprofLimits(
        maxBytes: 64 << 20, maxSamples: 0, maxSampleLabels: 0, maxDepth: 0, maxSymbolBytes: 0)

    private static func pprof(_ bytes: [UInt8]) throws -> [DecodedProfile] {
        let raw = try Pprof.read(bytes, limits: limits)
        return [try Pprof.normalise(raw, limits: limits, language: .go, series: "bench")]
    }

    private static func otlp(_ request: OTLP.ExportRequest) throws -> [DecodedProfile] {
        try OTLP.convert(request, now: 1).map {
            try Pprof.normalise($0.pprof, limits: limits, language: .unknown, series: "bench")
        }
    }

    private func measure(
        _ name: String, _ bytes: [UInt8], counting counted: Int? = nil, _ total: Int64, _ limits: PhysicalLimits,
        _ report: inout Report,
        _ decode: ([UInt8]) throws -> [DecodedProfile]
    ) throws {
        // A format that was written wrongly would be fast.
        let sums = try decode(bytes).flatMap { profile in
            profile.groups.flatMap { $0.columns.map(\.total) }
        }
        guard sums.contains(total) else { fatal("\(name): the total is \(sums), not \(total)") }
        var rounds = 0
        let start = Clock.thread
        while Clock.thread - start < 0.4 {
            _ = try decode(bytes)
            rounds += 1
        }
        let seconds = (Clock.thread - start) / Double(rounds)
        let size = Double(counted ?? bytes.count)
        let rate = size / seconds
        report.add(
            Report.Row(
                what: name,
                measured:
                    "\(Format.short(rate / 1e6)) MB/s (\(Format.short(size / 1000)) kB in \(Format.milliseconds(seconds)))",
                limit: "memcpy: \(Format.rate(limits.memcpy))", ratio: "1/\(Format.number(limits.memcpy / rate, 0))"))
    }
}
