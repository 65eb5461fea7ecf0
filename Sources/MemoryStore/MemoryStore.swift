public import Model
public import Selectors
public import Store
import Synchronization

/// Keeps profiles in memory, for tests and for trying things out; nothing survives the process.
public final class MemoryStore: ProfileStore {
    private struct StoredProfile: Sendable {
        let profile: NewProfile
        let total: Int64
    }

    private struct Key: Hashable, Sendable {
        let id: ProfileID
        let series: LabelSet
    }

    private struct State: Sendable {
        var profiles: [Tenant: [StoredProfile]] = [:]
        var known: [Tenant: Set<Key>] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())
    /// What tenants keep beside their profiles.
    public let documents: any DocumentStore = MemoryDocuments()

    /// Makes an empty store.
    public init() {}

    /// Keeps profiles.
    public func append(_ profiles: [NewProfile], for tenant: Tenant) async throws {
        try state.withLock { state throws(StoreError) in
            guard !state.isClosed else { throw StoreError(.closed, "the memory store is closed") }
            for profile in profiles {
                let key = Key(id: profile.id, series: profile.series)
                if state.known[tenant, default: []].insert(key).inserted {
                    state.profiles[tenant, default: []].append(
                        StoredProfile(profile: profile, total: profile.samples.total))
                }
            }
        }
    }

    private func profiles(
        of tenants: [Tenant], in range: TimeRange, where isWanted: (NewProfile) -> Bool
    ) throws -> [StoredProfile] {
        let all = try state.withLock { state throws(StoreError) in
            guard !state.isClosed else { throw StoreError(.closed, "the memory store is closed") }
            return tenants.flatMap { state.profiles[$0] ?? [] }
        }
        return all.filter { range.contains(nanoseconds: $0.profile.time) && isWanted($0.profile) }
            .sorted { $0.profile.time < $1.profile.time }
    }

    private func profiles(for selection: Selection) throws -> [StoredProfile] {
        try profiles(of: selection.tenants, in: selection.range) { profile in
            (selection.profileType.map { profile.series[LabelName.profileType] == $0.id } ?? true)
                && (selection.profiles?.contains(profile.id) ?? true)
                && selection.matchers.allSatisfy { $0.matches(profile.series) }
        }
    }

    /// The indices of the samples that a selection takes from a profile.
    private func samples(of profile: NewProfile, for selection: Selection) -> [Int] {
        let passes = selection.stacks.isEmpty ? [] : selection.stacks.passes(in: profile.symbols)
        let samples = profile.samples
        return samples.stacks.indices.filter { index in
            selection.takes(
                span: samples.spans.isEmpty ? 0 : samples.spans[index],
                trace: samples.traces.isEmpty ? .none : samples.traces[index])
                && (passes.isEmpty || passes[Int(samples.stacks[index])])
        }
    }

    /// The distinct label sets of the matching series.
    public func series(
        in range: TimeRange, matching matchers: [LabelMatcher], tenants: [Tenant]
    ) async throws -> [LabelSet] {
        let found = try profiles(of: tenants, in: range) { profile in
            matchers.allSatisfy { $0.matches(profile.series) }
        }
        return Set(found.map(\.profile.series)).sorted()
    }

    /// The sums of a selection for each stack, merged into one partition.
    public func stackTotals(for selection: Selection) async throws -> [StackTotals] {
        var interner = SymbolInterner()
        var sums: [Int64] = []
        for stored in try profiles(for: selection) {
            try Task.checkCancellation()
            let profile = stored.profile
            let taken = samples(of: profile, for: selection)
            let stacks = interner.intern(taken.map { profile.samples.stacks[$0] }, of: profile.symbols)
            sums.append(contentsOf: repeatElement(0, count: interner.table.stacks.count - sums.count))
            for (stack, index) in zip(stacks, taken) {
                sums[Int(stack)] = sums[Int(stack)].saturatingAdd(profile.samples.values[index])
            }
        }
        let present = sums.indices.filter { sums[$0] != 0 }
        guard !present.isEmpty else { return [] }
        return [
            StackTotals(
                symbols: interner.table, stacks: present.map { UInt32($0) }, totals: present.map { sums[$0] })
        ]
    }

