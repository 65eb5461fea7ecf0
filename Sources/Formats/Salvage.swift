/// Why a profile was kept in another form than it was sent in; a closed list, so that it can be counted and explained.
///
/// The raw value is the name on metrics and on the page of problems.
public enum SalvageReason: String, Sendable, Hashable, CaseIterable {
    /// A label's name was empty or held characters that are not allowed.
    case labelName = "label_name"
    /// A label's name was longer than its limit.
    case labelNameLength = "label_name_length"
    /// A label's value was longer than its limit.
    case labelValueLength = "label_value_length"
    /// A label was no UTF-8.
    case labelNotUTF8 = "label_not_utf8"
    /// A label was given twice.
    case labelTwice = "label_twice"
    /// A series had too many labels.
    case labelCount = "label_count"
    /// The last label of an application's name had no end.
    case labelUnterminated = "label_unterminated"
    /// An application's name held characters that are not allowed.
    case serviceName = "service_name"
    /// A series had no `__name__`.
    case profileName = "profile_name"
    /// The time lay in 1970 or before, which a wrong unit does.
    case time1970 = "time_1970"
    /// The time lay further in the future than is allowed.
    case timeFuture = "time_future"
    /// The time lay before the window of ingestion.
    case timeOld = "time_old"
    /// A profile had more samples than its limit.
    case sampleCount = "sample_count"
    /// The samples of a profile had more sets of labels than its limit of samples can tell apart.
    case seriesCount = "series_count"
    /// A sample had more labels than its limit.
    case sampleLabelCount = "sample_label_count"
    /// A label of a sample had no name.
    case sampleLabelName = "sample_label_name"
    /// A sample had another number of values than the profile has types, or none.
    case sampleValues = "sample_values"
    /// A sample had a negative value.
    case sampleNegative = "sample_negative"
    /// A sample's value was beyond 64 bits.
    case sampleOverflow = "sample_overflow"
    /// A sample referred to something that is not in the profile.
    case sampleReference = "sample_reference"
    /// An id was 0.
    case zeroID = "zero_id"
    /// The first text of the table was not empty.
    case stringTable = "string_table"
    /// The index of a text pointed behind the table.
    case stringIndex = "string_index"
    /// A sample type held a character that no query can hold.
    case sampleTypeName = "sample_type_name"
    /// A text was no UTF-8.
    case textNotUTF8 = "text_not_utf8"
    /// A text was longer than its limit.
    case symbolLength = "symbol_length"
    /// A stack was deeper than its limit.
    case stackDepth = "stack_depth"
    /// A line of a text profile could not be read.
    case line = "line"
    /// The bytes ended early or were damaged in part.
    case cutShort = "cut_short"
    /// One of several profiles of a file broke a rule.
    case partialFile = "partial_file"
    /// Samples had no worth, because of the sample rate.
    case sampleRate = "sample_rate"
    /// The contextual labels of a recording were unreadable.
    case recordingLabels = "recording_labels"

    /// What was done, and what the sender can do about it.
    public var fix: String {
        switch self {
        case .labelName:
            "The name was sanitised, or the label left out. Use letters, digits, _ and . in label names."
        case .labelNameLength: "The name was cut. Shorten it, or raise max-label-name-length."
        case .labelValueLength: "The value was cut. Shorten it, or raise max-label-value-length."
        case .labelNotUTF8: "Wrong bytes became U+FFFD. Send labels as UTF-8."
        case .labelTwice: "One of the values counts: the last of a series, the first of a sample. Send each label once."
        case .labelCount:
            "Labels of samples were left out first, then the series' own from the end of the alphabet. Send fewer labels, or raise max-label-names."
        case .labelUnterminated: "The label was taken as it stood. Close the labels of name with }."
        case .serviceName: "Such characters became _. Use letters, digits and _ . - / in the application's name."
        case .profileName: "The profile was named after its sample types. Send the label __name__."
        case .time1970: "The profile was stored at the time it came. Send the time in nanoseconds since 1970."
        case .timeFuture:
            "The profile was stored at the time it came. Set the sender's clock, or raise reject-newer-than."
        case .timeOld:
            "The profile was stored at the time it came. Send profiles sooner, or raise reject-older-than."
        case .sampleCount:
            "The largest samples were kept and the others added up in frames named other. Profile for a shorter time, or raise max-profile-samples."
        case .seriesCount:
            "The smallest sets were added up without their labels. Give samples labels of few values, or raise max-profile-samples."
        case .sampleLabelCount: "The first labels were kept. Send fewer labels, or raise max-sample-labels."
        case .sampleLabelName: "The label was left out. Name every label of a sample."
        case .sampleValues: "The sample was left out. Send one value for each sample type."
        case .sampleNegative: "The sample was left out. Values must not be negative."
        case .sampleOverflow:
            "The value became the largest of 64 bits. See why counts, or their sum or product with the period, are so large."
        case .sampleReference: "The sample was left out. Send all locations, functions and mappings that samples use."
        case .zeroID: "One thing of id 0 was taken as it is, several were left out. Count ids from 1."
        case .stringTable: "The text was moved. The first text of a pprof must be empty."
        case .stringIndex: "The text was taken as empty, or the label left out. Send the whole table of texts."
        case .sampleTypeName: "Such characters became _. Use neither - nor : in sample types and units."
        case .textNotUTF8: "Wrong bytes became U+FFFD. Send texts as UTF-8."
        case .symbolLength: "The text kept its tail. Raise max-symbol-length if it matters."
        case .stackDepth: "The stack kept its root side. Raise max-stack-depth if the leaf side matters."
        case .line: "The line was left out. Each line is frames joined by ; then a space and a whole number."
        case .cutShort: "What was complete was kept. See why the sender ended early, and whether something cuts bodies."
        case .partialFile: "The other profiles of the file were kept. See the example for what is wrong with this one."
        case .sampleRate: "CPU and wall samples were left out. Send a sampleRate from 1 to 1000000000."
        case .recordingLabels: "The recording was kept without its contextual labels. Update the agent."
        }
    }
}

/// What was changed or left out so that the rest of a profile could be kept.
public struct SalvageReport: Sendable, Hashable {
    /// How often something happened, with the first case of it.
    public struct Entry: Sendable, Hashable {
        /// How often.
        public var count: Int
        /// One case, in few words.
        public var example: String
    }

    /// What happened.
    public private(set) var entries: [SalvageReason: Entry] = [:]

    /// Nothing happened yet.
    public init() {}

    /// Whether nothing happened.
    public var isEmpty: Bool { entries.isEmpty }

    /// How often something happened.
    public subscript(_ reason: SalvageReason) -> Int { entries[reason]?.count ?? 0 }

    /// Counts something; the example is made only for the first case.
    public mutating func note(_ reason: SalvageReason, count: Int = 1, _ example: @autoclosure () -> String) {
        guard count > 0 else { return }
        if entries[reason] != nil {
            entries[reason]?.count += count
        } else {
            entries[reason] = Entry(count: count, example: String(example().prefix(200)))
        }
    }

    /// Adds what another report counted.
    public mutating func add(_ other: SalvageReport) {
        for (reason, entry) in other.entries { note(reason, count: entry.count, entry.example) }
    }
}
