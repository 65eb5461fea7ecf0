public import Model
public import Wire

// The forms that Profiles Drilldown asks for in JSON. The numbers of their fields are not published yet; only the names are
// what clients rely on.

/// A function with what it spent itself and in all.
public struct FunctionRowMessage: Message {
    /// The name.
    public var name: Text = ""
    /// What it spent itself.
    public var own: Int64 = 0
    /// What it and its callees spent.
    public var total: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "name", &name)
        try codec.field(2, "self", &own)
        try codec.field(3, "total", &total)
    }
}

/// The functions of a selection.
public struct FunctionsMessage: Message {
    /// The functions, largest self first.
    public var functions: [FunctionRowMessage] = []
    /// The sum of everything.
    public var total: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "functions", &functions)
        try codec.field(2, "total", &total)
    }
}

/// A function on both sides of a comparison.
public struct FunctionDiffMessage: Message {
    /// The name.
    public var name: Text = ""
    /// What it spent itself on the left.
    public var leftSelf: Int64 = 0
    /// What it and its callees spent on the left.
    public var leftTotal: Int64 = 0
    /// What it spent itself on the right.
    public var rightSelf: Int64 = 0
    /// What it and its callees spent on the right.
    public var rightTotal: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "name", &name)
        try codec.field(2, "left_self", &leftSelf)
        try codec.field(3, "left_total", &leftTotal)
        try codec.field(4, "right_self", &rightSelf)
        try codec.field(5, "right_total", &rightTotal)
    }
}

/// The functions of both sides of a comparison.
public struct FunctionsDiffMessage: Message {
    /// The functions, largest selfs of both sides first.
    public var functions: [FunctionDiffMessage] = []
    /// The sum of the left side.
    public var leftTotal: Int64 = 0
    /// The sum of the right side.
    public var rightTotal: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "functions", &functions)
        try codec.field(2, "left_total", &leftTotal)
        try codec.field(3, "right_total", &rightTotal)
    }
}

/// A caller or callee of a sandwich.
public struct SandwichNodeMessage: Message {
    /// The name, as an index into the names.
    public var nameIndex: Int64 = 0
    /// The sum at this node.
    public var total: Int64 = 0
    /// What the node spent itself.
    public var own: Int64 = 0
    /// Whether it stands for several that were cut.
    public var truncated: Bool = false
    /// The next nodes, outwards or inwards.
    public var children: [SandwichNodeMessage] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        // A small number that clients read as a number, which `int64` would not be in JSON.
        var index = Int32(clamping: nameIndex)
        try codec.field(1, "name_index", &index)
        nameIndex = Int64(index)
        try codec.field(2, "total", &total)
        try codec.field(3, "self", &own)
        try codec.field(4, "truncated", &truncated)
        try codec.field(5, "children", &children)
    }
}

/// The callers and callees of a function.
public struct SandwichMessage: Message {
    /// The distinct names.
    public var names: [Text] = []
    /// The callers, outwards.
    public var callers: SandwichNodeMessage?
    /// The callees, inwards.
    public var callees: SandwichNodeMessage?
    /// The function's total, each sample counted once.
    public var total: Int64 = 0
    /// What the function spent itself.
    public var own: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "names", &names)
        try codec.field(2, "callers", &callers)
        try codec.field(3, "callees", &callees)
        try codec.field(4, "total", &total)
        try codec.field(5, "self", &own)
    }
}

/// `types.v1.StackFrameFilter`: conditions that some frame, or no frame, of a stack must fulfil.
public struct StackFrameFilterMessage: Message {
    /// Names, all of which must occur.
    public var includeNames: [Text] = []
    /// Names, none of which may occur.
    public var excludeNames: [Text] = []
    /// Patterns, each of which must occur in some name.
    public var includePatterns: [Text] = []
    /// Patterns, none of which may occur in any name.
    public var excludePatterns: [Text] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "include_function_names", &includeNames)
        try codec.field(2, "exclude_function_names", &excludeNames)
        try codec.field(3, "include_function_name_regexes", &includePatterns)
        try codec.field(4, "exclude_function_name_regexes", &excludePatterns)
    }
}
