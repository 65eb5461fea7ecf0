public import Model

/// The type and unit of a value, such as `cpu` in `nanoseconds`.
public struct ValueType: Hashable, Sendable {
    /// What is counted.
    public var type: Text
    /// In which unit.
    public var unit: Text

    /// Makes a value type.
    public init(type: Text, unit: Text) {
        self.type = type
        self.unit = unit
    }
}

/// Samples that share their promoted labels, for every sample type of a profile.
public struct SampleGroup: Sendable {
    /// String labels of the samples that become labels of the series, sorted by name; span, trace and profile ids are
    /// in the columns instead.
    public var labels: [Label]
    /// One entry for each sample type of the profile; empty columns where the type has no positive value.
    public var columns: [SampleColumns]

    /// Makes a group.
    public init(labels: [Label], columns: [SampleColumns]) {
        self.labels = labels
        self.columns = columns
    }
}

/// What every decoder makes of a client's bytes: one profile, normalised.
public struct DecodedProfile: Sendable {
    /// What the columns of each group measure.
    public var sampleTypes: [ValueType]
    /// What the sampling period is counted in, if the profile says.
    public var periodType: ValueType?
    /// When the profile was taken, in nanoseconds since the Unix epoch; 0 or less if the profile does not say.
    public var time: Int64
    /// What resolves the stacks of all groups.
    public var symbols: SymbolTable
    /// The hashes of the stacks that samples have, where the decoder made them on its way.
    public var stackHashes: StackHashes?
    /// The samples; empty if nothing was left to store.
    public var groups: [SampleGroup]
    /// What was changed or left out on the way.
    public var salvage = SalvageReport()

    /// Makes a profile.
    public init(
        sampleTypes: [ValueType], periodType: ValueType? = nil, time: Int64, symbols: SymbolTable, groups: [SampleGroup]
    ) {
        self.sampleTypes = sampleTypes
        self.periodType = periodType
        self.time = time
        self.symbols = symbols
        self.groups = groups
    }
}
