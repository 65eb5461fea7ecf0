public import Model
public import Wire

/// `querier.v1.AnalyzeQueryRequest`; field number 1 is unused.
public struct AnalyzeQueryRequest: Message {
    /// The first millisecond.
    public var start: Int64 = 0
    /// The last millisecond.
    public var end: Int64 = 0
    /// A selector.
    public var query: Text = ""

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(2, "start", &start)
        try codec.field(3, "end", &end)
        try codec.field(4, "query", &query)
    }
}

/// `querier.v1.QueryScope`.
public struct QueryScope: Message {
    /// Which part of the store.
    public var componentType: Text = ""
    /// How many of them.
    public var componentCount: UInt64 = 0
    /// Files.
    public var blockCount: UInt64 = 0
    /// Series.
    public var seriesCount: UInt64 = 0
    /// Profiles.
    public var profileCount: UInt64 = 0
    /// Samples.
    public var sampleCount: UInt64 = 0
    /// Bytes of the index.
    public var indexBytes: UInt64 = 0
    /// Bytes of the profiles.
    public var profileBytes: UInt64 = 0
    /// Bytes of the symbols.
    public var symbolBytes: UInt64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "component_type", &componentType)
        try codec.field(2, "component_count", &componentCount)
        try codec.field(3, "block_count", &blockCount)
        try codec.field(4, "series_count", &seriesCount)
        try codec.field(5, "profile_count", &profileCount)
        try codec.field(6, "sample_count", &sampleCount)
        try codec.field(7, "index_bytes", &indexBytes)
        try codec.field(8, "profile_bytes", &profileBytes)
        try codec.field(9, "symbol_bytes", &symbolBytes)
    }
}

/// `querier.v1.QueryImpact`; field number 1 is unused.
public struct QueryImpact: Message {
    /// Bytes that a query reads.
    public var totalBytesInTimeRange: UInt64 = 0
    /// Series that a query reads.
    public var totalQueriedSeries: UInt64 = 0
    /// Whether profiles may be there twice.
    public var deduplicationNeeded: Bool = false

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(2, "total_bytes_in_time_range", &totalBytesInTimeRange)
        try codec.field(3, "total_queried_series", &totalQueriedSeries)
        try codec.field(4, "deduplication_needed", &deduplicationNeeded)
    }
}

/// `querier.v1.AnalyzeQueryResponse`.
public struct AnalyzeQueryResponse: Message {
    /// What a query reads.
    public var queryScopes: [QueryScope] = []
    /// Its sums.
    public var queryImpact: QueryImpact?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "query_scopes", &queryScopes)
        try codec.field(2, "query_impact", &queryImpact)
    }
}
