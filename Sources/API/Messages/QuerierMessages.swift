public import Model
public import Wire

/// `querier.v1.ProfileTypesRequest`.
public struct ProfileTypesRequest: Message {
    /// The first millisecond.
    public var start: Int64 = 0
    /// The last millisecond.
    public var end: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "start", &start)
        try codec.field(2, "end", &end)
    }
}

/// `querier.v1.ProfileTypesResponse`.
public struct ProfileTypesResponse: Message {
    /// The types.
    public var profileTypes: [ProfileTypeMessage] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "profile_types", &profileTypes)
    }
}

/// `querier.v1.SeriesRequest`.
public struct SeriesRequest: Message {
    /// Selectors, all of which must match.
    public var matchers: [Text] = []
    /// The labels to project on; none for all.
    public var labelNames: [Text] = []
    /// The first millisecond.
    public var start: Int64 = 0
    /// The last millisecond.
    public var end: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "matchers", &matchers)
        try codec.field(2, "label_names", &labelNames)
        try codec.field(3, "start", &start)
        try codec.field(4, "end", &end)
    }
}

/// `querier.v1.SeriesResponse`; its only field has number 2.
public struct SeriesResponse: Message {
    /// The distinct label sets.
    public var labelsSet: [Labels] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(2, "labels_set", &labelsSet)
    }
}
