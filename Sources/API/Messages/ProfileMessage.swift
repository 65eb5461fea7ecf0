public import Model
public import Wire

/// `google.v1.ValueType`; numbers are indices into the string table.
public struct ValueTypeMessage: Message {
    /// The type.
    public var type: Int64 = 0
    /// The unit.
    public var unit: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "type", &type)
        try codec.field(2, "unit", &unit)
    }
}

/// `google.v1.Label`.
public struct LabelMessage: Message {
    /// The key.
    public var key: Int64 = 0
    /// A text value.
    public var str: Int64 = 0
    /// A number.
    public var num: Int64 = 0
    /// The number's unit.
    public var numUnit: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "key", &key)
        try codec.field(2, "str", &str)
        try codec.field(3, "num", &num)
        try codec.field(4, "num_unit", &numUnit)
    }
}

/// `google.v1.Sample`.
public struct SampleMessage: Message {
    /// The stack, leaf first; samples may share what these are slices of.
    public var locationID: ArraySlice<UInt64> = []
    /// One value for each sample type.
    public var value: ArraySlice<Int64> = []
    /// Labels.
    public var label: [LabelMessage] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "location_id", &locationID)
        try codec.field(2, "value", &value)
        try codec.field(3, "label", &label)
    }
}

/// `google.v1.Mapping`.
public struct MappingMessage: Message {
    /// From 1 on.
    public var id: UInt64 = 0
    /// The first address.
    public var memoryStart: UInt64 = 0
    /// The first address after it.
    public var memoryLimit: UInt64 = 0
    /// The offset in the file.
    public var fileOffset: UInt64 = 0
    /// The file.
    public var filename: Int64 = 0
    /// The build id.
    public var buildID: Int64 = 0
    /// Whether functions are known.
    public var hasFunctions: Bool = false
    /// Whether file names are known.
    public var hasFilenames: Bool = false
    /// Whether lines are known.
    public var hasLineNumbers: Bool = false
    /// Whether inlining is expanded.
    public var hasInlineFrames: Bool = false

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "id", &id)
        try codec.field(2, "memory_start", &memoryStart)
        try codec.field(3, "memory_limit", &memoryLimit)
        try codec.field(4, "file_offset", &fileOffset)
        try codec.field(5, "filename", &filename)
        try codec.field(6, "build_id", &buildID)
        try codec.field(7, "has_functions", &hasFunctions)
        try codec.field(8, "has_filenames", &hasFilenames)
        try codec.field(9, "has_line_numbers", &hasLineNumbers)
        try codec.field(10, "has_inline_frames", &hasInlineFrames)
    }
}

/// `google.v1.Line`.
public struct LineMessage: Message {
    /// The function.
    public var functionID: UInt64 = 0
    /// The line.
    public var line: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "function_id", &functionID)
        try codec.field(2, "line", &line)
    }
}

/// `google.v1.Location`.
public struct ProfileLocationMessage: Message {
    /// From 1 on.
    public var id: UInt64 = 0
    /// The mapping.
    public var mappingID: UInt64 = 0
    /// The address.
    public var address: UInt64 = 0
    /// The lines, innermost first.
    public var line: [LineMessage] = []
    /// Whether places were folded.
    public var isFolded: Bool = false

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "id", &id)
        try codec.field(2, "mapping_id", &mappingID)
        try codec.field(3, "address", &address)
        try codec.field(4, "line", &line)
        try codec.field(5, "is_folded", &isFolded)
    }
}

/// `google.v1.Function`.
public struct FunctionMessage: Message {
    /// From 1 on.
    public var id: UInt64 = 0
    /// The name.
    public var name: Int64 = 0
    /// The name in the binary.
    public var systemName: Int64 = 0
    /// The source file.
    public var filename: Int64 = 0
    /// The first line.
    public var startLine: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "id", &id)
        try codec.field(2, "name", &name)
        try codec.field(3, "system_name", &systemName)
        try codec.field(4, "filename", &filename)
        try codec.field(5, "start_line", &startLine)
    }
}

/// `google.v1.Profile`, the pprof format (github.com/google/pprof, proto/profile.proto).
public struct ProfileMessage: Message {
    /// What is measured.
    public var sampleType: [ValueTypeMessage] = []
    /// The samples.
    public var sample: [SampleMessage] = []
    /// The binaries.
    public var mapping: [MappingMessage] = []
    /// The places.
    public var location: [ProfileLocationMessage] = []
    /// The functions.
    public var function: [FunctionMessage] = []
    /// The texts; the first is empty.
    public var stringTable = TextTable()
    /// Unused.
    public var dropFrames: Int64 = 0
    /// Unused.
    public var keepFrames: Int64 = 0
    /// When, in nanoseconds.
    public var timeNanos: Int64 = 0
    /// How long, in nanoseconds.
    public var durationNanos: Int64 = 0
    /// What the period is counted in.
    public var periodType: ValueTypeMessage?
    /// The period.
    public var period: Int64 = 0
    /// Unused.
    public var comment: [Int64] = []
    /// The type to show first.
    public var defaultSampleType: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "sample_type", &sampleType)
        try codec.field(2, "sample", &sample)
        try codec.field(3, "mapping", &mapping)
        try codec.field(4, "location", &location)
        try codec.field(5, "function", &function)
        try codec.field(6, "string_table", &stringTable)
        try codec.field(7, "drop_frames", &dropFrames)
        try codec.field(8, "keep_frames", &keepFrames)
        try codec.field(9, "time_nanos", &timeNanos)
        try codec.field(10, "duration_nanos", &durationNanos)
        try codec.field(11, "period_type", &periodType)
        try codec.field(12, "period", &period)
        try codec.field(13, "comment", &comment)
        try codec.field(14, "default_sample_type", &defaultSampleType)
    }
}
