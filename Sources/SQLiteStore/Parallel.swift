import Dispatch
import Glibc
import Synchronization

/// Spreads pieces of blocking work over the cores.
enum Parallel {
    /// How many workers there are at most.
    static let width = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    /// Calls `body` for each piece on some worker, and returns the workers.
    ///
    /// The first error ends it and is thrown.
    static func run<Worker: Sendable>(
        pieces: Int, makeWorker: () -> Worker, _ body: @Sendable (Worker, Int) throws -> Void
    ) throws -> [Worker] {
        let workers = (0..<min(width, pieces)).map { _ in makeWorker() }
        guard workers.count > 1 else {
            for piece in 0..<pieces { try body(workers[0], piece) }
            return workers
        }
        let next = Atomic(0)
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: workers.count) { index in
            while true {
                let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard piece < pieces else { return }
                do {
                    try body(workers[index], piece)
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                    next.store(pieces, ordering: .relaxed)
                    return
                }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return workers
    }
}
