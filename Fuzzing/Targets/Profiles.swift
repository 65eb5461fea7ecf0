import Formats
import Model
import Wire

extension FuzzTarget {
    /// Binary formats of profiles.
    static let profiles = [
        FuzzTarget(name: "pprof", seeds: Seeds.pprofs, check: checkPprof),
        FuzzTarget(name: "jfr", seeds: Seeds.recordings) { bytes throws(Violation) in
            try checkRecording(bytes, labels: nil)
        },
        FuzzTarget(name: "jfr-labels", seeds: Seeds.labelSnapshots) { bytes throws(Violation) in
            try checkRecording(Seeds.recordingWithContexts, labels: bytes)
        },
        FuzzTarget(name: "otlp", seeds: { Seeds.exportRequests(json: false) }) { bytes throws(Violation) in
            guard let request = try? OTLP.ExportRequest(binary: bytes) else { return }
            try checkEncodings(of: request)
            try checkExport(request, byteCount: bytes.count)
        },
        FuzzTarget(name: "otlp-json", seeds: { Seeds.exportRequests(json: true) }) { bytes throws(Violation) in
            guard let request = try? OTLP.ExportRequest(json: bytes) else { return }
            try checkEncodings(of: request)
            try checkExport(request, byteCount: bytes.count)
        },
    ]

    /// Limits that small inputs reach.
    static let tightLimits = PprofLimits(
        maxBytes: 1 << 20, maxSamples: 8, maxSampleLabels: 2, maxDepth: 3, maxSymbolBytes: 9)
    static let limits = PprofLimits(
        maxBytes: 1 << 20, maxSamples: 16_000, maxSampleLabels: 100, maxDepth: 1000, maxSymbolBytes: 65_535)

    private static func checkPprof(_ bytes: [UInt8]) throws(Violation) {
        guard let raw = try? Pprof.read(bytes, limits: limits) else { return }
        try require(raw.byteCount <= limits.maxBytes, "\(raw.byteCount) bytes passed the limit")
        try checkNormalised(raw, limits, .unknown)
        var old = raw
        old.repairDotnet()
        try checkNormalised(old, tightLimits, .go)
        for keepsAbsolute in [true, false] {
            var script = raw
            guard (try? script.prefixFilenames(keepsAbsolute: keepsAbsolute)) != nil else { continue }
            try checkNormalised(script, limits, .other)
        }
    }

    private static func checkNormalised(
        _ raw: Pprof.Raw, _ limits: PprofLimits, _ language: Pprof.Language
    ) throws(Violation) {
        guard let profile = try? Pprof.normalise(raw, limits: limits, language: language, series: "{}") else { return }
        try profile.check(byteCount: raw.byteCount)
        let samples = profile.groups.flatMap(\.columns).map(\.count).reduce(0, +)
        try require(
            samples <= limits.maxSamples * profile.sampleTypes.count, "\(samples) samples pass the limit of samples")
        for node in 1..<max(profile.symbols.stacks.count, 1) {
            var depth = 0
            var frame = node
            while frame != 0 && depth <= limits.maxDepth {
                frame = Int(profile.symbols.stacks.parents[frame])
                depth += 1
            }
            try require(depth <= limits.maxDepth, "a stack is deeper than \(limits.maxDepth)")
        }
    }

    private static func checkRecording(_ bytes: [UInt8], labels: [UInt8]?) throws(Violation) {
        guard
            let result = try? JFR.decode(bytes, labels: labels, sampleRate: 100, time: 7, limits: limits)
        else { return }
        try require(result.salvage.entries.values.allSatisfy { $0.count > 0 }, "losses that are none")
        for profile in result.profiles {
            // A class and a method make one name, each time that they meet.
            try profile.profile.check(byteCount: 16 * result.byteCount)
        }
    }

    private static func checkExport(_ request: OTLP.ExportRequest, byteCount: Int) throws(Violation) {
        guard let profiles = try? OTLP.convert(request, now: 1_700_000_000_000_000_000, limits: limits).profiles else {
            return
        }
        for profile in profiles {
            try require(profile.labels.contains { $0.name == LabelName.serviceName }, "a profile without a service")
            try checkNormalised(profile.pprof, limits, .other)
        }
    }
}

/// Throws unless a message says the same in both encodings, read and written again.
func checkEncodings<M: Message>(of message: M) throws(Violation) {
    guard let binary = try? message.binary() else { throw Violation(description: "\(M.self) cannot be written") }
    let again = try? M(binary: binary)
    try require(again != nil, "\(M.self) cannot be read again")
    try require((try? again?.binary()) == binary, "\(M.self) is another after reading it again")
    guard let json = try? message.json() else { throw Violation(description: "\(M.self) has no JSON") }
    let fromJSON = try? M(json: json)
    try require(fromJSON != nil, "the JSON of \(M.self) cannot be read: \(String(decoding: json, as: UTF8.self))")
    try require((try? fromJSON?.json()) == json, "\(M.self) has another JSON after a way through JSON")
    // JSON has one NaN, binary doubles many.
    let hasNaN = String(decoding: json, as: UTF8.self).contains("\"NaN\"")
    try require(hasNaN || (try? fromJSON?.binary()) == binary, "\(M.self) is another after a way through JSON")
}
