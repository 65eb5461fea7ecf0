public import Formats

/// What may be pushed; 0 switches a limit off.
public struct IngestLimits: Sendable, Hashable {
    /// Bounds of one profile.
    public var pprof: PprofLimits
    /// Bytes of all profiles of one request, after inflating (`max-request-size`).
    public var maxRequestBytes: Int
    /// Labels of a series (`max-label-names`).
    public var maxLabels: Int
    /// Bytes of a label's name (`max-label-name-length`).
    public var maxLabelNameBytes: Int
    /// Bytes of a label's value (`max-label-value-length`).
    public var maxLabelValueBytes: Int
    /// How old a profile may be, in milliseconds (`reject-older-than`).
    public var rejectOlderThan: Int64
    /// How far in the future a profile may be, in milliseconds (`reject-newer-than`).
    public var rejectNewerThan: Int64

    /// Bytes that a tenant may push in a second, after inflating (`max-ingest-rate`).
    public var maxRate = 0
    /// Bytes that a tenant may push at once beyond its rate; at least one profile (`max-ingest-burst`).
    public var maxBurst = 0
    /// Series of a tenant that may have profiles within an hour (`max-series`).
    public var maxSeries = 0

    /// Makes limits.
    public init(
        pprof: PprofLimits, maxRequestBytes: Int, maxLabels: Int, maxLabelNameBytes: Int, maxLabelValueBytes: Int,
        rejectOlderThan: Int64, rejectNewerThan: Int64
    ) {
        self.pprof = pprof
        self.maxRequestBytes = maxRequestBytes
        self.maxLabels = maxLabels
        self.maxLabelNameBytes = maxLabelNameBytes
        self.maxLabelValueBytes = maxLabelValueBytes
        self.rejectOlderThan = rejectOlderThan
        self.rejectNewerThan = rejectNewerThan
    }

    /// The reference's defaults, and its strictness.
    public static let pyroscope: IngestLimits = {
        var limits = IngestLimits(
            pprof: .pyroscope, maxRequestBytes: 256 << 20, maxLabels: 30, maxLabelNameBytes: 1024,
            maxLabelValueBytes: 2048, rejectOlderThan: 3_600_000, rejectNewerThan: 600_000)
        limits.maxRate = 4_000_000
        limits.maxBurst = 2_000_000
        return limits
    }()

    /// Our own defaults: late profiles are welcome, a large heap profile fits, and what breaks a rule is kept as far as it can be.
    public static let hearth: IngestLimits = {
        var limits = IngestLimits.pyroscope
        limits.pprof.isStrict = false
        limits.pprof.maxBytes = 16 << 20
        limits.rejectOlderThan = 0
        limits.maxRate = 0
        limits.maxBurst = 0
        limits.maxSeries = 100_000
        return limits
    }()

    /// Why a profile may not be stored at its time, both in nanoseconds; nil if it may.
    func problem(ofTime time: Int64, now: Int64) -> (reason: SalvageReason, message: String)? {
        let milliseconds = time / 1_000_000
        let nowMilliseconds = now / 1_000_000
        let oldest = rejectOlderThan > 0 ? nowMilliseconds - rejectOlderThan : .min
        let newest = rejectNewerThan > 0 ? nowMilliseconds + rejectNewerThan : .max
        let reason: SalvageReason
        if !pprof.isStrict && time < Self.year1971 {
            reason = .time1970
        } else if milliseconds <= oldest {
            reason = .timeOld
        } else if milliseconds >= newest {
            reason = .timeFuture
        } else {
            return nil
        }
        return (
            reason,
            "profile timestamp: \(milliseconds) ms, reject-older-than: \(rejectOlderThan) ms, reject-newer-than: "
                + "\(rejectNewerThan) ms, now: \(nowMilliseconds) ms"
        )
    }

    /// Micro- and milliseconds since 1970, taken for nanoseconds, all lie before.
    static let year1971: Int64 = 31_536_000_000_000_000
}
