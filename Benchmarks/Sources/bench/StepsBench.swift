import API
import Formats
import Glibc
import Model
import SQLiteStore
import Store
import Wire

/// What each step of a push costs, by calling it alone; storing tells its own steps.
struct StepsBench {
    let fleet: FleetFile
    let work: WorkDirectory

    /// `total` is the server's CPU of a push over HTTP; what the steps do not explain is reading, HTTP and scheduling.
    func run(total: Double, _ limits: PhysicalLimits, _ report: inout Report) async {
        // Kept short, as these profiles are held in memory.
        let warmUp = min(fleet.pushes.count / 4, 3000)
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
            let stored = try await store(warmUp, count)
            let steps = [
                ("message (the push request around the profile)", message), ("inflate (libdeflate)", inflate),
                ("decode (protobuf to raw columns)", read),
                ("normalise (validate, index, hash stacks, sum)", normalise),
                ("intern (find known stacks, put samples in order)", stored.intern),
                ("encode (blobs of samples)", stored.encode),
                ("commit (rows, indices, log, sync)", stored.commit),
                ("hand over (to the writer of the file, and back)", stored.rest),
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

    /// A whole append by as many writers as a load has, once the stacks of the services are known.
    ///
    /// The store says what its own steps took; the rest of the process's time is that of handing over.
    private func store(
        _ warmUp: Int, _ count: Int
    ) async throws -> (intern: Double, encode: Double, commit: Double, rest: Double) {
        let directory = "\(work.path)/steps"
        let store = try SQLiteStore(directory: directory)
        try await append((0..<warmUp).map(decode), to: store)
        let pushes = try (warmUp..<warmUp + count).map(decode)
        let known = store.writeSteps
        let start = Clock.process
        try await append(pushes, to: store)
        let all = (Clock.process - start) / Double(count)
        let now = store.writeSteps
        func step(_ step: KeyPath<WriteSteps, Int64>) -> Double {
            Double(now[keyPath: step] - known[keyPath: step]) * 1e-9 / Double(count)
        }
        let (intern, encode, commit) = (step(\.intern), step(\.encode), step(\.commit))
        await store.close()
        WorkDirectory.remove(directory)
        return (intern, encode, commit, all - intern - encode - commit)
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
        let source = SharedSymbols(decoded.symbols, stackHashes: decoded.stackHashes)
        let pod = fleet.plan.pods[push.pod]
        return decoded.groups.flatMap { group in
            group.columns.enumerated().filter { $0.element.count > 0 }.map { type, columns in
                NewProfile(
                    id: ProfileID(high: UInt64(index), low: 1), series: fleet.plan.series(of: pod, push.kind, type),
                    time: push.time, source: source, samples: columns)
            }
        }
    }
}
