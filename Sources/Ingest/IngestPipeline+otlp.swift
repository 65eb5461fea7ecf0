public import Formats
import Model

/// What became of an export of which at least a part was stored, or nothing had to be.
public struct ExportOutcome: Sendable, Hashable {
    /// How many profiles were refused.
    public var rejected = 0
    /// Why they were, or what was altered in the others; empty if neither happened.
    public var message = ""
}

extension IngestPipeline {
    /// Stores what an OpenTelemetry client exports; everything that can be stored is, then the others are reported.
    ///
    /// Throws where nothing was stored; strictly, where anything was refused, which ends it. What has an id and comes again with the
    /// same content is stored once.
    @discardableResult
    public func export(_ request: OTLP.ExportRequest, now: Int64) async throws(IngestError) -> ExportOutcome {
        var errors = ErrorList()
        let ready: ReadyProfiles
        let refused: (count: Int, reason: IngestError)?
        do throws(IngestError) {
            ready = try decoded(request, &errors, now: now)
            refused = try await append(ready, inPart: !isStrict, now: now)
        } catch {
            refuse(error, service: .empty, now: now)
            throw error
        }
        if let refused {
            refuse(refused.reason, service: .empty, now: now)
            let all = [refused.reason.description, errors.description].filter { !$0.isEmpty }
            return ExportOutcome(rejected: refused.count + errors.count, message: all.joined(separator: "; "))
        }
        if errors.count > 0, isStrict || ready.profiles.isEmpty {
            throw IngestError(.invalidArgument, errors.description)
        }
        if errors.count > 0 { return ExportOutcome(rejected: errors.count, message: errors.description) }
        let altered = ready.salvage.values.flatMap(\.entries).sorted { $0.key.rawValue < $1.key.rawValue }
        return ExportOutcome(
            message: altered.map { "\($0.key.rawValue): \($0.value.example)" }.joined(separator: "; "))
    }

    private func decoded(
        _ request: OTLP.ExportRequest, _ errors: inout ErrorList, now: Int64
    ) throws(IngestError) -> ReadyProfiles {
        let converted: OTLP.Conversion
        do throws(FormatError) {
            converted = try OTLP.convert(request, now: now, limits: limits.pprof)
        } catch {
            throw refusal(error, .invalidArgument)
        }
        func refuse(_ error: FormatError, service: Text) {
            self.refuse(IngestError(.invalidArgument, error.description), service: service, now: now)
        }
        for (service, error) in converted.refused {
            if errors.add(error.description) { refuse(error, service: service) }
        }
        var ready = ReadyProfiles()
        ready.byteCount = converted.profiles.reduce(0) { $0 + $1.pprof.byteCount }
        try take(ready.byteCount, now: now)
        let identities = known.identities(of: converted.profiles, tenant: tenant, now: now)
        let unconverted = errors.count
        for (index, profile) in converted.profiles.enumerated() {
            // The reference stops at the first profile that it cannot take, and has stored those before.
            if isStrict, errors.count > unconverted, profile.index != converted.profiles[index - 1].index { break }
            var pprof = profile.pprof
            let identity = identities[index]
            if !profile.hasTime, let identity { pprof.time = identity.time }
            guard reserve(profile.pprof.byteCount + profile.pprof.decodedByteCount) else {
                throw refusal(FormatError(.noRoom, "no memory is left to decode a profile in"), .unavailable)
            }
            let labels = seriesLabels(profile.labels)
            do throws(FormatError) {
                ready += try profiles(
                    of: pprof, labels: labels, language: .unknown, salvage: profile.salvage, now: now,
                    id: identity?.id ?? .random())
            } catch {
                if errors.add("push series with index \(index) failed: \(error)") {
                    refuse(error, service: labels.service)
                }
            }
        }
        return ready
    }
}
