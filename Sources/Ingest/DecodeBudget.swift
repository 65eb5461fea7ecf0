import Synchronization

/// The bytes of pushes that may be held decoded at the same time, over all tenants and routes.
///
/// Decoding itself never waits, so that no more of it runs at once than the process has threads; what this bounds is what
/// decoded requests hold until they are stored.
public final class DecodeBudget: Sendable {
    /// The bound in bytes; 0 is none.
    public let limit: Int
    private let used = Mutex(0)

    /// Makes a budget (`max-decoded-bytes-in-flight`).
    public init(limit: Int) {
        self.limit = limit
    }

    /// Begins a request, which gives back what it took when it is closed.
    public func open() -> DecodeReservation { DecodeReservation(self) }

    /// The bytes that are taken.
    public var taken: Int { used.withLock { $0 } }

    fileprivate func take(_ count: Int) -> Bool {
        used.withLock { used in
            guard count <= limit - used else { return false }
            used += count
            return true
        }
    }

    fileprivate func giveBack(_ count: Int) { used.withLock { $0 -= count } }
}

/// What one request took out of a ``DecodeBudget``.
public final class DecodeReservation: Sendable {
    private struct State {
        var taken = 0
        var refusal: IngestError?
    }

    private let budget: DecodeBudget
    private let state = Mutex(State())

    fileprivate init(_ budget: DecodeBudget) {
        self.budget = budget
    }

    deinit { close() }

    /// Takes bytes before they are allocated; false if there is no room for them.
    public func take(_ count: Int) -> Bool {
        guard count > 0, budget.limit > 0 else { return true }
        return state.withLock { state in
            guard budget.take(count) else {
                // What would not fit alone either need not come again.
                state.refusal =
                    count > budget.limit - state.taken
                    ? IngestError(
                        .invalidArgument,
                        "the request takes more than \(budget.limit) bytes decoded (max-decoded-bytes-in-flight)")
                    : IngestError(
                        .unavailable,
                        "more than \(budget.limit) bytes of decoded pushes in flight (max-decoded-bytes-in-flight); "
                            + "send it again")
                return false
            }
            state.taken += count
            return true
        }
    }

    /// Gives everything back.
    public func close() {
        let taken = state.withLock { state in
            defer { state.taken = 0 }
            return state.taken
        }
        budget.giveBack(taken)
    }

    /// Why ``take(_:)`` said no, if it did.
    public var refusal: IngestError? { state.withLock(\.refusal) }
}
