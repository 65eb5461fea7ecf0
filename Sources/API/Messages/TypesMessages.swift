public import Model
public import Wire

/// A label of `types.v1`.
public struct LabelPair: Message {
    /// The label's name.
    public var name: Text = ""
    /// The label's value.
    public var value: Text = ""

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "name", &name)
        // Written even when it is empty: strict readers of JSON break on its absence.
        var present: Text? = value
        try codec.field(2, "value", &present)
        value = present ?? .empty
    }
}

/// A set of labels of `types.v1`.
public struct Labels: Message {
    /// The pairs.
    public var labels: [LabelPair] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "labels", &labels)
    }
}

/// `types.v1.ProfileType`; field number 3 is unused.
public struct ProfileTypeMessage: Message {
    /// The five parts joined by colons.
    public var id: Text = ""
    /// The profile family.
    public var name: Text = ""
    /// The sample type.
    public var sampleType: Text = ""
    /// The sample unit.
    public var sampleUnit: Text = ""
    /// The period type, or empty.
    public var periodType: Text = ""
    /// The period unit, or empty.
    public var periodUnit: Text = ""

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "ID", &id)
        try codec.field(2, "name", &name)
        try codec.field(4, "sample_type", &sampleType)
        try codec.field(5, "sample_unit", &sampleUnit)
        try codec.field(6, "period_type", &periodType)
        try codec.field(7, "period_unit", &periodUnit)
    }
}

/// `types.v1.LabelValuesRequest`.
public struct LabelValuesRequest: Message {
    /// The label.
    public var name: Text = ""
    /// Selectors, all of which must match.
    public var matchers: [Text] = []
    /// The first millisecond.
    public var start: Int64 = 0
    /// The last millisecond.
    public var end: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "name", &name)
        try codec.field(2, "matchers", &matchers)
        try codec.field(3, "start", &start)
        try codec.field(4, "end", &end)
    }
}

/// `types.v1.LabelValuesResponse`.
public struct LabelValuesResponse: Message {
    /// The values.
    public var names: [Text] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "names", &names)
    }
}

/// `types.v1.LabelNamesRequest`.
public struct LabelNamesRequest: Message {
    /// Selectors, all of which must match.
    public var matchers: [Text] = []
    /// The first millisecond.
    public var start: Int64 = 0
    /// The last millisecond.
    public var end: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "matchers", &matchers)
        try codec.field(2, "start", &start)
        try codec.field(3, "end", &end)
    }
}

/// `types.v1.LabelNamesResponse`.
public struct LabelNamesResponse: Message {
    /// The names.
    public var names: [Text] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "names", &names)
    }
}

/// `types.v1.Location`: a frame of a call site.
public struct LocationMessage: Message {
    /// The function.
    public var name: Text = ""

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "name", &name)
    }
}

/// `types.v1.GoPGO`.
public struct GoPGOMessage: Message {
    /// The number of leaf-most locations that stay; 0 for all.
    public var keepLocations: UInt32 = 0
    /// Whether the leaf's line is forgotten.
    public var aggregateCallees: Bool = false

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "keep_locations", &keepLocations)
        try codec.field(2, "aggregate_callees", &aggregateCallees)
    }
}

/// `types.v1.StackTraceSelector`.
public struct StackTraceSelector: Message {
    /// Function names, root first.
    public var callSite: [LocationMessage] = []
    /// How stacks are cut for the Go compiler.
    public var goPgo: GoPGOMessage?
    /// Conditions on the functions of whole stacks.
    public var frameFilter: StackFrameFilterMessage?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "call_site", &callSite)
        try codec.field(2, "go_pgo", &goPgo)
        try codec.field(3, "frame_filter", &frameFilter)
    }
}

/// `types.v1.ProfileAnnotation`.
public struct ProfileAnnotation: Message {
    /// The key.
    public var key: Text = ""
    /// The value.
    public var value: Text = ""

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "key", &key)
        try codec.field(2, "value", &value)
    }
}

/// `types.v1.Exemplar`.
public struct ExemplarMessage: Message {
    /// Milliseconds.
    public var timestamp: Int64 = 0
    /// A UUID.
    public var profileID: Text = ""
    /// 16 hex digits, or empty.
    public var spanID: Text = ""
    /// The total.
    public var value: Int64 = 0
    /// Labels that the answer does not group by.
    public var labels: [LabelPair] = []
    /// 32 hex digits, or empty.
    public var traceID: Text = ""

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "timestamp", &timestamp)
        try codec.field(2, "profile_id", &profileID)
        try codec.field(3, "span_id", &spanID)
        try codec.field(4, "value", &value)
        try codec.field(5, "labels", &labels)
        try codec.field(6, "trace_id", &traceID)
    }
}

/// `types.v1.Point`.
public struct PointMessage: Message {
    /// The value.
    public var value: Double = 0
    /// Milliseconds.
    public var timestamp: Int64 = 0
    /// Notes of the profiles.
    public var annotations: [ProfileAnnotation] = []
    /// Profiles behind the value.
    public var exemplars: [ExemplarMessage] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "value", &value)
        try codec.field(2, "timestamp", &timestamp)
        try codec.field(3, "annotations", &annotations)
        try codec.field(4, "exemplars", &exemplars)
    }
}

/// `types.v1.Series`.
public struct SeriesMessage: Message {
    /// The labels grouped by.
    public var labels: [LabelPair] = []
    /// The points.
    public var points: [PointMessage] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "labels", &labels)
        try codec.field(2, "points", &points)
    }
}

/// `types.v1.HeatmapSlot`.
public struct HeatmapSlotMessage: Message {
    /// Milliseconds.
    public var timestamp: Int64 = 0
    /// The lower bound of each bucket.
    public var yMin: [Double] = []
    /// The count of each bucket.
    public var counts: [Int32] = []
    /// The largest of each bucket.
    public var exemplars: [ExemplarMessage] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "timestamp", &timestamp)
        try codec.field(2, "y_min", &yMin)
        try codec.field(3, "counts", &counts)
        try codec.field(4, "exemplars", &exemplars)
    }
}

/// `types.v1.HeatmapSeries`.
public struct HeatmapSeriesMessage: Message {
    /// The labels grouped by.
    public var labels: [LabelPair] = []
    /// The slots.
    public var slots: [HeatmapSlotMessage] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "labels", &labels)
        try codec.field(2, "slots", &slots)
    }
}

/// `types.v1.GetProfileStatsRequest`.
public struct GetProfileStatsRequest: Message {

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {}
}

/// `types.v1.GetProfileStatsResponse`.
public struct GetProfileStatsResponse: Message {
    /// Whether any profile was stored.
    public var dataIngested: Bool = false
    /// Milliseconds.
    public var oldestProfileTime: Int64 = 0
    /// Milliseconds.
    public var newestProfileTime: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "data_ingested", &dataIngested)
        try codec.field(2, "oldest_profile_time", &oldestProfileTime)
        try codec.field(3, "newest_profile_time", &newestProfileTime)
    }
}
