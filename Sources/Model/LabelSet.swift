/// A label: a name and its value.
public struct Label: Hashable, Comparable, Sendable {
    /// The label's name, such as `service_name`.
    public var name: Text
    /// The label's value.
    public var value: Text

    /// Makes a label.
    public init(_ name: Text, _ value: Text) {
        self.name = name
        self.value = value
    }

    /// Orders by name, then value, both by bytes.
    public static func < (left: Label, right: Label) -> Bool {
        left.name == right.name ? left.value < right.value : left.name < right.name
    }
}

/// The labels of a series: sorted by name, each name once, no empty value.
///
/// A label that is absent and one with an empty value mean the same, so the empty ones are dropped.
public struct LabelSet: Hashable, Comparable, Sendable {
    /// The labels in ascending order of their names.
    public let labels: [Label]

    /// Sorts labels, drops those with an empty value, and keeps the last of a name that occurs twice.
    public init(_ labels: some Sequence<Label>) {
        self.init(inAnyOrder: Array(labels))
    }

    private init(inAnyOrder labels: [Label]) {
        var sorted = labels
        // The sort is stable: of one name, the last that came stands last.
        sorted.sort { $0.name < $1.name }
        var count = 0
        for index in sorted.indices {
            let isLast = index + 1 == sorted.count || sorted[index + 1].name != sorted[index].name
            guard isLast && !sorted[index].value.isEmpty else { continue }
            if count != index { sorted.swapAt(count, index) }
            count += 1
        }
        sorted.removeSubrange(count...)
        self.labels = sorted
    }

    private init(inOrder labels: [Label]) {
        self.labels = labels
    }

    /// The set of those labels whose names pass; the set itself if all do.
    public func filter(_ isWanted: (Text) -> Bool) -> LabelSet {
        let kept = labels.filter { isWanted($0.name) }
        return kept.count == labels.count ? self : LabelSet(inOrder: kept)
    }

    /// The set of those labels that have one of the names, which ascend.
    public func filter(names: [Text]) -> LabelSet {
        var kept: [Label] = []
        var next = 0
        for label in labels {
            while next < names.count && names[next] < label.name { next += 1 }
            guard next < names.count else { break }
            if names[next] == label.name { kept.append(label) }
        }
        return LabelSet(inOrder: kept)
    }

    /// The set without labels.
    public static let empty = LabelSet([] as [Label])

    /// The value of a label, or the empty text.
    public subscript(_ name: Text) -> Text {
        var low = 0
        var high = labels.count
        while low < high {
            let middle = (low + high) / 2
            if labels[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low < labels.count && labels[low].name == name ? labels[low].value : .empty
    }

    /// The labels among `names`, in the order of `names`; absent ones and repetitions are left out.
    public func projection(on names: [Text]) -> [Label] {
        var seen: Set<Text> = []
        return names.compactMap { name in
            let value = self[name]
            return value.isEmpty || !seen.insert(name).inserted ? nil : Label(name, value)
        }
    }

    /// Compares pair by pair; a prefix sorts before the longer set.
    public static func < (left: LabelSet, right: LabelSet) -> Bool {
        for (left, right) in zip(left.labels, right.labels) {
            // Equality is cheaper to find than order, and the sets of one service have most labels in common.
            if left.name != right.name { return left.name < right.name }
            if left.value != right.value { return left.value < right.value }
        }
        return left.labels.count < right.labels.count
    }
}

/// Names of labels that the field gives a meaning.
public enum LabelName {
    /// The profile family, such as `process_cpu`.
    public static let name: Text = "__name__"
    /// The sample type, such as `cpu`.
    public static let type: Text = "__type__"
    /// The sample unit, such as `nanoseconds`.
    public static let unit: Text = "__unit__"
    /// The period type; present only where the profile has one.
    public static let periodType: Text = "__period_type__"
    /// The period unit; present only where the profile has one.
    public static let periodUnit: Text = "__period_unit__"
    /// The five-part profile type.
    public static let profileType: Text = "__profile_type__"
    /// A copy of `service_name`.
    public static let privateServiceName: Text = "__service_name__"
    /// The service that was profiled.
    public static let serviceName: Text = "service_name"
    /// An SDK's process session.
    public static let sessionID: Text = "__session_id__"
    /// Whether a profile still has to be differenced.
    public static let delta: Text = "__delta__"
    /// The order of label processing; never stored.
    public static let order: Text = "__order__"
    /// The tenant that relabelling chose; never stored.
    public static let tenantID: Text = "__tenant_id__"
}
