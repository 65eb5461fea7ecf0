/// A trace's 16 bytes, as two big-endian halves.
public struct TraceID: Hashable, Sendable {
    /// The first 8 bytes.
    public var high: UInt64
    /// The last 8 bytes.
    public var low: UInt64

    /// Makes an id of its halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// No trace.
    public static let none = TraceID(high: 0, low: 0)
}

/// A profile's UUID, as two big-endian halves; all series split from one pushed profile share it.
public struct ProfileID: Hashable, Sendable {
    /// The first 8 bytes.
    public var high: UInt64
    /// The last 8 bytes.
    public var low: UInt64

    /// Makes an id of its halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// The samples of one sample type, as parallel columns sorted by stack.
///
/// `stacks[i]` was seen with `values[i]`. A stack occurs once for each span and trace that it was seen in. `spans` and
/// `traces` are either empty (no sample has one) or as long as `stacks`, with 0 where a sample has none. A span id is
/// the big-endian number of its 16 hex digits.
public struct SampleColumns: Sendable, Equatable {
    /// Leaf nodes in a ``StackTree``.
    public var stacks: [UInt32]
    /// Values in the unit of the sample type, all greater than 0.
    public var values: [Int64]
    /// Span ids, or empty.
    public var spans: [UInt64]
    /// Trace ids, or empty.
    public var traces: [TraceID]

    /// Makes columns; the caller keeps their lengths equal.
    public init(stacks: [UInt32] = [], values: [Int64] = [], spans: [UInt64] = [], traces: [TraceID] = []) {
        self.stacks = stacks
        self.values = values
        self.spans = spans
        self.traces = traces
    }

    /// The number of samples.
    public var count: Int { stacks.count }

    /// The sum of all values, saturated.
    public var total: Int64 { values.reduce(0) { $0.saturatingAdd($1) } }
}
