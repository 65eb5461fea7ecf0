import Formats
import Model

/// Makes the labels of stored series out of what was pushed with a profile.
struct SeriesLabels {
    /// The labels as pushed, without empty ones, `service_name` among them.
    let pushed: [Label]
    /// What was changed in them.
    var salvage = SalvageReport()

    /// Takes pushed labels; a name that comes twice with different fates is judged by ``validated(_:limits:)``.
    ///
    /// As in the reference, a name that occurs twice, once with an empty value, is dropped wholly, an empty `service_name` with the one
    /// that takes its place, and a session id does not survive.
    init(_ labels: [Label]) {
        let emptied = Set(labels.filter(\.value.isEmpty).map(\.name))
        var kept = labels.filter { !emptied.contains($0.name) && $0.name != LabelName.sessionID }
        if !labels.contains(where: { $0.name == LabelName.serviceName }) {
            kept.append(Label(LabelName.serviceName, "unknown_service"))
        }
        pushed = Self.relabelled(kept).sorted()
    }

    /// The reference's default rules: delta profiles lose their prefix, and a wall profile of CPU time is a CPU profile.
    private static func relabelled(_ labels: [Label]) -> [Label] {
        guard let name = labels.first(where: { $0.name == LabelName.name })?.value else { return labels }
        let prefix: Text = "godeltaprof_"
        var replacement: Text?
        if name.hasPrefix(prefix) {
            replacement = Text(utf8: Array(name.utf8.dropFirst(prefix.utf8.count)))
        } else if name == "wall", labels.contains(Label(LabelName.type, "cpu")) {
            replacement = "process_cpu"
        }
        guard let replacement else { return labels }
        return labels.filter { $0.name != LabelName.name } + [
            Label(LabelName.name, replacement), Label("__name_replaced__", name),
        ]
    }

    /// The labels as messages show them: `{a="b", c="d"}`.
    var description: String { Self.describe(pushed) }

    private static func describe(_ labels: [Label]) -> String {
        "{" + labels.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ", ") + "}"
    }

    /// The labels with those that samples were split by; a pushed label wins.
    func merged(with promoted: [Label]) -> [Label] {
        guard !promoted.isEmpty else { return pushed }
        let known = Set(pushed.map(\.name))
        var first: [Text: Text] = [:]
        for label in promoted where !known.contains(label.name) && !label.value.isEmpty {
            first[label.name] = first[label.name] ?? label.value
        }
        return (pushed + first.map { Label($0.key, $0.value) }).sorted()
    }

    /// Checks the labels of one series; the message names the label and the limit.
    static func validate(_ labels: [Label], limits: IngestLimits) throws(FormatError) {
        var description: String { describe(labels) }
        func invalid(_ message: String) -> FormatError { FormatError(.invalid, message) }
        guard !labels.isEmpty else { throw invalid("error at least one label pair is required per profile") }
        guard limits.maxLabels <= 0 || labels.count <= limits.maxLabels else {
            throw invalid(
                "profile series '\(description)' has \(labels.count) label names; limit \(limits.maxLabels) (max-label-names)"
            )
        }
        guard let name = labels.first(where: { $0.name == LabelName.name })?.value, !name.isEmpty, name.isValidUTF8
        else {
            throw invalid("invalid labels '\(description)' with error: invalid metric name")
        }
        // Only relabelling can take it away.
        guard labels.contains(where: { $0.name == LabelName.serviceName && !$0.value.isEmpty }) else {
            throw invalid("invalid labels '\(description)' with error: service name is not provided")
        }
        var previous: Text?
        for label in labels {
            guard limits.maxLabelNameBytes <= 0 || label.name.utf8.count <= limits.maxLabelNameBytes else {
                throw invalid(
                    "profile with labels '\(description)' has label name too long: '\(label.name)' (max-label-name-length)"
                )
            }
            guard limits.maxLabelValueBytes <= 0 || label.value.utf8.count <= limits.maxLabelValueBytes else {
                throw invalid(
                    "profile with labels '\(description)' has label value too long: '\(label.value)' (max-label-value-length)"
                )
            }
            guard !label.name.isEmpty, label.name.isValidUTF8 else {
                throw invalid("invalid labels '\(description)' with error: invalid label name '\(label.name)'")
            }
            guard label.value.isValidUTF8 else {
                throw invalid("invalid labels '\(description)' with error: invalid label value '\(label.value)'")
            }
            guard label.name != previous else {
                throw invalid("profile with labels '\(description)' has duplicate label name: '\(label.name)'")
            }
            previous = label.name
        }
    }

    /// Labels that are set by the profile itself, or never stored.
    private static let overwritten: Set<Text> = [
        LabelName.type, LabelName.unit, LabelName.profileType, LabelName.periodType, LabelName.periodUnit,
        LabelName.privateServiceName, LabelName.delta, LabelName.order,
    ]

    /// The labels of the series that one sample type is stored under.
    static func stored(_ labels: [Label], type: ValueType, periodType: ValueType?) -> LabelSet {
        let name = labels.first { $0.name == LabelName.name }?.value ?? .empty
        let service = labels.first { $0.name == LabelName.serviceName }?.value ?? .empty
        let profileType = ProfileType(
            name: name, sampleType: type.type, sampleUnit: type.unit, periodType: periodType?.type ?? .empty,
            periodUnit: periodType?.unit ?? .empty)
        return LabelSet(
            labels.filter { !overwritten.contains($0.name) } + [
                Label(LabelName.type, type.type), Label(LabelName.unit, type.unit),
                Label(LabelName.profileType, profileType.id), Label(LabelName.privateServiceName, service),
                Label(LabelName.periodType, periodType?.type ?? .empty),
                Label(LabelName.periodUnit, periodType?.unit ?? .empty),
            ])
    }
}
