import Model
import Store
import Synchronization

/// The series that each tenant has pushed profiles of lately, so that a label with a value for each request cannot make ever more.
///
/// A series counts for half an hour to an hour after its last profile. It is known by a hash of 64 bits.
final class ActiveSeries: Sendable {
    private struct State: Sendable {
        var newer: [Tenant: Set<Int>] = [:]
        /// Those that are not among the newer ones.
        var older: [Tenant: Set<Int>] = [:]
        /// When the newer ones began, in nanoseconds.
        var start: Int64 = 0
        /// The last series that were new or refused: they show which label is to blame.
        var last: [Tenant: [LabelSet]] = [:]
    }

    private static let generation: Int64 = 1_800_000_000_000
    /// So many series are looked at to find a label.
    private static let mostLast = 256

    private let state = Mutex(State())

    /// What is taken of some profiles.
    struct Admission {
        /// Profiles of series that are known, or for which there was room.
        var admitted: [NewProfile]
        /// How many pushed profiles lack a series.
        var refused = 0
        /// Why they do.
        var refusal: IngestError?
    }

    /// Takes profiles of known series, and of new ones as long as there is room.
    ///
    /// `limit` is the most series of a tenant, 0 for any; `now` is in nanoseconds.
    func admit(_ profiles: [NewProfile], of tenant: Tenant, limit: Int, now: Int64) -> Admission {
        guard limit > 0 else { return Admission(admitted: profiles) }
        return state.withLock { state in
            Self.age(&state, now: now)
            var newer = state.newer.removeValue(forKey: tenant) ?? []
            var older = state.older.removeValue(forKey: tenant) ?? []
            defer { (state.newer[tenant], state.older[tenant]) = (newer, older) }
            var refused: Set<Int> = []
            for (index, profile) in profiles.enumerated() {
                let key = profile.series.hashValue
                guard !newer.contains(key) else { continue }
                let isKnown = older.remove(key) != nil
                if !isKnown { Self.note(profile.series, &state.last[tenant, default: []], at: newer.count) }
                if isKnown || newer.count + older.count < limit {
                    newer.insert(key)
                } else {
                    refused.insert(index)
                }
            }
            guard !refused.isEmpty else { return Admission(admitted: profiles) }
            return Admission(
                admitted: profiles.indices.filter { !refused.contains($0) }.map { profiles[$0] },
                refused: Set(refused.map { profiles[$0].id }).count,
                refusal: Self.refusal(of: tenant, limit: limit, last: state.last[tenant] ?? []))
        }
    }

    private static func age(_ state: inout State, now: Int64) {
        // A clock that was set back must not keep what is there for ever.
        guard now < state.start || now >= state.start.saturatingAdd(generation) else { return }
        state.older = state.newer
        state.newer = [:]
        state.last = state.last.filter { state.older[$0.key] != nil }
        state.start = now
    }

    private static func note(_ series: LabelSet, _ last: inout [LabelSet], at place: Int) {
        if last.count < mostLast { last.append(series) } else { last[place % mostLast] = series }
    }

    private static func refusal(of tenant: Tenant, limit: Int, last: [LabelSet]) -> IngestError {
        var values: [Text: Set<Text>] = [:]
        for label in last.flatMap(\.labels) { values[label.name, default: []].insert(label.value) }
        let most = values.max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }
        let blame = most.map { "; of the last \(last.count) new ones, label \($0.key) has \($0.value.count) values" }
        return IngestError(
            .resourceExhausted,
            "tenant \(tenant) has profiles of \(limit) series within an hour, and no more are taken (max-series)"
                + (blame ?? ""))
    }
}
