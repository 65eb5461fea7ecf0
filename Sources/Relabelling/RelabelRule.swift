public import Model
public import Selectors

/// One rule of Prometheus' `relabel_config` (prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config).
public struct RelabelRule: Sendable {
    /// What a rule does with the labels of a series.
    public enum Action: String, Sendable, Hashable, CaseIterable {
        /// Sets the target to the replacement where the source matches.
        case replace
        /// Drops series whose source does not match.
        case keep
        /// Drops series whose source matches.
        case drop
        /// Drops series whose source is not the target's value.
        case keepequal
        /// Drops series whose source is the target's value.
        case dropequal
        /// Sets the target to a hash of the source modulo a number.
        case hashmod
        /// Copies labels whose names match to the names that the replacement gives.
        case labelmap
        /// Removes labels whose names match.
        case labeldrop
        /// Removes labels whose names do not match.
        case labelkeep
        /// Sets the target to the source in lower case.
        case lowercase
        /// Sets the target to the source in upper case.
        case uppercase
    }

    /// What the rule does.
    public var action: Action
    /// The labels whose values, joined, are the source.
    public var sourceLabels: [Text]
    /// What joins the values.
    public var separator: Text
    /// What all of the source, or of a label's name, must match.
    public var regex: GroupRegex
    /// The number that a hash is taken modulo of.
    public var modulus: UInt64
    /// The label that is set or compared.
    public var target: RegexTemplate
    /// What the target is set to.
    public var replacement: RegexTemplate

    /// Applies the rule; returns whether the series is kept.
    func apply(to labels: inout LabelBuilder) throws(RelabelProblem) -> Bool {
        switch action {
        case .keep: return regex.matches(try source(labels))
        case .drop: return !regex.matches(try source(labels))
        case .keepequal: return labels[target.source] == (try source(labels))
        case .dropequal: return labels[target.source] != (try source(labels))
        case .replace: try replace(&labels)
        case .lowercase: try labels.set(target.source, LetterCase.lower(try source(labels)))
        case .uppercase: try labels.set(target.source, LetterCase.upper(try source(labels)))
        case .hashmod:
            // The modulus is not 0, which was checked where the rule was read.
            let hash = MD5.lastEightBytes(of: try source(labels).utf8)
            try labels.set(target.source, Text("\(hash % max(modulus, 1))"))
        case .labelmap:
            for label in labels.labels {
                guard let match = regex.match(label.name) else { continue }
                let name = try expand(replacement, match)
                if Self.isLabelName(name) { try labels.set(name, label.value) }
            }
        case .labeldrop: for label in labels.labels where regex.matches(label.name) { labels.remove(label.name) }
        case .labelkeep: for label in labels.labels where !regex.matches(label.name) { labels.remove(label.name) }
        }
        return true
    }

    private func source(_ labels: LabelBuilder) throws(RelabelProblem) -> Text {
        if sourceLabels.count == 1, let only = sourceLabels.first { return labels[only] }
        var source: [UInt8] = []
        for (index, name) in sourceLabels.enumerated() {
            if index > 0 { source += separator.utf8 }
            source += labels[name].utf8
            guard source.count <= RelabelLimits.bytes else { throw .tooLong }
        }
        return Text(utf8: source)
    }

    private func expand(_ template: RegexTemplate, _ match: GroupRegex.Match) throws(RelabelProblem) -> Text {
        guard let text = match.expand(template, maxBytes: RelabelLimits.bytes) else { throw .tooLong }
        return text
    }

    private func replace(_ labels: inout LabelBuilder) throws(RelabelProblem) {
        guard let match = regex.match(try source(labels)) else { return }
        let name = try expand(target, match)
        guard Self.isLabelName(name) else { return }
        try labels.set(name, try expand(replacement, match))
    }

    /// Whether a text may be the name of a label: any UTF-8, as the names of pushed labels may be.
    static func isLabelName(_ name: Text) -> Bool { !name.isEmpty && name.isValidUTF8 }
}
