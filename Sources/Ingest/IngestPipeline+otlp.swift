public import Formats
import Model
public import Store

extension IngestPipeline {
    /// Stores what an OpenTelemetry client exports; everything that can be stored is, then the others are reported.
    public func export(
        _ request: OTLP.ExportRequest, for tenant: Tenant, now: Int64
    ) async throws(IngestError) {
        let converted: [OTLP.Profile]
        do throws(FormatError) {
            converted = try OTLP.convert(request, now: now)
        } catch {
            throw IngestError(.invalidArgument, error.description)
        }
        try take(converted.reduce(0) { $0 + $1.pprof.byteCount }, of: tenant, now: now)
        var ready: [NewProfile] = []
        var problems: [String] = []
        for (index, profile) in converted.enumerated() {
            do throws(FormatError) {
                ready += try profiles(
                    of: profile.pprof, labels: SeriesLabels(profile.labels), language: .unknown, now: now)
            } catch {
                problems.append("push series with index \(index) failed: \(error)")
            }
        }
        try await append(ready, for: tenant)
        guard problems.isEmpty else {
            throw IngestError(
                .invalidArgument,
                problems.count == 1 ? problems[0] : "\(problems.count) errors: \(problems.joined(separator: "; "))")
        }
    }
}
