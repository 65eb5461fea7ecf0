/// What the labels of one series may grow to while rules change them.
///
/// A rule that writes `$1$1` doubles a label, and one that maps all labels to other names doubles their number, so that a short list
/// of rules could fill any memory before the limits of stored labels are looked at.
public enum RelabelLimits {
    /// Labels of a series at any time.
    public static let labels = 1000
    /// Bytes of their names and values, and of each source and replacement.
    public static let bytes = 1 << 20
}

/// What made labels too large.
enum RelabelProblem: Error {
    case tooMany
    case tooLong
}

/// A rule made more of a series' labels than ``RelabelLimits`` allows.
public struct RelabelError: Error, CustomStringConvertible {
    /// The number of the rule in the order of its tenant's rules, from 1; 0 if the labels were too large before.
    public let rule: Int
    /// What the rule does.
    public let action: RelabelRule.Action?
    let problem: RelabelProblem

    /// One line, with the rule and the limit.
    public var description: String {
        let limit =
            switch problem {
            case .tooMany: "more than \(RelabelLimits.labels) labels"
            case .tooLong: "labels of more than \(RelabelLimits.bytes) bytes"
            }
        guard let action else { return "relabelling takes no \(limit)" }
        return "relabelling rule \(rule) (\(action)) makes \(limit)"
    }
}
