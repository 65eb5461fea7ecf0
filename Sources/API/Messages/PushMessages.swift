public import Model
public import Wire

/// `push.v1.RawSample`.
public struct RawSample: Message {
    /// A pprof, gzip or not.
    public var rawProfile: [UInt8] = []
    /// The client's id: a UUID is what the profile is known by when it comes again.
    public var id: Text = ""

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "raw_profile", &rawProfile)
        try codec.field(2, "ID", &id)
    }
}

/// `push.v1.RawProfileSeries`.
public struct RawProfileSeries: Message {
    /// The series' labels.
    public var labels: [LabelPair] = []
    /// The profiles.
    public var samples: [RawSample] = []
    /// Notes; not kept.
    public var annotations: [ProfileAnnotation] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "labels", &labels)
        try codec.field(2, "samples", &samples)
        try codec.field(3, "annotations", &annotations)
    }
}

/// `push.v1.PushRequest`.
public struct PushRequest: Message {
    /// The series.
    public var series: [RawProfileSeries] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "series", &series)
    }
}

/// `push.v1.PushResponse`.
public struct PushResponse: Message {

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {}
}
