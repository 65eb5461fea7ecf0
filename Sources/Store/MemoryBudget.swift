import Synchronization

/// The bytes that caches and merges may take together: one half of `max-memory`; bodies and decoded pushes have the other.
///
/// What is accounted are the large arrays; the program's own needs come on top.
public final class MemoryBudget: Sendable {
    /// The most bytes.
    public let limit: Int
    private let used = Mutex(0)

    /// Makes a budget.
    public init(limit: Int) {
        self.limit = limit
    }

    /// A quarter of a machine's memory, at most 2 GiB.
    public static func standard(machineBytes: Int) -> Int { min(machineBytes / 4, 2 << 30) }

    /// How many bytes are reserved.
    public var reserved: Int { used.withLock { $0 } }

    /// Takes bytes, or throws ``StoreError`` of code `exhausted` that names the setting.
    public func reserve(_ bytes: Int, for what: String) throws(StoreError) {
        let fits = used.withLock { used in
            guard bytes <= limit - used else { return false }
            used += bytes
            return true
        }
        guard fits else {
            throw StoreError(
                .exhausted,
                "\(what) needs \(bytes) bytes more than are left of the \(limit) for caches and merges, half of max-memory"
            )
        }
    }

    /// Gives bytes back.
    public func release(_ bytes: Int) {
        used.withLock { $0 -= bytes }
    }

    /// Takes bytes whether or not they fit; for what is there already and can be dropped.
    public func note(_ change: Int) {
        used.withLock { $0 += change }
    }
}

/// Bytes of a budget that are given back when nobody holds this any more.
public final class MemoryReservation: Sendable {
    private let budget: MemoryBudget
    private let taken = Mutex(0)

    /// Begins with nothing.
    public init(_ budget: MemoryBudget) {
        self.budget = budget
    }

    deinit { budget.release(taken.withLock { $0 }) }

    /// Takes more bytes, or throws ``StoreError`` of code `exhausted` that names the setting.
    public func take(_ bytes: Int, for what: String) throws(StoreError) {
        guard bytes > 0 else { return }
        try budget.reserve(bytes, for: what)
        taken.withLock { $0 += bytes }
    }
}
