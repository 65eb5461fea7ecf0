import Formats
import Model

extension IngestPipeline {
    /// Decodes speedscope's JSON; each profile is a series of its own, told apart by `profile_name`.
    func speedscope(
        _ request: IngestRequest, _ application: ApplicationName, _ now: Int64
    ) throws(IngestError) -> ReadyProfiles {
        do throws(FormatError) {
            // The document's values take about sixteen times its bytes.
            guard reserve(request.body.count.saturatingMultiply(16)) else {
                throw FormatError(.noRoom, "no memory is left to decode a profile in")
            }
            let profiles = try Speedscope.decode(request.body, limits: limits.pprof)
            if application.namesProfile { return ReadyProfiles() }
            var ready = ReadyProfiles()
            ready.byteCount = request.body.count
            var lost = application.salvage
            var problem: FormatError?
            for profile in profiles {
                do throws(FormatError) {
                    ready += try self.profiles(of: profile, isOnly: profiles.count == 1, request, application, now)
                } catch {
                    guard !isStrict, error.kind == .invalid else { throw error }
                    lost.note(.partialFile, error.description)
                    problem = problem ?? error
                }
            }
            if ready.profiles.isEmpty, let problem { throw problem }
            ready.note(lost, seriesLabels([Label(LabelName.serviceName, application.service)]))
            return ready
        } catch {
            throw refusal(error, .unprocessable, "parsing IngestInput-pprof failed ")
        }
    }

    private func profiles(
        of profile: Speedscope.Profile, isOnly: Bool, _ request: IngestRequest, _ application: ApplicationName,
        _ now: Int64
    ) throws(FormatError) -> ReadyProfiles {
        var named = application
        named.labels.removeAll { $0.name == "profile_name" }
        if !profile.name.isEmpty { named.labels.append(Label("profile_name", profile.name)) }
        if !isOnly { named.name = Text(utf8: application.name.utf8 + [UInt8(ascii: ".")] + profile.unit.utf8) }
        let type: TextProfileType
        do throws(IngestError) {
            // These rates are above a nanosecond's on purpose: weights are hundredths.
            type = try TextProfileType(
                applicationName: named.name, sampleRate: Self.sampleRate(request.sampleRate, profile.unit),
                isStrict: true)
        } catch {
            throw FormatError(.invalid, error.description)
        }
        let labels = seriesLabels(textLabels(request, named, type))
        let decoded = try profile.decoded(
            type: type.type, periodType: type.periodType, scale: type.scale, time: request.from, limits: limits.pprof)
        try checkWindow(decoded.time, labels: labels, now: now)
        return try split(decoded, labels: labels, now: now)
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
