import Formats
public import Model
public import Store

/// Why profiles of a request failed; of very many only the first are kept.
struct ErrorList: CustomStringConvertible {
    private static let most = 50

    /// How many failed.
    private(set) var count = 0
    private var first: [String] = []

    /// Counts an error; false where it is one of too many to tell.
    mutating func add(_ message: @autoclosure () -> String) -> Bool {
        count += 1
        guard first.count < Self.most else { return false }
        first.append(message())
        return true
    }

    /// One line.
    var description: String {
        guard count > 1 else { return first.first ?? "" }
        let rest = count > first.count ? "; and \(count - first.count) more" : ""
        return "\(count) errors: \(first.joined(separator: "; "))\(rest)"
    }
}

/// A series of a push: its labels and the profiles that belong to it.
public struct PushedSeries: Sendable {
    /// The labels as they came.
    public var labels: [Label]
    /// Pprofs, gzip or not, each with the client's id, which messages name; a UUID is its identity.
    public var profiles: [(id: Text, bytes: [UInt8])]

    /// Makes a series.
    public init(labels: [Label], profiles: [(id: Text, bytes: [UInt8])]) {
        self.labels = labels
        self.profiles = profiles
    }
}

/// From a client's bytes to the store: decodes, mends or refuses, labels and splits.
public struct IngestPipeline: Sendable {
    /// Where profiles go.
    public let store: any ProfileStore
    /// What may be pushed.
    public private(set) var limits: IngestLimits
    /// What is done with the labels of all that is pushed.
    let relabelling: RelabelTable
    /// Whose limits and rules hold, and whom profiles belong to where rules choose nobody else.
    private(set) var tenant = Tenant.anonymous
    /// What senders did wrong.
    public let problems: IngestProblems
    private let rate: IngestRate
    private let active = ActiveSeries()
    let known = KnownPushes()
    private var sender = IngestSender()
    private var reservation: DecodeReservation?

    /// Makes a pipeline that lists what senders do wrong in `problems`.
    public init(
        store: any ProfileStore, limits: IngestLimits, relabelling: RelabelTable = RelabelTable(),
        problems: IngestProblems = IngestProblems()
    ) {
        self.store = store
        self.limits = limits
        self.relabelling = relabelling
        self.problems = problems
        rate = IngestRate()
    }

    /// The same pipeline for one tenant, with its limits and rules.
    public func limited(by limits: IngestLimits, for tenant: Tenant) -> IngestPipeline {
        var pipeline = self
        pipeline.tenant = tenant
        pipeline.limits = limits
        return pipeline
    }

    /// The same pipeline for one request: whom its mistakes are told to, and what its memory is taken from.
    public func serving(_ sender: IngestSender, within reservation: DecodeReservation?) -> IngestPipeline {
        var pipeline = self
        pipeline.sender = sender
        pipeline.reservation = reservation
        return pipeline
    }

    /// Whether a profile that breaks a rule is refused.
    var isStrict: Bool { limits.pprof.isStrict }

    /// Refuses bytes beyond the tenant's rate.
    func take(_ count: Int, now: Int64) throws(IngestError) {
        try rate.take(count, of: tenant, limits: limits, now: now)
    }

    /// Asked by decoders before they take memory.
    func reserve(_ count: Int) -> Bool { reservation?.take(count) ?? true }

    /// Makes an error of a decoder one of the request.
    func refusal(_ error: FormatError, _ kind: IngestError.Kind, _ stage: String = "") -> IngestError {
        guard error.kind == .noRoom else { return IngestError(kind, stage + error.description) }
        return reservation?.refusal ?? IngestError(.unavailable, error.description)
    }

    /// Lists a refusal.
    func refuse(_ error: IngestError, service: Text, now: Int64) {
        problems.refuse(
            error.kind, error.description, tenant: tenant, service: service, sender: sender, now: now)
    }

    /// The labels of a series: as they came, or as far as they can be kept.
    func seriesLabels(_ labels: [Label]) -> SeriesLabels {
        isStrict ? SeriesLabels(labels) : SeriesLabels(mending: labels, limits: limits)
    }

