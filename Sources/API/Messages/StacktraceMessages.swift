public import Model
public import Wire

/// `querier.v1.AsyncQueryRequest`; accepted and ignored.
public struct AsyncQueryRequest: Message {
    /// The query to poll.
    public var requestID: Text = ""
    /// Whether to run in the background.
    public var type: Int32 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "request_id", &requestID)
        try codec.field(2, "type", &type, names: AsyncQueryType.names)
    }
}

/// `querier.v1.SelectMergeStacktracesRequest`.
public struct SelectMergeStacktracesRequest: Message {
    /// The profile type.
    public var profileTypeID: Text = ""
    /// The selector.
    public var labelSelector: Text = ""
    /// The first millisecond.
    public var start: Int64 = 0
    /// The last millisecond.
    public var end: Int64 = 0
    /// The most nodes.
    public var maxNodes: Int64?
    /// The form of the answer.
    public var format: Int32 = 0
    /// A condition on stacks.
    public var stackTraceSelector: StackTraceSelector?
    /// UUIDs, any of which.
    public var profileIDSelector: [Text] = []
    /// Ignored.
    public var `async`: AsyncQueryRequest?
    /// Trace ids, any of which.
    public var traceIDSelector: [Text] = []
    /// Span ids, any of which.
    public var spanSelector: [Text] = []
    /// The function of the sandwich format.
    public var sandwichFunction: Text?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "profile_typeID", &profileTypeID)
        try codec.field(2, "label_selector", &labelSelector)
        try codec.field(3, "start", &start)
        try codec.field(4, "end", &end)
        try codec.field(5, "max_nodes", &maxNodes)
        try codec.field(6, "format", &format, names: ProfileFormat.names)
        try codec.field(7, "stack_trace_selector", &stackTraceSelector)
        try codec.field(8, "profile_id_selector", &profileIDSelector)
        try codec.field(9, "async", &`async`)
        try codec.field(10, "trace_id_selector", &traceIDSelector)
        try codec.field(11, "span_selector", &spanSelector)
        try codec.field(12, "sandwich_function", &sandwichFunction)
    }
}

/// `querier.v1.Level`.
public struct Level: Message {
    /// The numbers of the boxes; levels may share what they are slices of.
    public var values: ArraySlice<Int64> = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "values", &values)
    }

    /// About how many bytes the numbers take.
    public var usualByteCount: Int { Self.usualByteCount(ofPacked: values.count) }
}

extension [Level] {
    /// About how many bytes flame graphs of these levels take.
    fileprivate func usualByteCount(_ names: TextTable) -> Int {
        reduce(names.bytes.count + 4 * names.count) { $0 + $1.usualByteCount + 4 }
    }
}

/// `querier.v1.FlameGraph`.
public struct FlameGraphMessage: Message {
    /// The distinct names.
    public var names = TextTable()
    /// The boxes, level by level.
    public var levels: [Level] = []
    /// The sum of everything.
    public var total: Int64 = 0
    /// The largest self.
    public var maxSelf: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "names", &names)
        try codec.field(2, "levels", &levels)
        try codec.field(3, "total", &total)
        try codec.field(4, "max_self", &maxSelf)
    }

    /// About how many bytes the names and boxes take.
    public var usualByteCount: Int { levels.usualByteCount(names) }
}

/// `querier.v1.FlameGraphDiff`.
public struct FlameGraphDiffMessage: Message {
    /// The distinct names.
    public var names = TextTable()
    /// The boxes, level by level.
    public var levels: [Level] = []
    /// The sum of both sides.
    public var total: Int64 = 0
    /// The largest self.
    public var maxSelf: Int64 = 0
    /// The sum of the left side.
    public var leftTicks: Int64 = 0
    /// The sum of the right side.
    public var rightTicks: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "names", &names)
        try codec.field(2, "levels", &levels)
        try codec.field(3, "total", &total)
        try codec.field(4, "max_self", &maxSelf)
        try codec.field(5, "leftTicks", &leftTicks)
        try codec.field(6, "rightTicks", &rightTicks)
    }

    /// About how many bytes the names and boxes take.
    public var usualByteCount: Int { levels.usualByteCount(names) }
}

