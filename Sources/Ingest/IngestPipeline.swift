import Formats
public import Model
public import Store

/// A series of a push: its labels and the profiles that belong to it.
public struct PushedSeries: Sendable {
    /// The labels as they came.
    public var labels: [Label]
    /// Pprofs, gzip or not, each with the client's id for messages.
    public var profiles: [(id: Text, bytes: [UInt8])]

    /// Makes a series.
    public init(labels: [Label], profiles: [(id: Text, bytes: [UInt8])]) {
        self.labels = labels
        self.profiles = profiles
    }
}

/// From a client's bytes to the store: decodes, checks, labels and splits.
public struct IngestPipeline: Sendable {
    /// Where profiles go.
    public let store: any ProfileStore
    /// What may be pushed.
    public let limits: IngestLimits
    private let budget: IngestBudget
    private let arrivals: ArrivalTimes

    /// Makes a pipeline.
    public init(store: any ProfileStore, limits: IngestLimits) {
        self.init(store: store, limits: limits, budget: IngestBudget(), arrivals: ArrivalTimes())
    }

    private init(store: any ProfileStore, limits: IngestLimits, budget: IngestBudget, arrivals: ArrivalTimes) {
        self.store = store
        self.limits = limits
        self.budget = budget
        self.arrivals = arrivals
    }

    /// The same pipeline with the limits of one tenant.
    public func limited(by limits: IngestLimits) -> IngestPipeline {
        IngestPipeline(store: store, limits: limits, budget: budget, arrivals: arrivals)
    }

    /// Refuses bytes beyond the tenant's rate.
    func take(_ count: Int, of tenant: Tenant, now: Int64) throws(IngestError) {
        try budget.take(count, of: tenant, limits: limits, now: now)
    }

    /// Stores every profile of a push that can be stored, then reports the others.
    ///
    /// `now` is in nanoseconds. When it returns, everything is durable. What has a UUID from its client and comes again, byte by
    /// byte the same, is stored once.
    public func push(_ series: [PushedSeries], for tenant: Tenant, now: Int64) async throws(IngestError) {
        var ready: [NewProfile] = []
        var problems: [String] = []
        var byteCount = 0
        var index = 0
        for pushed in series {
            let labels = SeriesLabels(pushed.labels)
            for profile in pushed.profiles {
                defer { index += 1 }
                do throws(FormatError) {
                    let raw = try Pprof.read(profile.bytes, limits: limits.pprof)
                    byteCount += raw.byteCount
                    let id = ProfileID(client: profile.id, labels: pushed.labels, content: profile.bytes)
                    ready += try profiles(
                        of: raw, labels: labels, language: Self.language(pushed.labels),
                        now: id.map { arrivals.first($0, of: tenant, now: now) } ?? now, id: id ?? .random())
                } catch {
                    problems.append("push series with index \(index) and id \(profile.id) failed: \(error)")
                }
                guard limits.maxRequestBytes <= 0 || byteCount <= limits.maxRequestBytes else {
                    throw IngestError(
                        .invalidArgument,
                        "uncompressed batched profile payload size exceeds limit of \(limits.maxRequestBytes) bytes (max-request-size)"
                    )
                }
            }
        }
        guard index > 0 else { throw IngestError(.invalidArgument, "no profiles received") }
        try take(byteCount, of: tenant, now: now)
        try await append(ready, for: tenant)
        guard problems.isEmpty else {
            throw IngestError(
                .invalidArgument,
                problems.count == 1 ? problems[0] : "\(problems.count) errors: \(problems.joined(separator: "; "))")
        }
    }

    /// Validates, normalises and splits a pprof into the profiles of its series.
    func profiles(
        of raw: Pprof.Raw, labels: SeriesLabels, language: Pprof.Language, now: Int64, id: ProfileID = .random()
    ) throws(FormatError) -> [NewProfile] {
        try checkWindow(raw.time, labels: labels, now: now)
        let decoded = try Pprof.normalise(
            raw, limits: limits.pprof, language: language, series: labels.description)
        return try split(decoded, labels: labels, now: now, id: id)
    }

