import Model

/// The sets of labels that samples of a recording have; group 0 has none.
struct JFRLabelGroups {
    /// Where the samples of a context go, and ids that the context gives under the names that pprof uses for them.
    struct Placement {
        var group = 0
        var span: UInt64 = 0
        var trace = TraceID.none
    }

    private struct Key: Hashable {
        var context: UInt64 = 0
        var spanName: UInt64 = 0
    }

    private let snapshot: JFRLabelsSnapshot
    private var groups: [[Label]] = [[]]
    private var ofLabels: [[JFRLabelsSnapshot.RankedLabel]: Int] = [[]: 0]
    private var placements = [Key(): Placement()]
    private var last = (key: Key(), placement: Placement())

    init(_ snapshot: JFRLabelsSnapshot) {
        self.snapshot = snapshot
    }

    /// The labels of a group, sorted by name.
    subscript(_ group: Int) -> [Label] { groups[group] }

    /// Where samples of a context and a span's name go.
    mutating func placement(context: UInt64, spanName: UInt64) -> Placement {
        let key = Key(context: context, spanName: spanName)
        if last.key == key { return last.placement }
        let placement = placements[key] ?? place(key)
        placements[key] = placement
        last = (key, placement)
        return placement
    }

    private mutating func place(_ key: Key) -> Placement {
        var placement = Placement()
        var ranked: [JFRLabelsSnapshot.RankedLabel] = []
        for label in snapshot.labels(of: Int64(bitPattern: key.context)) {
            let value = snapshot[label.value]
            switch snapshot[label.name] {
            case "span_id", "profile_id": placement.span = PprofNormaliser.hex(value.utf8[...], digits: 16)?.low ?? 0
            case "trace_id": placement.trace = PprofNormaliser.hex(value.utf8[...], digits: 32) ?? .none
            default: ranked.append(label)
            }
        }
        if let name = snapshot.rank(of: Int64(bitPattern: key.spanName)) {
            ranked.removeAll { snapshot[$0.name] == Self.spanName }
            // The name of this label need not be in the snapshot, so it has a rank of its own.
            ranked.append(JFRLabelsSnapshot.RankedLabel(name: -1, value: name))
        }
        if let known = ofLabels[ranked] {
            placement.group = known
        } else {
            placement.group = groups.count
            ofLabels[ranked] = groups.count
            groups.append(
                ranked.map { Label($0.name < 0 ? Self.spanName : snapshot[$0.name], snapshot[$0.value]) }.sorted())
        }
        return placement
    }

    private static let spanName: Text = "span_name"
}