/// `querier.v1.PprofProfile`.
public struct PprofProfile: Message {
    /// The profile.
    public var profile: ProfileMessage?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "profile", &profile)
    }
}

/// `querier.v1.SelectMergeStacktracesResponse`.
public struct SelectMergeStacktracesResponse: Message {
    /// For the flame graph format.
    public var flamegraph: FlameGraphMessage?
    /// For the tree format.
    public var tree: [UInt8] = []
    /// For the DOT format.
    public var dot: Text = ""
    /// For the pprof format.
    public var pprof: PprofProfile?
    /// For the functions format.
    public var functions: FunctionsMessage?
    /// For the sandwich format.
    public var sandwich: SandwichMessage?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "flamegraph", &flamegraph)
        try codec.field(2, "tree", &tree)
        try codec.field(3, "dot", &dot)
        try codec.field(5, "pprof", &pprof)
        try codec.field(6, "functions", &functions)
        try codec.field(7, "sandwich", &sandwich)
    }
}

/// `querier.v1.SelectMergeSpanProfileRequest`.
public struct SelectMergeSpanProfileRequest: Message {
    /// The profile type.
    public var profileTypeID: Text = ""
    /// The selector.
    public var labelSelector: Text = ""
    /// Span ids, any of which.
    public var spanSelector: [Text] = []
    /// The first millisecond.
    public var start: Int64 = 0
    /// The last millisecond.
    public var end: Int64 = 0
    /// The most nodes.
    public var maxNodes: Int64?
    /// The form of the answer.
    public var format: Int32 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "profile_typeID", &profileTypeID)
        try codec.field(2, "label_selector", &labelSelector)
        try codec.field(3, "span_selector", &spanSelector)
        try codec.field(4, "start", &start)
        try codec.field(5, "end", &end)
        try codec.field(6, "max_nodes", &maxNodes)
        try codec.field(7, "format", &format, names: ProfileFormat.names)
    }
}

/// `querier.v1.SelectMergeSpanProfileResponse`.
public struct SelectMergeSpanProfileResponse: Message {
    /// For the flame graph format.
    public var flamegraph: FlameGraphMessage?
    /// For the tree format.
    public var tree: [UInt8] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "flamegraph", &flamegraph)
        try codec.field(2, "tree", &tree)
    }
}

/// `querier.v1.DiffRequest`.
public struct DiffRequest: Message {
    /// The left side.
    public var left: SelectMergeStacktracesRequest?
    /// The right side.
    public var right: SelectMergeStacktracesRequest?
    /// The form of the answer.
    public var format: Int32 = 0
    /// The most functions of the functions format.
    public var maxNodes: Int64?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "left", &left)
        try codec.field(2, "right", &right)
        try codec.field(3, "format", &format, names: ProfileFormat.names)
        try codec.field(4, "max_nodes", &maxNodes)
    }
}

/// `querier.v1.DiffResponse`.
public struct DiffResponse: Message {
    /// Both sides laid over each other.
    public var flamegraph: FlameGraphDiffMessage?
    /// For the functions format.
    public var functions: FunctionsDiffMessage?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "flamegraph", &flamegraph)
        try codec.field(2, "functions", &functions)
    }
}

/// `querier.v1.SelectMergeProfileRequest`.
public struct SelectMergeProfileRequest: Message {
    /// The profile type.
    public var profileTypeID: Text = ""
    /// The selector.
    public var labelSelector: Text = ""
    /// The first millisecond.
    public var start: Int64 = 0
    /// The last millisecond.
    public var end: Int64 = 0
    /// The most nodes.
    public var maxNodes: Int64?
    /// A condition on stacks.
    public var stackTraceSelector: StackTraceSelector?
    /// UUIDs, any of which.
    public var profileIDSelector: [Text] = []
    /// Trace ids, any of which.
    public var traceIDSelector: [Text] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "profile_typeID", &profileTypeID)
        try codec.field(2, "label_selector", &labelSelector)
        try codec.field(3, "start", &start)
        try codec.field(4, "end", &end)
        try codec.field(5, "max_nodes", &maxNodes)
        try codec.field(6, "stack_trace_selector", &stackTraceSelector)
        try codec.field(7, "profile_id_selector", &profileIDSelector)
        try codec.field(8, "trace_id_selector", &traceIDSelector)
    }
}