    func checkWindow(_ time: Int64, labels: SeriesLabels, now: Int64) throws(FormatError) {
        guard time > 0 else { return }
        let milliseconds = time / 1_000_000
        let nowMilliseconds = now / 1_000_000
        let oldest = limits.rejectOlderThan > 0 ? nowMilliseconds - limits.rejectOlderThan : .min
        let newest = limits.rejectNewerThan > 0 ? nowMilliseconds + limits.rejectNewerThan : .max
        guard milliseconds > oldest && milliseconds < newest else {
            throw FormatError(
                .invalid,
                "profile with labels '\(labels.description)' is outside of ingestion window (profile timestamp: "
                    + "\(milliseconds) ms, reject-older-than: \(limits.rejectOlderThan) ms, reject-newer-than: "
                    + "\(limits.rejectNewerThan) ms, now: \(nowMilliseconds) ms)")
        }
    }

    /// One profile for each group of labels and sample type that has values.
    func split(
        _ decoded: DecodedProfile, labels: SeriesLabels, now: Int64, id: ProfileID = .random()
    ) throws(FormatError) -> [NewProfile] {
        let time = decoded.time > 0 ? decoded.time : now
        var groups: [(labels: [Label], columns: [SampleColumns])] = []
        for group in decoded.groups {
            let merged = labels.merged(with: group.labels)
            try SeriesLabels.validate(merged, limits: limits)
            if let known = groups.firstIndex(where: { $0.labels == merged }) {
                for type in decoded.sampleTypes.indices {
                    groups[known].columns[type] = groups[known].columns[type].merged(with: group.columns[type])
                }
            } else {
                groups.append((merged, group.columns))
            }
        }
        var profiles: [NewProfile] = []
        let source = SharedSymbols(decoded.symbols)
        for group in groups {
            for (type, columns) in zip(decoded.sampleTypes, group.columns) where columns.count > 0 {
                let series = SeriesLabels.stored(group.labels, type: type, periodType: decoded.periodType)
                profiles.append(
                    NewProfile(id: id, series: series, time: time, source: source, samples: columns))
            }
        }
        return profiles
    }

    func append(_ profiles: [NewProfile], for tenant: Tenant) async throws(IngestError) {
        guard !profiles.isEmpty else { return }
        do {
            try await store.append(profiles, for: tenant)
        } catch let error as StoreError {
            switch error.code {
            case .full, .closed, .unhealthy, .exhausted:
                throw IngestError(.unavailable, "the store cannot take profiles: \(error)")
            case .damaged, .unusable, .failed: throw IngestError(.failed, "the store failed: \(error)")
            }
        } catch {
            throw IngestError(.failed, "the store failed: \(error)")
        }
    }

    static func language(_ labels: [Label]) -> Pprof.Language {
        switch labels.first(where: { $0.name == "pyroscope_spy" })?.value {
        case "gospy": .go
        case "pyspy", "rbspy", "nodespy", "javaspy", "grafana-agent.java", "dotnetspy", "phpspy", "pyroscope-rs": .other
        default: .unknown
        }
    }
}

extension SampleColumns {
    /// The samples of both, sorted by stack, equal ones summed.
    func merged(with other: SampleColumns) -> SampleColumns {
        guard count > 0 else { return other }
        guard other.count > 0 else { return self }
        let rows = (0..<count).map { (self, $0) } + (0..<other.count).map { (other, $0) }
        func key(_ row: (SampleColumns, Int)) -> (UInt32, UInt64, UInt64, UInt64) {
            let (columns, index) = row
            let trace = columns.traces.isEmpty ? TraceID.none : columns.traces[index]
            return (columns.stacks[index], columns.spans.isEmpty ? 0 : columns.spans[index], trace.high, trace.low)
        }
        var merged = SampleColumns()
        let hasSpans = !spans.isEmpty || !other.spans.isEmpty
        let hasTraces = !traces.isEmpty || !other.traces.isEmpty
        var last: (UInt32, UInt64, UInt64, UInt64)?
        for row in rows.sorted(by: { key($0) < key($1) }) {
            let key = key(row)
            if let last, last == key {
                merged.values[merged.values.count - 1] = merged.values[merged.values.count - 1]
                    .saturatingAdd(row.0.values[row.1])
                continue
            }
            last = key
            merged.stacks.append(key.0)
            merged.values.append(row.0.values[row.1])
            if hasSpans { merged.spans.append(key.1) }
            if hasTraces { merged.traces.append(TraceID(high: key.2, low: key.3)) }
        }
        return merged
    }
}
