import Model
import Store
import Synchronization

/// When profiles that say no time of their own first came, so that one that is sent again keeps its place.
///
/// It remembers the last few thousand that had an id, for as long as the process lives.
final class ArrivalTimes: Sendable {
    private struct Key: Hashable, Sendable {
        let tenant: Tenant
        let id: ProfileID
    }

    private struct Generations: Sendable {
        var newer: [Key: Int64] = [:]
        var older: [Key: Int64] = [:]
    }

    private static let generationSize = 8192
    private let known = Mutex(Generations())

    /// The time at which a profile first came, which is `now` unless it came before.
    func first(_ id: ProfileID, of tenant: Tenant, now: Int64) -> Int64 {
        let key = Key(tenant: tenant, id: id)
        return known.withLock { known in
            if let time = known.newer[key] ?? known.older[key] { return time }
            if known.newer.count >= Self.generationSize {
                known.older = known.newer
                known.newer = [:]
            }
            known.newer[key] = now
            return now
        }
    }
}
