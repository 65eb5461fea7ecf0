import API
import Model
import Query
import Store
import Wire

/// Why answers are empty, for the header `Hearth-Empty-Reason`.
struct EmptyAnswers: Sendable {
    let store: any ProfileStore
    let limits: TenantLimits

    /// The header's name.
    static let header = "Hearth-Empty-Reason"

    /// The reason in ASCII on one line, or nil where the answer is not empty.
    func reason(_ isEmpty: Bool, _ samples: SampleQuery, _ routed: RoutedRequest) async -> String? {
        guard isEmpty else { return nil }
        // The explanation looks at all times; what it misses is no gap in the answer.
        return await AnswerGaps.$current.withValue(nil) {
            await EmptyReason(samples, in: store).explain(limits: limits.query(for: routed.tenants), now: routed.now)
        }.map { reason in
            String(reason.unicodeScalars.map { $0.value < 0x20 || $0.value > 0x7e ? "?" : Character($0) }.prefix(500))
        }
    }
}

/// A question about samples.
protocol SampleRequest: Message {
    func samples(_ routed: RoutedRequest) -> SampleQuery
}

extension SelectMergeStacktracesRequest: SampleRequest {}
extension SelectMergeSpanProfileRequest: SampleRequest {}
extension SelectMergeProfileRequest: SampleRequest {}
extension SelectSeriesRequest: SampleRequest {}
extension SelectHeatmapRequest: SampleRequest {}

/// An answer that can be empty.
protocol SampleAnswer: Message {
    /// Whether nothing was found.
    var isEmpty: Bool { get }
}

extension SelectMergeStacktracesResponse: SampleAnswer {
    var isEmpty: Bool {
        if let flamegraph { return flamegraph.total == 0 }
        if let functions { return functions.total == 0 }
        if let sandwich { return sandwich.total == 0 }
        if let pprof { return pprof.profile?.sample.isEmpty ?? true }
        return tree.isEmpty && dot.isEmpty
    }
}

extension SelectMergeSpanProfileResponse: SampleAnswer {
    var isEmpty: Bool { flamegraph.map { $0.total == 0 } ?? tree.isEmpty }
}

extension ProfileMessage: SampleAnswer {
    var isEmpty: Bool { sample.isEmpty }
}

extension SelectSeriesResponse: SampleAnswer {
    var isEmpty: Bool { series.isEmpty }
}

extension SelectHeatmapResponse: SampleAnswer {
    var isEmpty: Bool { series.isEmpty }
}
