import Formats
import Model

extension SeriesLabels {
    /// Takes pushed labels as far as they can be kept, and counts in ``salvage`` what was changed.
    init(mending labels: [Label], limits: IngestLimits) {
        var salvage = SalvageReport()
        let mended = Self.mended(labels, limits, &salvage)
        self.init(mended)
        self.salvage = salvage
    }

    /// The labels with those that samples were split by, as far as they can be kept.
    func merged(mending promoted: [Label], limits: IngestLimits, _ salvage: inout SalvageReport) -> [Label] {
        merged(with: Self.mended(promoted, limits, &salvage))
    }

    /// No more labels than a limit, of what these were made into.
    func limited(_ all: [Label], to limit: Int, _ salvage: inout SalvageReport) -> [Label] {
        guard limit > 0, all.count > limit else { return all }
        salvage.note(.labelCount, "\(all.count) labels, the limit is \(limit)")
        let own = Set(pushed.map(\.name))
        func rank(_ label: Label) -> Int {
            Self.essential.contains(label.name) ? 0 : own.contains(label.name) ? 1 : 2
        }
        let kept = all.sorted { (rank($0), $0) < (rank($1), $1) }.prefix(limit)
        return kept.sorted()
    }

    /// The same labels, with a name where there was none.
    func named(_ name: Text) -> SeriesLabels {
        guard !name.isEmpty, !pushed.contains(where: { $0.name == LabelName.name && !$0.value.isEmpty }) else {
            return self
        }
        var named = SeriesLabels(pushed + [Label(LabelName.name, name)])
        named.salvage = salvage
        named.salvage.note(.profileName, "named \(name)")
        return named
    }

    /// Without these a series cannot be found again.
    private static let essential: Set<Text> = [LabelName.name, LabelName.serviceName]

    private static func mended(
        _ labels: [Label], _ limits: IngestLimits, _ salvage: inout SalvageReport
    ) -> [Label] {
        var order: [Text] = []
        var values: [Text: Text] = [:]
        for label in labels where !label.value.isEmpty {
            let name = mended(label.name, limits.maxLabelNameBytes, .labelNameLength, &salvage)
            let value = mended(label.value, limits.maxLabelValueBytes, .labelValueLength, &salvage)
            guard !name.isEmpty else {
                salvage.note(.labelName, "a label without a name: \(value)")
                continue
            }
            if let earlier = values[name] {
                salvage.note(.labelTwice, "\(name): \(earlier), \(value)")
            } else {
                order.append(name)
            }
            values[name] = value
        }
        return order.map { Label($0, values[$0] ?? .empty) }
    }

    private static func mended(
        _ text: Text, _ limit: Int, _ reason: SalvageReason, _ salvage: inout SalvageReport
    ) -> Text {
        var mended = text
        if !mended.isValidUTF8 {
            mended = Text(mended.string)
            salvage.note(.labelNotUTF8, mended.string)
        }
        guard limit > 0, mended.utf8.count > limit else { return mended }
        salvage.note(reason, "\(mended.utf8.count) bytes: \(String(mended.string.prefix(60)))")
        // Not within a character.
        var end = limit
        while end > 0, mended.utf8[end] & 0xc0 == 0x80 { end -= 1 }
        return Text(utf8: mended.utf8[..<end])
    }
}
