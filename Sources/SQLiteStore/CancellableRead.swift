import Synchronization

/// A question that waits for a reader: it ends when it is answered or cancelled, whichever comes first.
///
/// A reader that nobody waits for any more finds out at its next look.
final class CancellableRead<Answer: Sendable>: Sendable {
    private let waiter = Mutex<CheckedContinuation<Answer, any Error>?>(nil)
    private let flag = Atomic(false)

    /// Whether nobody waits any more.
    var isCancelled: Bool { flag.load(ordering: .relaxed) }

    /// Takes who waits; false where the question was cancelled before, which it is told.
    func begin(_ waiter: CheckedContinuation<Answer, any Error>) -> Bool {
        // Under the lock that `cancel` takes after it has raised the flag: one of both sees the other.
        let isCancelled = self.waiter.withLock { known in
            if !self.isCancelled { known = waiter }
            return known == nil
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
        takeWaiter()?.resume(throwing: CancellationError())
    }

    private func takeWaiter() -> CheckedContinuation<Answer, any Error>? {
        waiter.withLock { waiter in
            defer { waiter = nil }
            return waiter
        }
    }
}