    /// The selected profiles.
    public func profilePoints(for selection: Selection) async throws -> ProfilePoints {
        var points = ProfilePoints()
        var known: [LabelSet: UInt32] = [:]
        let isWhole = selection.spans == nil && selection.traces == nil && selection.stacks.isEmpty
        for stored in try profiles(for: selection) {
            var total = stored.total
            if !isWhole {
                let taken = samples(of: stored.profile, for: selection)
                guard !taken.isEmpty else { continue }
                total = taken.reduce(0) { $0.saturatingAdd(stored.profile.samples.values[$1]) }
            }
            points.seriesIndices.append(
                Self.index(of: stored.profile.series, in: &points.series, known: &known))
            points.times.append(stored.profile.time)
            points.ids.append(stored.profile.id)
            points.totals.append(total)
        }
        return points
    }

    /// The time of the selected profile that is nearest to the range.
    public func nearestProfile(to selection: Selection) async throws -> Int64? {
        let whole = Selection(
            tenants: selection.tenants, profileType: selection.profileType, matchers: selection.matchers, range: .all)
        return try profiles(for: whole).map(\.profile.time).min {
            selection.range.distance(toNanoseconds: $0) < selection.range.distance(toNanoseconds: $1)
        }
    }

    /// The spans of the selected profiles.
    public func spanPoints(for selection: Selection) async throws -> SpanPoints {
        struct SpanKey: Hashable {
            let span: UInt64
            let trace: TraceID
        }
        var points = SpanPoints()
        var known: [LabelSet: UInt32] = [:]
        for stored in try profiles(for: selection) {
            let columns = stored.profile.samples
            guard !columns.spans.isEmpty else { continue }
            var sums: [SpanKey: Int64] = [:]
            for index in samples(of: stored.profile, for: selection) where columns.spans[index] != 0 {
                let key = SpanKey(
                    span: columns.spans[index], trace: columns.traces.isEmpty ? .none : columns.traces[index])
                sums[key] = sums[key, default: 0].saturatingAdd(columns.values[index])
            }
            guard !sums.isEmpty else { continue }
            let series = Self.index(of: stored.profile.series, in: &points.series, known: &known)
            for (key, sum) in sums.sorted(by: { $0.key.span < $1.key.span }) {
                points.seriesIndices.append(series)
                points.times.append(stored.profile.time)
                points.ids.append(stored.profile.id)
                points.spans.append(key.span)
                points.traces.append(key.trace)
                points.totals.append(sum)
            }
        }
        return points
    }

    private static func index(
        of series: LabelSet, in all: inout [LabelSet], known: inout [LabelSet: UInt32]
    ) -> UInt32 {
        if let index = known[series] { return index }
        all.append(series)
        known[series] = UInt32(all.count - 1)
        return UInt32(all.count - 1)
    }

    /// The oldest and newest profile of a tenant.
    public func span(of tenant: Tenant) async throws -> ProfileSpan? {
        let times = try profiles(of: [tenant], in: .all) { _ in true }.map(\.profile.time)
        guard let oldest = times.first, let newest = times.last else { return nil }
        return ProfileSpan(oldest: oldest, newest: newest)
    }

    /// Deletes profiles; one that is sent again afterwards is stored again.
    public func delete(_ deletion: Deletion, dryRun: Bool) async throws -> DeletedCounts {
        try state.withLock { state throws(StoreError) in
            guard !state.isClosed else { throw StoreError(.closed, "the memory store is closed") }
            func isMeant(_ profile: NewProfile) -> Bool {
                deletion.start <= profile.time && profile.time <= deletion.end
                    && deletion.matchers.allSatisfy { $0.matches(profile.series) }
            }
            let all = state.profiles[deletion.tenant] ?? []
            let meant = all.filter { isMeant($0.profile) }
            if !dryRun && !meant.isEmpty {
                state.profiles[deletion.tenant] = all.filter { !isMeant($0.profile) }
                for stored in meant {
                    state.known[deletion.tenant]?.remove(Key(id: stored.profile.id, series: stored.profile.series))
                }
            }
            return DeletedCounts(
                series: Set(meant.map(\.profile.series)).count, profiles: meant.count,
                bytes: meant.reduce(0) { $0 + $1.profile.samples.count * 12 })
        }
    }

    /// Forgets everything; later calls throw.
    public func close() async {
        state.withLock { $0 = State(isClosed: true) }
    }
}
