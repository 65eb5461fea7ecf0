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

    /// The reference's defaults.
    public static let pyroscope = IngestLimits(
        pprof: .pyroscope, maxRequestBytes: 256 << 20, maxLabels: 30, maxLabelNameBytes: 1024, maxLabelValueBytes: 2048,
        rejectOlderThan: 3_600_000, rejectNewerThan: 600_000)

    /// Our own defaults: late profiles are welcome, and a large heap profile fits.
    public static let hearth: IngestLimits = {
        var limits = IngestLimits.pyroscope
        limits.pprof.maxBytes = 16 << 20
        limits.rejectOlderThan = 0
        return limits
    }()
}
