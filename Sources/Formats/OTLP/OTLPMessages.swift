public import Model
public import Wire

// `opentelemetry/proto/profiles/v1development` of opentelemetry-proto 1.10 and 1.11. Older generations number their fields
// differently and cannot be told apart.

extension OTLP {
    /// `ExportProfilesServiceRequest`.
    public struct ExportRequest: Message {
        var resources: [ResourceProfiles] = []
        var dictionary: Dictionary?

        /// Makes an empty message.
        public init() {}

        /// Lists the fields.
        public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "resource_profiles", &resources)
            try codec.field(2, "dictionary", &dictionary)
        }
    }

    /// `ExportProfilesServiceResponse`; without a partial success everything was accepted as it came.
    public struct ExportResponse: Message {
        /// What was rejected, or altered.
        public var partialSuccess: PartialSuccess?

        /// Makes an empty message.
        public init() {}

        /// Lists the fields.
        public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "partial_success", &partialSuccess)
        }
    }

    /// `ExportProfilesPartialSuccess`; with nothing rejected, its message is a warning.
    public struct PartialSuccess: Message {
        /// How many profiles were rejected.
        public var rejected: Int64 = 0
        /// Why, and how to do better.
        public var message: Text = .empty

        /// Makes an empty message.
        public init() {}

        /// Makes a message.
        public init(rejected: Int64, message: Text) {
            self.rejected = rejected
            self.message = message
        }

        /// Lists the fields.
        public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "rejected_profiles", &rejected)
            try codec.field(2, "error_message", &message)
        }
    }

    struct Dictionary: Message {
        var mappings: [Mapping] = []
        var locations: [Location] = []
        var functions: [Function] = []
        var links: [Link] = []
        var strings: [Text] = []
        var attributes: [DictionaryAttribute] = []
        var stacks: [Stack] = []

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "mapping_table", &mappings)
            try codec.field(2, "location_table", &locations)
            try codec.field(3, "function_table", &functions)
            try codec.field(4, "link_table", &links)
            try codec.field(5, "string_table", &strings)
            try codec.field(6, "attribute_table", &attributes)
            try codec.field(7, "stack_table", &stacks)
        }
    }

    struct ResourceProfiles: Message {
        var resource: Attributed?
        var scopes: [ScopeProfiles] = []

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "resource", &resource)
            try codec.field(2, "scope_profiles", &scopes)
        }
    }

    /// A resource, of which only the attributes count.
    struct Attributed: Message {
        var attributes: [Attribute] = []

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "attributes", &attributes)
        }
    }

    /// A scope, whose name and version do not become labels.
    struct Scope: Message {
        var attributes: [Attribute] = []

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(3, "attributes", &attributes)
        }
    }

    struct ScopeProfiles: Message {
        var scope: Scope?
        var profiles: [WireProfile] = []

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "scope", &scope)
            try codec.field(2, "profiles", &profiles)
        }
    }

    struct WireProfile: Message {
        var sampleType: WireValueType?
        var samples: [Sample] = []
        var time: UInt64 = 0
        var periodType: WireValueType?
        var period: Int64 = 0
        var id: [UInt8] = []

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "sample_type", &sampleType)
            try codec.field(2, "samples", &samples)
            try codec.fixed(3, "time_unix_nano", &time)
            try codec.field(5, "period_type", &periodType)
            try codec.field(6, "period", &period)
            try codec.field(7, "profile_id", &id)
        }
    }

    struct Sample: Message {
        var stack: Int32 = 0
        var attributes: [Int32] = []
        var link: Int32 = 0
        var values: [Int64] = []
        var timestamps: [UInt64] = []

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "stack_index", &stack)
            try codec.field(2, "attribute_indices", &attributes)
            try codec.field(3, "link_index", &link)
            try codec.field(4, "values", &values)
            try codec.fixed(5, "timestamps_unix_nano", &timestamps)
        }
    }

    struct WireValueType: Message {
        var type: Int32 = 0
        var unit: Int32 = 0

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "type_strindex", &type)
            try codec.field(2, "unit_strindex", &unit)
        }
    }

    struct Mapping: Message {
        var start: UInt64 = 0
        var limit: UInt64 = 0
        var fileOffset: UInt64 = 0
        var filename: Int32 = 0
        var attributes: [Int32] = []

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "memory_start", &start)
            try codec.field(2, "memory_limit", &limit)
            try codec.field(3, "file_offset", &fileOffset)
            try codec.field(4, "filename_strindex", &filename)
            try codec.field(5, "attribute_indices", &attributes)
        }
    }

    struct Stack: Message {
        var locations: [Int32] = []

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "location_indices", &locations)
        }
    }

    struct Location: Message {
        var mapping: Int32 = 0
        var address: UInt64 = 0
        var lines: [Line] = []

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "mapping_index", &mapping)
            try codec.field(2, "address", &address)
            try codec.field(3, "lines", &lines)
        }
    }

    struct Line: Message {
        var function: Int32 = 0
        var line: Int64 = 0

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "function_index", &function)
            try codec.field(2, "line", &line)
        }
    }

    struct Function: Message {
        var name: Int32 = 0
        var systemName: Int32 = 0
        var filename: Int32 = 0
        var startLine: Int64 = 0

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "name_strindex", &name)
            try codec.field(2, "system_name_strindex", &systemName)
            try codec.field(3, "filename_strindex", &filename)
            try codec.field(4, "start_line", &startLine)
        }
    }

    struct Link: Message {
        var trace: [UInt8] = []
        var span: [UInt8] = []

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "trace_id", &trace)
            try codec.field(2, "span_id", &span)
        }
    }

    struct DictionaryAttribute: Message {
        var key: Int32 = 0
        var value: AnyValue?

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "key_strindex", &key)
            try codec.field(2, "value", &value)
        }
    }

    struct Attribute: Message {
        var key: Text = .empty
        var value: AnyValue?
        /// The key's place in the dictionary, where there is no key.
        var keyIndex: Int32 = 0

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "key", &key)
            try codec.field(2, "value", &value)
            try codec.field(3, "key_strindex", &keyIndex)
        }
    }

    /// A value; other kinds than these never become labels.
    struct AnyValue: Message {
        var text: Text?
        var number: Int64?
        var array: ArrayValue?
        /// The text's place in the dictionary, where there is no text.
        var textIndex: Int32 = 0

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "string_value", &text)
            try codec.field(3, "int_value", &number)
            try codec.field(5, "array_value", &array)
            try codec.field(8, "string_value_strindex", &textIndex)
        }

        /// The value of a label: text, a whole number, or an array of one such; nil if it cannot be one.
        var label: Text? {
            if let text { return text.isEmpty ? nil : text }
            if let number { return Text("\(number)") }
            guard let array, array.values.count == 1 else { return nil }
            return array.values[0].array == nil ? array.values[0].label : nil
        }
    }

    struct ArrayValue: Message {
        var values: [AnyValue] = []

        mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
            try codec.field(1, "values", &values)
        }
    }
}
