public import Model
public import Wire

/// `querier.v1.SelectSeriesRequest`.
public struct SelectSeriesRequest: Message {
    /// The profile type.
    public var profileTypeID: Text = ""
    /// The selector.
    public var labelSelector: Text = ""
    /// The first millisecond.
    public var start: Int64 = 0
    /// The last millisecond.
    public var end: Int64 = 0
    /// The labels that lines are told apart by.
    public var groupBy: [Text] = []
    /// Seconds between two points.
    public var step: Double = 0
    /// How profiles become a value.
    public var aggregation: Int32?
    /// A condition on stacks.
    public var stackTraceSelector: StackTraceSelector?
    /// The most lines.
    public var limit: Int64?
    /// Which exemplars to name.
    public var exemplarType: Int32 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "profile_typeID", &profileTypeID)
        try codec.field(2, "label_selector", &labelSelector)
        try codec.field(3, "start", &start)
        try codec.field(4, "end", &end)
        try codec.field(5, "group_by", &groupBy)
        try codec.field(6, "step", &step)
        try codec.field(7, "aggregation", &aggregation, names: TimeSeriesAggregation.names)
        try codec.field(8, "stack_trace_selector", &stackTraceSelector)
        try codec.field(9, "limit", &limit)
        try codec.field(10, "exemplar_type", &exemplarType, names: ExemplarType.names)
    }
}

/// `querier.v1.SelectSeriesResponse`.
public struct SelectSeriesResponse: Message {
    /// The lines.
    public var series: [SeriesMessage] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "series", &series)
    }
}

/// `querier.v1.SelectHeatmapRequest`.
public struct SelectHeatmapRequest: Message {
    /// The profile type.
    public var profileTypeID: Text = ""
    /// The selector.
    public var labelSelector: Text = ""
    /// The first millisecond.
    public var start: Int64 = 0
    /// The last millisecond.
    public var end: Int64 = 0
    /// Seconds between two slots.
    public var step: Double = 0
    /// The labels that groups are told apart by.
    public var groupBy: [Text] = []
    /// What is counted.
    public var queryType: Int32 = 0
    /// Which exemplars to name.
    public var exemplarType: Int32 = 0
    /// The most groups.
    public var limit: Int64?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "profile_typeID", &profileTypeID)
        try codec.field(2, "label_selector", &labelSelector)
        try codec.field(3, "start", &start)
        try codec.field(4, "end", &end)
        try codec.field(5, "step", &step)
        try codec.field(6, "group_by", &groupBy)
        try codec.field(7, "query_type", &queryType, names: HeatmapQueryType.names)
        try codec.field(8, "exemplar_type", &exemplarType, names: ExemplarType.names)
        try codec.field(9, "limit", &limit)
    }
}

/// `querier.v1.SelectHeatmapResponse`.
public struct SelectHeatmapResponse: Message {
    /// The groups.
    public var series: [HeatmapSeriesMessage] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "series", &series)
    }
}
