import Synchronization

/// A question that waits for a reader: it ends when it is answered or cancelled, whichever comes first.
///
/// A reader that nobody waits for any more finds out at its next look.
final class CancellableRead<Answer: Sendable>: Sendable {
    private struct State: Sendable {
        var waiter: CheckedContinuation<Answer, any Error>?
        var isCancelled = false
    }

    private let state = Mutex(State())
    private let flag = Atomic(false)

    /// Whether nobody waits any more.
    var isCancelled: Bool { flag.load(ordering: .relaxed) }

    /// Takes who waits; false where the question was cancelled before, which it is told.
    func begin(_ waiter: CheckedContinuation<Answer, any Error>) -> Bool {
        let isCancelled = state.withLock { state in
            if !state.isCancelled { state.waiter = waiter }
            return state.isCancelled
        }
        if isCancelled { waiter.resume(throwing: CancellationError()) }
        return !isCancelled
    }

    /// Hands over the answer, if somebody still waits for it.
    func end(with answer: Result<Answer, any Error>) {
        takeWaiter()?.resume(with: answer)
    }

    func cancel() {
        flag.store(true, ordering: .relaxed)
        state.withLock { $0.isCancelled = true }
        takeWaiter()?.resume(throwing: CancellationError())
    }

    private func takeWaiter() -> CheckedContinuation<Answer, any Error>? {
        state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
    }
}
