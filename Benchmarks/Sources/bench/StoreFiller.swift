import Glibc
import Model
import SQLiteStore
import Store

/// Fills a store in the process with profiles of one service, past every decoder.
struct StoreFiller {
    let plan: FleetPlan
    let code: ServiceCode
    private let symbols: SharedSymbols
    /// The node of each of the service's stacks.
    private let nodes: [UInt32]
    private let popularity: ZipfDistribution

    init(_ plan: FleetPlan) {
        self.plan = plan
        let code = plan.code()[0]
        self.code = code
        popularity = ZipfDistribution(count: code.stacks.count, exponent: 1)
        var interner = SymbolInterner()
        let mapping = interner.intern(
            Mapping(filename: interner.intern(Text(utf8: code.texts[code.program])), hasFunctions: true))
        let functions = code.functions.map { function in
            let name = interner.intern(Text(utf8: code.texts[function.name]))
            return interner.intern(
                Function(
                    name: name, systemName: name, filename: interner.intern(Text(utf8: code.texts[function.file])),
                    startLine: Int64(function.startLine)))
        }
        let locations = code.locations.map { location in
            interner.internLocation(
                mapping: mapping,
                lines: location.lines.map { Line(function: functions[$0.function], line: Int64($0.line)) })
        }
        nodes = code.stacks.map { stack in
            stack.reversed().reduce(UInt32(0)) { interner.child(of: $0, at: locations[Int($1)]) }
        }
        symbols = SharedSymbols(interner.table)
    }

    /// The stored form of a slot's profile: one of its types.
    func profile(_ slot: FleetPlan.Slot) -> NewProfile {
        let drawn = plan.draw(slot, popularity: popularity, stackCount: code.stacks.count)
        let order = drawn.stacks.indices.sorted { nodes[drawn.stacks[$0]] < nodes[drawn.stacks[$1]] }
        var samples = SampleColumns()
        for index in order {
            samples.stacks.append(nodes[drawn.stacks[index]])
            samples.values.append(drawn.values[2 * index + 1])
        }
        return NewProfile(
            id: ProfileID(high: UInt64(bitPattern: slot.time), low: UInt64(slot.pod)),
            series: plan.series(of: plan.pods[slot.pod], slot.kind, 1), time: slot.time, source: symbols,
            samples: samples)
    }

    /// Stores profiles, some hundreds at once, from two tasks.
    static func fill(_ store: SQLiteStore, count: Int, _ make: @escaping @Sendable (Int) -> NewProfile) async {
        let firsts = Array(stride(from: 0, to: count, by: 400))
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<2 {
                group.addTask {
                    for number in stride(from: worker, to: firsts.count, by: 2) {
                        let batch = (firsts[number]..<min(firsts[number] + 400, count)).map(make)
                        do {
                            try await store.append(batch, for: .anonymous)
                        } catch {
                            fatal("cannot fill a store: \(error)")
                        }
                    }
                }
            }
        }
    }
}

extension FleetPlan {
    /// The labels of a stored series, as ingesting makes them.
    func series(of pod: Pod, _ kind: ProfileKind, _ type: Int) -> LabelSet {
        let (sample, period) = (kind.sampleTypes[type], kind.periodType)
        let own = labels(of: pod, kind).map { Label(Text($0.name), Text($0.value)) }
        return LabelSet(
            own + [
                Label("__type__", Text(sample.type)), Label("__unit__", Text(sample.unit)),
                Label("__period_type__", Text(period.type)), Label("__period_unit__", Text(period.unit)),
                Label("__profile_type__", Text(kind.profileType(type))),
            ])
    }
}
