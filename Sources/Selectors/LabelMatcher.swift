public import Model

/// A condition on one label.
///
/// A series without the label is treated as one whose label is empty.
public struct LabelMatcher: Sendable {
    /// How the value is compared.
    public enum Operation: Sendable, Hashable {
        /// `=`
        case equal
        /// `!=`
        case notEqual
        /// `=~`, anchored at both ends
        case matches
        /// `!~`, anchored at both ends
        case matchesNot

        /// The operator as a selector has it.
        public var sign: Text {
            switch self {
            case .equal: "="
            case .notEqual: "!="
            case .matches: "=~"
            case .matchesNot: "!~"
            }
        }
    }

    /// The label's name.
    public let name: Text
    /// How the value is compared.
    public let operation: Operation
    /// The value or the pattern.
    public let value: Text
    private let regex: LabelRegex?

    /// Makes a matcher that compares for equality.
    public init(_ name: Text, equals value: Text) {
        self.name = name
        operation = .equal
        self.value = value
        regex = nil
    }

    /// Makes a matcher; throws a ``SelectorError`` for a pattern that is no regular expression.
    public init(_ name: Text, _ operation: Operation, _ value: Text) throws(SelectorError) {
        self.name = name
        self.operation = operation
        self.value = value
        switch operation {
        case .equal, .notEqual: regex = nil
        case .matches, .matchesNot: regex = try LabelRegex(value)
        }
    }

    /// Whether a label value fulfils the condition.
    public func matches(_ candidate: Text) -> Bool {
        switch operation {
        case .equal: candidate == value
        case .notEqual: candidate != value
        case .matches: regex?.matches(candidate) ?? false
        case .matchesNot: !(regex?.matches(candidate) ?? true)
        }
    }

    /// Whether a series' labels fulfil the condition.
    public func matches(_ labels: LabelSet) -> Bool { matches(labels[name]) }
}
