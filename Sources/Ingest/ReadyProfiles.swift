import Formats
import Model
import Store

/// Profiles that may be stored, with what was altered in them.
struct ReadyProfiles {
    var profiles: [NewProfile] = []
    /// Bytes of all that was decoded, after inflating; also of what is not stored.
    var byteCount = 0
    /// By service.
    var salvage: [Text: SalvageReport] = [:]

    /// Counts what was altered in profiles of a series.
    mutating func note(_ report: SalvageReport, _ labels: SeriesLabels) {
        guard !report.isEmpty else { return }
        salvage[labels.service, default: SalvageReport()].add(report)
    }

    static func += (left: inout ReadyProfiles, right: ReadyProfiles) {
        left.profiles += right.profiles
        left.byteCount += right.byteCount
        for (service, report) in right.salvage { left.salvage[service, default: SalvageReport()].add(report) }
    }
}

extension SeriesLabels {
    /// The service that the labels name.
    var service: Text { pushed.first { $0.name == LabelName.serviceName }?.value ?? .empty }
}
