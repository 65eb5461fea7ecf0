import Formats
import Model
import Store

extension IngestPipeline {
    /// Decodes speedscope's JSON; each profile is a series of its own, told apart by `profile_name`.
    func speedscope(
        _ request: IngestRequest, _ application: ApplicationName, _ now: Int64
    ) throws(IngestError) -> [NewProfile] {
        do throws(FormatError) {
            let profiles = try Speedscope.decode(request.body)
            var ready: [NewProfile] = []
            for profile in profiles {
                var named = application
                if profiles.count > 1 {
                    named.name = Text(utf8: application.name.utf8 + [UInt8(ascii: ".")] + profile.unit.utf8)
                }
                let type: TextProfileType
                do throws(IngestError) {
                    type = try TextProfileType(
                        applicationName: named.name, sampleRate: Self.sampleRate(request.sampleRate, profile.unit))
                } catch {
                    throw FormatError(.invalid, error.description)
                }
                let labels = SeriesLabels(
                    textLabels(request, named, type) + [Label("profile_name", profile.name)])
                let decoded = try profile.decoded(
                    type: type.type, periodType: type.periodType, scale: type.scale, time: request.from)
                try checkWindow(decoded.time, labels: labels, now: now)
                ready += try split(decoded, labels: labels, now: now)
            }
            return ready
        } catch {
            throw IngestError(.unprocessable, "parsing IngestInput-pprof failed \(error)")
        }
    }

    /// The rate at which a hundredth of a unit is one count, where the client does not say.
    private static func sampleRate(_ requested: Int64, _ unit: Text) -> Int64 {
        guard requested == 100 else { return requested }
        switch unit {
        case "nanoseconds": return 100_000_000_000
        case "microseconds": return 100_000_000
        case "milliseconds": return 100_000
        case "seconds": return 100
        case "bytes": return 0
        default: return 10_000
        }
    }
}
