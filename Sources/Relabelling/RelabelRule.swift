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
    func apply(to labels: inout LabelBuilder) -> Bool {
        switch action {
        case .keep: return regex.matches(source(labels))
        case .drop: return !regex.matches(source(labels))
        case .keepequal: return labels[target.source] == source(labels)
        case .dropequal: return labels[target.source] != source(labels)
        case .replace: replace(&labels)
        case .lowercase: labels.set(target.source, LetterCase.lower(source(labels)))
        case .uppercase: labels.set(target.source, LetterCase.upper(source(labels)))
        case .hashmod:
            // The modulus is not 0, which was checked where the rule was read.
            labels.set(target.source, Text("\(MD5.lastEightBytes(of: source(labels).utf8) % max(modulus, 1))"))
        case .labelmap:
            for label in labels.labels {
                guard let name = regex.match(label.name)?.expand(replacement), Self.isLabelName(name) else { continue }
                labels.set(name, label.value)
            }
        case .labeldrop: for label in labels.labels where regex.matches(label.name) { labels.remove(label.name) }
        case .labelkeep: for label in labels.labels where !regex.matches(label.name) { labels.remove(label.name) }
        }
        return true
    }

    private func source(_ labels: LabelBuilder) -> Text {
        Text(utf8: sourceLabels.map { labels[$0].utf8 }.joined(separator: separator.utf8))
    }

    private func replace(_ labels: inout LabelBuilder) {
        guard let match = regex.match(source(labels)) else { return }
        let name = match.expand(target)
        guard Self.isLabelName(name) else { return }
        labels.set(name, match.expand(replacement))
    }

    /// Whether a text may be the name of a label: any UTF-8, as the names of pushed labels may be.
    static func isLabelName(_ name: Text) -> Bool { !name.isEmpty && name.isValidUTF8 }
}
