import API
import Formats
import Glibc
import Model
import SQLiteStore
import Store
import Wire

/// What each step of a push costs, by calling it alone: inflate, decode, normalise, intern, store.
struct StepsBench {
    let fleet: FleetFile
    let work: WorkDirectory

    /// `total` is the server's CPU of a push over HTTP; what the steps do not explain is reading, HTTP and scheduling.
    func run(total: Double, _ limits: PhysicalLimits, _ report: inout Report) async {
        let warmUp = fleet.pushes.count / 4
        let count = min(fleet.pushes.count - warmUp, 1500)
        let bodies = (warmUp..<warmUp + count).map { Array(fleet.body($0)) }
        let packed = (warmUp..<warmUp + count).map { Array(fleet.gzipped($0)) }
        do {
            let message = try cpu(bodies) { _ = try PushRequest(binary: $0) }
            let inflate = try cpu(packed) { _ = try Gzip.inflate($0, limit: 16 << 20) }
            let plain = try packed.map { try Gzip.inflate($0, limit: 16 << 20) }
            let read = try cpu(plain) { _ = try Pprof.read($0, limits: .pyroscope) }
            let raws = try plain.map { try Pprof.read($0, limits: .pyroscope) }
            let normalise = try cpu(raws) {
                _ = try Pprof.normalise($0, limits: .pyroscope, language: .go, series: "bench")
            }
            let (intern, append) = try await store(warmUp, count)
            let steps: [(String, Double)] = [
                ("message (the push request around the profile)", message), ("inflate (libdeflate)", inflate),
                ("decode (protobuf to raw columns)", read), ("normalise (validate, index, sum)", normalise),
                ("intern (stacks that were seen before)", intern),
                ("encode and commit (blobs, SQLite, sync)", append - intern),
            ]
            report.begin("CPU of a push by step, each called alone on one core")
            let known = steps.reduce(0) { $0 + $1.1 }
            for (name, seconds) in steps { add(name, seconds, total, limits, &report) }
            if total.isFinite {
                add("read (HTTP, system calls, scheduling): the rest", total - known, total, limits, &report)
                add("all, measured over HTTP", total, total, limits, &report)
            }
        } catch {
            fatal("steps: \(error)")
        }
    }

    private func add(
        _ name: String, _ seconds: Double, _ total: Double, _ limits: PhysicalLimits, _ report: inout Report
    ) {
        report.add(
            Report.Row(
                what: name,
                measured: Format.milliseconds(seconds)
                    + (total.isFinite ? ", \(Format.percent(seconds / total)) of all" : ""),
                limit: "zlib: \(Format.milliseconds(limits.zlib))", ratio: Format.times(seconds / limits.zlib)))
    }

    private func cpu<Input>(_ inputs: [Input], _ step: (Input) throws -> Void) rethrows -> Double {
        for input in inputs.prefix(50) { try step(input) }
        let start = Clock.thread
        for input in inputs { try step(input) }
        return (Clock.thread - start) / Double(inputs.count)
    }

    /// Interning alone, and a whole append with as many writers as a load has, once the stacks of the services are known.
    private func store(_ warmUp: Int, _ count: Int) async throws -> (intern: Double, append: Double) {
        let directory = "\(work.path)/steps"
        let store = try SQLiteStore(directory: directory)
        var interners = [SymbolInterner](repeating: SymbolInterner(), count: fleet.plan.services.count)
        for index in 0..<warmUp {
            let profiles = try decode(index)
            let service = fleet.plan.pods[fleet.pushes[index].pod].service
            for profile in profiles { _ = interners[service].intern(profile.samples.stacks, of: profile.symbols) }
        }
        // The store is warmed by fewer: a commit of one day's stacks is all it needs.
        try await append(Array(stride(from: 0, to: warmUp, by: 4)).map(decode), to: store)
        let batch = try (warmUp..<warmUp + count).map { ($0, try decode($0)) }
        var start = Clock.thread
        for (index, profiles) in batch {
            let service = fleet.plan.pods[fleet.pushes[index].pod].service
            for profile in profiles { _ = interners[service].intern(profile.samples.stacks, of: profile.symbols) }
        }
        let intern = (Clock.thread - start) / Double(count)
        start = Clock.process
        try await append(batch.map(\.1), to: store)
        let append = (Clock.process - start) / Double(count)
        await store.close()
        WorkDirectory.remove(directory)
        return (intern, append)
    }

    private func append(_ pushes: [[NewProfile]], to store: SQLiteStore) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for first in 0..<16 {
                group.addTask {
                    for index in stride(from: first, to: pushes.count, by: 16) {
                        try await store.append(pushes[index], for: .anonymous)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func decode(_ index: Int) throws -> [NewProfile] {
        let push = fleet.pushes[index]
        let raw = try Pprof.read(Array(fleet.gzipped(index)), limits: .pyroscope)
        let decoded = try Pprof.normalise(raw, limits: .pyroscope, language: .go, series: "bench")
        let labels = fleet.plan.labels(of: fleet.plan.pods[push.pod], push.kind).map {
            Label(Text($0.name), Text($0.value))
        }
        return decoded.groups.flatMap { group in
            zip(decoded.sampleTypes, group.columns).compactMap { type, columns in
                columns.count == 0
                    ? nil
                    : NewProfile(
                        id: ProfileID(high: UInt64(index), low: 1),
                        series: LabelSet(
                            labels + [
                                Label("__type__", type.type), Label("__unit__", type.unit),
                                Label(
                                    "__profile_type__",
                                    Text("\(push.kind.metric):\(type.type):\(type.unit):cpu:nanoseconds")),
                            ]), time: push.time, symbols: decoded.symbols, samples: columns)
            }
        }
    }
}
