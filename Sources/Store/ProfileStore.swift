public import Model
public import Selectors

/// A tenant: whose data this is.
public struct Tenant: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The tenant's id, at most 150 characters of `[A-Za-z0-9!_.*'()-]`.
    public let id: String

    /// Makes a tenant; the id has been validated where it entered.
    public init(_ id: String) {
        self.id = id
    }

    /// The tenant of a server without multi-tenancy.
    public static let anonymous = Tenant("anonymous")

    /// Orders by id.
    public static func < (left: Tenant, right: Tenant) -> Bool { left.id < right.id }

    /// The id.
    public var description: String { id }
}

/// One profile of one series, ready to be stored.
public struct NewProfile: Sendable {
    /// The id, shared by all series that were split from one pushed profile.
    public var id: ProfileID
    /// All labels of the series, `__profile_type__` and `service_name` among them.
    public var series: LabelSet
    /// When the profile was taken, in nanoseconds since the Unix epoch.
    public var time: Int64
    /// What resolves the samples' stacks, shared by all that was decoded together.
    public var source: SharedSymbols
    /// The samples; not empty.
    public var samples: SampleColumns

    /// What resolves the samples' stacks.
    public var symbols: SymbolTable { source.table }

    /// Makes a profile that shares its symbols.
    public init(id: ProfileID, series: LabelSet, time: Int64, source: SharedSymbols, samples: SampleColumns) {
        self.id = id
        self.series = series
        self.time = time
        self.source = source
        self.samples = samples
    }

    /// Makes a profile with symbols of its own.
    public init(id: ProfileID, series: LabelSet, time: Int64, symbols: SymbolTable, samples: SampleColumns) {
        self.init(id: id, series: series, time: time, source: SharedSymbols(symbols), samples: samples)
    }
}

/// The symbols of one decoded profile; the series that it was split into hold the same object.
///
/// So an engine does once for all of them what depends on the symbols alone.
public final class SharedSymbols: Sendable {
    /// The symbols.
    public let table: SymbolTable
    /// The hash of each stack that a sample may have.
    public let stackHashes: StackHashes

    /// Shares a table; `stackHashes` where whoever made it has them already.
    public init(_ table: SymbolTable, stackHashes: StackHashes? = nil) {
        self.table = table
        self.stackHashes = stackHashes ?? StackHashes(of: table)
    }
}

/// What one question about profiles selects.
public struct Selection: Sendable {
    /// Whose profiles; several are read as one.
    public var tenants: [Tenant]
    /// The profile type, or nil for any.
    public var profileType: ProfileType?
    /// Conditions on the series' labels, all of which must hold.
    public var matchers: [LabelMatcher]
    /// When the profiles were taken.
    public var range: TimeRange
    /// Only samples of these spans, unless nil.
    public var spans: Set<UInt64>?
    /// Only samples of these traces, unless nil.
    public var traces: Set<TraceID>?
    /// Only these profiles, unless nil.
    public var profiles: Set<ProfileID>?
    /// Only stacks that pass.
    public var stacks: StackFilter

    /// Makes a selection.
    public init(
        tenants: [Tenant], profileType: ProfileType? = nil, matchers: [LabelMatcher] = [], range: TimeRange,
        spans: Set<UInt64>? = nil, traces: Set<TraceID>? = nil, profiles: Set<ProfileID>? = nil,
        stacks: StackFilter = StackFilter()
    ) {
        self.tenants = tenants
        self.profileType = profileType
        self.matchers = matchers
        self.range = range
        self.spans = spans
        self.traces = traces
        self.profiles = profiles
        self.stacks = stacks
    }

    /// Whether a sample's span and trace pass; one that has none, which is 0, belongs to no span that anybody asks for.
    public func takes(span: UInt64, trace: TraceID) -> Bool {
        (spans.map { span != 0 && $0.contains(span) } ?? true)
            && (traces.map { trace != .none && $0.contains(trace) } ?? true)
    }
}

/// The sum of a selection for each stack, in one symbol partition.
///
/// `totals[i]` belongs to stack `stacks[i]`; a stack occurs at most once.
public struct StackTotals: Sendable {
    /// What resolves the stacks.
    public var symbols: SymbolTable
    /// Nodes of the partition's stack tree, in ascending order.
    public var stacks: [UInt32]
    /// The sums, saturated, in the unit of the profile type.
    public var totals: [Int64]
    /// The tree of names of `symbols`, where the engine keeps one.
    public var named: NamedStacks?
    /// What was taken of the engine's memory for it, and is given back when nobody has it any more.
    public var memory: [MemoryReservation] = []

    /// Makes totals; the caller keeps the lengths equal.
    public init(symbols: SymbolTable, stacks: [UInt32], totals: [Int64], named: NamedStacks? = nil) {
        self.symbols = symbols
        self.stacks = stacks
        self.totals = totals
        self.named = named
    }
}

/// The selected profiles of one series: when each was taken and what its samples sum up to.
///
/// Where a selection names spans, traces or stacks, `totals` sums only the samples that pass, and profiles without any are
/// left out.
public struct SeriesTimeline: Sendable {
    /// The series.
    public var series: LabelSet
    /// When each profile was taken, in nanoseconds, ascending.
    public var times: [Int64]
    /// The sum of each profile's samples, saturated.
    public var totals: [Int64]

    /// Makes a timeline; the caller keeps the lengths equal.
    public init(series: LabelSet, times: [Int64] = [], totals: [Int64] = []) {
        self.series = series
        self.times = times
        self.totals = totals
    }

    /// Points sorted into the timelines of their series.
    public static func lines(of points: ProfilePoints) -> [SeriesTimeline] {
        var timelines = points.series.map { SeriesTimeline(series: $0) }
        for index in points.times.indices {
            timelines[Int(points.seriesIndices[index])].times.append(points.times[index])
            timelines[Int(points.seriesIndices[index])].totals.append(points.totals[index])
        }
        return timelines
    }
}

/// The selected profiles as parallel columns, without their samples.
///
/// Profile `i` belongs to `series[seriesIndices[i]]`. Where a selection names spans, traces or stacks, `totals` sums only
/// the samples that pass, and profiles without any are left out.
public struct ProfilePoints: Sendable {
    /// The distinct series.
    public var series: [LabelSet] = []
    /// Which series each profile belongs to.
    public var seriesIndices: [UInt32] = []
    /// When each profile was taken, in nanoseconds.
    public var times: [Int64] = []
    /// The id of each profile.
    public var ids: [ProfileID] = []
    /// The sum of each profile's samples, saturated.
    public var totals: [Int64] = []

    /// Makes empty columns.
    public init() {}
}

/// The spans inside the selected profiles as parallel columns: one row for each profile, span and trace.
public struct SpanPoints: Sendable {
    /// The distinct series.
    public var series: [LabelSet] = []
    /// Which series each row belongs to.
    public var seriesIndices: [UInt32] = []
    /// When the row's profile was taken, in nanoseconds.
    public var times: [Int64] = []
    /// The id of the row's profile.
    public var ids: [ProfileID] = []
    /// The span, never 0.
    public var spans: [UInt64] = []
    /// The trace, or ``Model/TraceID/none``.
    public var traces: [TraceID] = []
    /// The sum of the samples of that span, saturated.
    public var totals: [Int64] = []

    /// Makes empty columns.
    public init() {}
}

/// When a tenant's profiles were taken.
public struct ProfileSpan: Hashable, Sendable {
    /// The oldest profile's time in nanoseconds.
    public var oldest: Int64
    /// The newest profile's time in nanoseconds.
    public var newest: Int64

    /// Makes a span of time.
    public init(oldest: Int64, newest: Int64) {
        self.oldest = oldest
        self.newest = newest
    }
}

/// Where profiles are kept: the one thing that every engine implements.
///
/// It is asked for series, for timelines and for totals per stack; everything above (truncation, flame graphs, diff, pprof)
/// is written once over these answers. A time range selects by both ends inclusive. All errors are ``StoreError``.
public protocol ProfileStore: Sendable {
    /// What tenants keep beside their profiles.
    var documents: any DocumentStore { get }

    /// Stores profiles; when it returns, they are durable. Either all of a batch is stored or an error is thrown.
    func append(_ profiles: [NewProfile], for tenant: Tenant) async throws

    /// The distinct label sets of series that may have profiles inside the range, sorted.
    ///
    /// An engine may answer by coarser time than the range asks for, but never miss a series that has profiles in it.
    func series(in range: TimeRange, matching matchers: [LabelMatcher], tenants: [Tenant]) async throws -> [LabelSet]

    /// The names of all labels of the matching series, sorted by bytes.
    func labelNames(in range: TimeRange, matching matchers: [LabelMatcher], tenants: [Tenant]) async throws -> [Text]

    /// The values of one label over the matching series, sorted by bytes; series without the label give none.
    func labelValues(
        of name: Text, in range: TimeRange, matching matchers: [LabelMatcher], tenants: [Tenant]
    ) async throws -> [Text]

    /// The sums of a selection for each stack, one entry for each symbol partition that has any.
    func stackTotals(for selection: Selection) async throws -> [StackTotals]

    /// The selected profiles' times and totals, series by series; a series may come more than once, the earlier part first.
    func timelines(for selection: Selection) async throws -> [SeriesTimeline]

    /// The selected profiles, without their samples, in ascending order of time.
    func profilePoints(for selection: Selection) async throws -> ProfilePoints

    /// The spans inside the selected profiles, in ascending order of the profiles' time.
    func spanPoints(for selection: Selection) async throws -> SpanPoints

    /// The time in nanoseconds of the profile that is nearest to a selection's range: one inside, if there is any.
    ///
    /// Only tenants, type, matchers and range are looked at. Nil if there is no such profile at any time.
    func nearestProfile(to selection: Selection) async throws -> Int64?

    /// The oldest and newest profile of a tenant, or nil if it has none.
    func span(of tenant: Tenant) async throws -> ProfileSpan?

    /// Deletes profiles; when it returns, no answer has them any more and they do not come back.
    ///
    /// A dry run deletes nothing and counts the same. A series whose last profile went is listed no more.
    func delete(_ deletion: Deletion, dryRun: Bool) async throws -> DeletedCounts

    /// What answers take their memory from.
    var memory: MemoryBudget { get }

    /// Why profiles cannot be stored reliably any more, or nil while all is well.
    var failure: StoreError? { get }

    /// Whether the wall clock has jumped, so that nothing is deleted for its age until it is believed again.
    var isClockInDoubt: Bool { get }

    /// What is kept but not served, because it is damaged.
    var damaged: [DamagedPartition] { get }

    /// Finishes what was begun and closes; later calls throw.
    func close() async
}

extension ProfileStore {
    /// Engines without a bound give what is asked for.
    public var memory: MemoryBudget { MemoryBudget(limit: .max) }

    /// Engines without such states never fail.
    public var failure: StoreError? { nil }

    /// Engines that delete nothing for its age believe any clock.
    public var isClockInDoubt: Bool { false }

    /// Engines that keep nothing on disk find nothing damaged there.
    public var damaged: [DamagedPartition] { [] }

    /// The timelines of a selection, derived from ``profilePoints(for:)``.
    public func timelines(for selection: Selection) async throws -> [SeriesTimeline] {
        SeriesTimeline.lines(of: try await profilePoints(for: selection))
    }

    /// The names of all labels of the matching series, derived from ``series(in:matching:tenants:)``.
    public func labelNames(
        in range: TimeRange, matching matchers: [LabelMatcher], tenants: [Tenant]
    ) async throws -> [Text] {
        var names: Set<Text> = []
        for set in try await series(in: range, matching: matchers, tenants: tenants) {
            for label in set.labels { names.insert(label.name) }
        }
        return names.sorted()
    }

    /// The values of one label over the matching series, derived from ``series(in:matching:tenants:)``.
    public func labelValues(
        of name: Text, in range: TimeRange, matching matchers: [LabelMatcher], tenants: [Tenant]
    ) async throws -> [Text] {
        var values: Set<Text> = []
        for set in try await series(in: range, matching: matchers, tenants: tenants) {
            let value = set[name]
            if !value.isEmpty { values.insert(value) }
        }
        return values.sorted()
    }
}
