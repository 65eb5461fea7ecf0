public import Model
public import Wire

/// `settings.v1.StacktraceFilter`.
public struct RecordingRuleStackFilter: Message {
    /// The function that stacks must contain.
    public var functionName: RecordingRuleFunction?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "function_name", &functionName)
    }
}

/// `settings.v1.StacktraceFilterFunctionName`.
public struct RecordingRuleFunction: Message {
    /// The function.
    public var functionName: Text = ""
    /// What is summed; 0 is the function's total.
    public var metricType: Int32 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "function_name", &functionName)
        try codec.field(2, "metric_type", &metricType, names: [(0, "TOTAL")])
    }
}

/// `settings.v1.RecordingRule`.
public struct RecordingRule: Message {
    /// Ten letters.
    public var id: Text = ""
    /// The metric that is written.
    public var metricName: Text = ""
    /// The profile type that the matchers name.
    public var profileType: Text = ""
    /// Selectors, all of which must match.
    public var matchers: [Text] = []
    /// The labels that lines are told apart by.
    public var groupBy: [Text] = []
    /// Labels that every line gets.
    public var externalLabels: [LabelPair] = []
    /// Counts changes.
    public var generation: Int64 = 0
    /// A condition on stacks.
    public var stacktraceFilter: RecordingRuleStackFilter?
    /// Whether the operator's file defines it.
    public var provisioned: Bool = false

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "id", &id)
        try codec.field(2, "metric_name", &metricName)
        try codec.field(3, "profile_type", &profileType)
        try codec.field(4, "matchers", &matchers)
        try codec.field(5, "group_by", &groupBy)
        try codec.field(6, "external_labels", &externalLabels)
        try codec.field(7, "generation", &generation)
        try codec.field(8, "stacktrace_filter", &stacktraceFilter)
        try codec.field(9, "provisioned", &provisioned)
    }
}

/// `settings.v1.UpsertRecordingRuleRequest`.
public struct UpsertRecordingRuleRequest: Message {
    /// The rule to replace; empty for a new one.
    public var id: Text = ""
    /// The metric that is written.
    public var metricName: Text = ""
    /// Selectors, all of which must match.
    public var matchers: [Text] = []
    /// The labels that lines are told apart by.
    public var groupBy: [Text] = []
    /// Labels that every line gets.
    public var externalLabels: [LabelPair] = []
    /// The generation that is replaced.
    public var generation: Int64 = 0
    /// A condition on stacks.
    public var stacktraceFilter: RecordingRuleStackFilter?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "id", &id)
        try codec.field(2, "metric_name", &metricName)
        try codec.field(3, "matchers", &matchers)
        try codec.field(4, "group_by", &groupBy)
        try codec.field(5, "external_labels", &externalLabels)
        try codec.field(6, "generation", &generation)
        try codec.field(7, "stacktrace_filter", &stacktraceFilter)
    }
}

/// The request of `GetRecordingRule` and `DeleteRecordingRule`.
public struct RecordingRuleIDRequest: Message {
    /// The rule.
    public var id: Text = ""

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "id", &id)
    }
}

/// The request of `ListRecordingRules` and the answer of `DeleteRecordingRule`.
public struct EmptyMessage: Message {
    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {}
}

/// The answer of `GetRecordingRule` and `UpsertRecordingRule`.
public struct RecordingRuleResponse: Message {
    /// The rule.
    public var rule: RecordingRule?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "rule", &rule)
    }
}

/// `settings.v1.ListRecordingRulesResponse`.
public struct ListRecordingRulesResponse: Message {
    /// Sorted by id.
    public var rules: [RecordingRule] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "rules", &rules)
    }
}
