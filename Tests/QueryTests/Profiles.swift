import MemoryStore
import Model
import Query
import Store

/// The profile type of the tests' profiles.
let cpu: Text = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"

/// A profile whose stacks are written root first with `;` between frames, at a time in milliseconds.
func profile(
    _ stacks: [(String, Int64)], at time: Int64, id: UInt64 = 1, labels: [Label] = [], spans: [UInt64] = []
) -> NewProfile {
    var interner = SymbolInterner()
    let leaves = stacks.map { stack, _ in
        stack.split(separator: ";").reduce(UInt32(0)) { parent, frame in
            let name = interner.intern(Text(frame))
            let function = interner.intern(Function(name: name, systemName: name))
            return interner.child(of: parent, at: interner.internLocation(lines: [Line(function: function)]))
        }
    }
    let order = leaves.indices.sorted { leaves[$0] < leaves[$1] }
    let samples = SampleColumns(
        stacks: order.map { leaves[$0] }, values: order.map { stacks[$0].1 },
        spans: spans.isEmpty ? [] : order.map { spans[$0] })
    let series = LabelSet(
        [Label(LabelName.profileType, cpu), Label(LabelName.serviceName, "api"), Label(LabelName.name, "process_cpu")]
            + labels)
    return NewProfile(
        id: ProfileID(high: 0, low: id), series: series, time: time * 1_000_000, symbols: interner.table,
        samples: samples)
}

/// A store that holds the given profiles.
func store(_ profiles: [NewProfile]) async throws -> MemoryStore {
    let store = MemoryStore()
    for profile in profiles { try await store.append([profile], for: .anonymous) }
    return store
}

/// A query for everything of the tests' profile type.
func everything(_ selector: Text = "{}", from start: Int64 = 1, to end: Int64 = 1_000_000) -> SampleQuery {
    SampleQuery(tenants: [.anonymous], profileType: cpu, selector: selector, start: start, end: end)
}

/// A time after all profiles of the tests.
let now: Int64 = 2_000_000
