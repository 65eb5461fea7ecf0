import Model
public import Store

/// What every storage engine must do, as checks over a fresh engine.
///
/// An engine's tests run each of ``all`` against a store of its own; a check throws a ``BehaviourFailure`` with one sentence.
public struct StoreBehaviour: Sendable, CustomStringConvertible {
    /// What the engine does.
    public let description: String
    /// Runs the check against an empty store.
    public let check: @Sendable (any ProfileStore) async throws -> Void

    init(_ description: String, _ check: @escaping @Sendable (any ProfileStore) async throws -> Void) {
        self.description = description
        self.check = check
    }

    /// All checks.
    public static let all: [StoreBehaviour] =
        samples + selections + nearest + labels + lifecycles + documents + deletions
        + random
}

/// An engine that does not do what it must.
public struct BehaviourFailure: Error, CustomStringConvertible {
    /// What was expected and what came.
    public let description: String
}

func expect<Value: Equatable>(_ value: Value, _ expected: Value, _ what: String) throws {
    guard value == expected else {
        throw BehaviourFailure(description: "\(what): expected \(expected), got \(value)")
    }
}

/// The profile type that the checks use.
let checkType: ProfileType = ProfileType(
    name: "process_cpu", sampleType: "cpu", sampleUnit: "nanoseconds", periodType: "cpu", periodUnit: "nanoseconds")

/// A sample: its frames root first with `;` between them, and `:` before a line number.
struct CheckSample {
    var stack: String
    var value: Int64
    var span: UInt64 = 0
    var trace: TraceID = .none
}

/// Makes a profile at a time in milliseconds.
func checkProfile(
    _ samples: [CheckSample], at time: Int64, id: UInt64, labels: [Label] = [], service: Text = "api"
) -> NewProfile {
    var interner = SymbolInterner()
    var rows: [(stack: UInt32, sample: CheckSample)] = samples.map { sample in
        var node: UInt32 = 0
        for frame in sample.stack.split(separator: ";") {
            let parts = frame.split(separator: ":")
            let name = interner.intern(Text(parts[0]))
            let function = interner.intern(Function(name: name, systemName: name))
            let line = parts.count > 1 ? Int64(parts[1]) ?? 0 : 0
            node = interner.child(
                of: node, at: interner.internLocation(lines: [Line(function: function, line: line)]))
        }
        return (node, sample)
    }
    rows.sort { $0.stack < $1.stack }
    var columns = SampleColumns(stacks: rows.map(\.stack), values: rows.map(\.sample.value))
    if samples.contains(where: { $0.span != 0 }) { columns.spans = rows.map(\.sample.span) }
    if samples.contains(where: { $0.trace != .none }) { columns.traces = rows.map(\.sample.trace) }
    let series = LabelSet(
        [
            Label(LabelName.profileType, checkType.id), Label(LabelName.name, checkType.name),
            Label(LabelName.serviceName, service),
        ] + labels)
    return NewProfile(
        id: ProfileID(high: 1, low: id), series: series, time: time * 1_000_000, symbols: interner.table,
        samples: columns)
}

/// Everything of the checks' type in a range of milliseconds.
func everything(from start: Int64 = 0, to end: Int64 = 1_000_000_000_000) -> Selection {
    Selection(
        tenants: [.anonymous], profileType: checkType, range: TimeRange(start: start, end: end))
}

/// The sums of a selection by stack, frames written as in ``CheckSample`` with their line numbers.
func stacks(_ store: any ProfileStore, _ selection: Selection) async throws -> [String: Int64] {
    var result: [String: Int64] = [:]
    for partition in try await store.stackTotals(for: selection) {
        guard partition.symbols.isConsistent else {
            throw BehaviourFailure(description: "a symbol table is inconsistent")
        }
        for (stack, total) in zip(partition.stacks, partition.totals) {
            var frames: [String] = []
            var node = Int(stack)
            while node != 0 {
                let location = partition.symbols.locations[Int(partition.symbols.stacks.locations[node])]
                for line in partition.symbols.lines[location.lineRange] {
                    let name = partition.symbols.strings[partition.symbols.functions[Int(line.function)].name]
                    frames.append(line.line == 0 ? name.string : "\(name):\(line.line)")
                }
                node = Int(partition.symbols.stacks.parents[node])
            }
            let key = frames.reversed().joined(separator: ";")
            result[key] = result[key, default: 0].saturatingAdd(total)
        }
    }
    return result
}
