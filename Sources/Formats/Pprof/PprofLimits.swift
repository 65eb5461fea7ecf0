/// What a pprof may hold; 0 switches a limit off.
public struct PprofLimits: Sendable, Hashable {
    /// Bytes after inflating (`max-profile-size`).
    public var maxBytes: Int
    /// Samples (`max-profile-samples`).
    public var maxSamples: Int
    /// Labels of one sample (`max-sample-labels`).
    public var maxSampleLabels: Int
    /// Frames of a stack; deeper ones lose their leaf side (`max-stack-depth`).
    public var maxDepth: Int
    /// Bytes of a text; longer ones keep their tail (`max-symbol-length`).
    public var maxSymbolBytes: Int
    /// Whether a profile that breaks a rule is refused as the reference does, rather than kept as far as it can be
    /// (`strict-ingest`).
    public var isStrict = false

    /// Makes limits.
    public init(maxBytes: Int, maxSamples: Int, maxSampleLabels: Int, maxDepth: Int, maxSymbolBytes: Int) {
        self.maxBytes = maxBytes
        self.maxSamples = maxSamples
        self.maxSampleLabels = maxSampleLabels
        self.maxDepth = maxDepth
        self.maxSymbolBytes = maxSymbolBytes
    }

    /// The reference's defaults, and its strictness.
    public static let pyroscope: PprofLimits = {
        var limits = PprofLimits(
            maxBytes: 4 << 20, maxSamples: 16_000, maxSampleLabels: 100, maxDepth: 1000, maxSymbolBytes: 65_535)
        limits.isStrict = true
        return limits
    }()
}