    /// Stores every profile of a push that can be stored, then reports the others.
    ///
    /// `now` is in nanoseconds. When it returns, everything is durable. What has a UUID of its own and comes again, byte by byte
    /// the same, is stored once.
    public func push(_ series: [PushedSeries], now: Int64) async throws(IngestError) {
        var ready = ReadyProfiles()
        var errors = ErrorList()
        do throws(IngestError) {
            ready = try decoded(series, &errors, now: now)
            // What comes again is known by its id, so that what there is room for need not wait for the rest.
            if let refused = try await append(ready, inPart: true, now: now) { throw refused.reason }
        } catch {
            let service = series.first.map { seriesLabels($0.labels).service }
            refuse(error, service: service ?? .empty, now: now)
            throw error
        }
        guard errors.count == 0 else { throw IngestError(.invalidArgument, errors.description) }
    }

    /// The profiles that can be stored; those that cannot are listed, and described in `errors`.
    private func decoded(
        _ series: [PushedSeries], _ errors: inout ErrorList, now: Int64
    ) throws(IngestError) -> ReadyProfiles {
        var ready = ReadyProfiles()
        let identities = known.identities(of: series, tenant: tenant, now: now)
        var index = 0
        for pushed in series where !pushed.profiles.isEmpty {
            let labels = seriesLabels(pushed.labels)
            for profile in pushed.profiles {
                defer { index += 1 }
                do throws(FormatError) {
                    let raw = try Pprof.read(profile.bytes, limits: limits.pprof, reserving: reserve)
                    ready.byteCount += raw.byteCount
                    let identity = identities[index]
                    ready += try profiles(
                        of: raw, labels: labels, language: Self.language(pushed.labels), now: identity?.time ?? now,
                        id: identity?.id ?? .random())
                } catch {
                    // Nothing was stored yet, so the whole push may come again.
                    guard error.kind != .noRoom else { throw refusal(error, .unavailable) }
                    guard errors.add("push series with index \(index) and id \(profile.id) failed: \(error)") else {
                        continue
                    }
                    refuse(IngestError(.invalidArgument, error.description), service: labels.service, now: now)
                }
                guard limits.maxRequestBytes <= 0 || ready.byteCount <= limits.maxRequestBytes else {
                    throw IngestError(
                        .invalidArgument,
                        "uncompressed batched profile payload size exceeds limit of \(limits.maxRequestBytes) bytes (max-request-size)"
                    )
                }
            }
        }
        guard index > 0 else { throw IngestError(.invalidArgument, "no profiles received") }
        try take(ready.byteCount, now: now)
        return ready
    }

    /// Validates, normalises and splits a pprof into the profiles of its series.
    func profiles(
        of raw: Pprof.Raw, labels: SeriesLabels, language: Pprof.Language, salvage: SalvageReport = SalvageReport(),
        now: Int64, id: ProfileID = .random()
    ) throws(FormatError) -> ReadyProfiles {
        var labels = labels
        if !isStrict { labels = labels.named(SampleTypeConfiguration.standard.profileName(of: raw.sampleTypes)) }
        try checkWindow(raw.time, labels: labels, now: now)
        var decoded = try Pprof.normalise(
            raw, limits: limits.pprof, language: language, series: labels.description)
        decoded.salvage.add(salvage)
        return try split(decoded, labels: labels, now: now, id: id)
    }

    /// Strictly, refuses a time outside of the window.
    func checkWindow(_ time: Int64, labels: SeriesLabels, now: Int64) throws(FormatError) {
        guard isStrict, time > 0, let problem = limits.problem(ofTime: time, now: now) else { return }
        throw FormatError(
            .invalid,
            "profile with labels '\(labels.description)' is outside of ingestion window (\(problem.message))")
    }

