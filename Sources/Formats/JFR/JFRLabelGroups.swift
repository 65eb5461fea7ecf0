import Model

/// The sets of labels that samples of a recording have; group 0 has none.
struct JFRLabelGroups {
    /// Labels of the series, and ids that a context gives under the names that pprof uses for them.
    struct Group {
        var labels: [Label] = []
        var span: UInt64 = 0
        var trace = TraceID.none
    }

    private struct Key: Hashable {
        var context: UInt64
        var spanName: UInt64
    }

    private let snapshot: JFRLabelsSnapshot
    private var groups = [Group()]
    private var ofKey: [Key: Int] = [Key(context: 0, spanName: 0): 0]
    private var ofLabels: [[JFRLabelsSnapshot.RankedLabel]: Int] = [[]: 0]
    private var last = (key: Key(context: 0, spanName: 0), group: 0)

    init(_ snapshot: JFRLabelsSnapshot) {
        self.snapshot = snapshot
    }

    subscript(_ index: Int) -> Group { groups[index] }

    /// The group of a context and a span's name.
    mutating func index(context: UInt64, spanName: UInt64) -> Int {
        let key = Key(context: context, spanName: spanName)
        if last.key == key { return last.group }
        let index = ofKey[key] ?? add(key)
        ofKey[key] = index
        last = (key, index)
        return index
    }

    private mutating func add(_ key: Key) -> Int {
        var labels = snapshot.labels(of: Int64(bitPattern: key.context))
        // No label has a negative rank, which stands for the name of the label that holds a span's name.
        if let name = snapshot.rank(of: Int64(bitPattern: key.spanName)) {
            labels.removeAll { snapshot[$0.name] == Self.spanName }
            labels.append(JFRLabelsSnapshot.RankedLabel(name: -1, value: name))
        }
        if let known = ofLabels[labels] { return known }
        var group = Group()
        for label in labels {
            let value = snapshot[label.value]
            switch label.name < 0 ? Self.spanName : snapshot[label.name] {
            case "span_id", "profile_id": group.span = PprofNormaliser.hex(value.utf8[...], digits: 16)?.low ?? 0
            case "trace_id": group.trace = PprofNormaliser.hex(value.utf8[...], digits: 32) ?? .none
            case let name: group.labels.append(Label(name, value))
            }
        }
        group.labels.sort()
        ofLabels[labels] = groups.count
        groups.append(group)
        return groups.count - 1
    }

    private static let spanName: Text = "span_name"
}