    /// One profile for each group of labels and sample type that has values.
    func split(
        _ decoded: DecodedProfile, labels: SeriesLabels, now: Int64, id: ProfileID = .random()
    ) throws(FormatError) -> ReadyProfiles {
        var decoded = decoded
        var report = labels.salvage
        var time = decoded.time > 0 ? decoded.time : now
        if !isStrict {
            decoded.fold(to: limits.pprof.maxSamples)
            // A clock that was set back makes everything the future: then the sender's is the better one, as what is stored under a
            // time of long ago would be deleted for its age once ours is right again.
            if decoded.time != 0, let problem = limits.problem(ofTime: decoded.time, now: now),
                problem.reason != .timeFuture || !store.isClockInDoubt
            {
                report.note(problem.reason, problem.message)
                time = now
            }
        }
        report.add(decoded.salvage)
        var groups: [(labels: [Label], parts: [[SampleColumns]])] = []
        var groupOfLabels: [[Label]: Int] = [:]
        for group in decoded.groups {
            let all =
                isStrict
                ? labels.merged(with: group.labels)
                : labels.merged(mending: group.labels, limits: limits, &report)
            guard var merged = try relabelled(all, of: labels, &report) else {
                relabelling.countDropped(group.columns.count { $0.count > 0 }, of: tenant)
                continue
            }
            if !isStrict { merged = labels.limited(merged, to: limits.maxLabels, &report) }
            if let known = groupOfLabels[merged] {
                for type in decoded.sampleTypes.indices { groups[known].parts[type].append(group.columns[type]) }
            } else {
                try SeriesLabels.validate(merged, limits: limits)
                try Self.validateTenant(merged)
                groupOfLabels[merged] = groups.count
                groups.append((merged, group.columns.map { [$0] }))
            }
        }
        let source = SharedSymbols(decoded.symbols, stackHashes: decoded.stackHashes)
        var ready = ReadyProfiles()
        for group in groups {
            for (type, parts) in zip(decoded.sampleTypes, group.parts) {
                let columns = SampleColumns.merging(parts)
                guard columns.count > 0 else { continue }
                let series = SeriesLabels.stored(group.labels, type: type, periodType: decoded.periodType)
                ready.profiles.append(
                    NewProfile(id: id, series: series, time: time, source: source, samples: columns))
            }
        }
        ready.note(report, labels)
        return ready
    }

    /// Stores profiles, then lists what was altered in them.
    ///
    /// Where series are too many, the profiles of the others are stored if they may be stored `inPart`, and what was refused is
    /// returned. Throws where nothing was stored.
    func append(
        _ ready: ReadyProfiles, inPart: Bool, now: Int64
    ) async throws(IngestError) -> (count: Int, reason: IngestError)? {
        var refused: (count: Int, reason: IngestError)?
        var groups: [(tenant: Tenant, profiles: [NewProfile])] = []
        for (tenant, profiles) in Self.byTenant(ready.profiles, pushedBy: tenant) {
            let admission = active.admit(profiles, of: tenant, limit: limits.maxSeries, now: now)
            if !admission.admitted.isEmpty { groups.append((tenant, admission.admitted)) }
            if let reason = admission.refusal {
                refused = ((refused?.count ?? 0) + admission.refused, refused?.reason ?? reason)
            }
        }
        if let refused, groups.isEmpty || !inPart { throw refused.reason }
        do {
            for (tenant, profiles) in groups { try await store.append(profiles, for: tenant) }
        } catch let error as StoreError {
            switch error.code {
            case .full, .closed, .unhealthy, .exhausted:
                throw IngestError(.unavailable, "the store cannot take profiles: \(error)")
            case .damaged, .unusable, .failed: throw IngestError(.failed, "the store failed: \(error)")
            }
        } catch {
            throw IngestError(.failed, "the store failed: \(error)")
        }
        for (service, report) in ready.salvage {
            problems.note(report, tenant: tenant, service: service, sender: sender, now: now)
        }
        return refused
    }

    static func language(_ labels: [Label]) -> Pprof.Language {
        switch labels.first(where: { $0.name == "pyroscope_spy" })?.value {
        case "gospy": .go
        case "pyspy", "rbspy", "nodespy", "javaspy", "grafana-agent.java", "dotnetspy", "phpspy", "pyroscope-rs": .other
        default: .unknown
        }
    }
}
