import Model
import Store
import Synchronization

extension CommitLane {
    /// How many profiles are deleted, and pages moved, before appends that wait have their turn.
    private static let rowsAtOnce = 500
    private static let pagesAtOnce = 500

    /// Deletes profiles of some series, a few hundred in a transaction; then their space goes back to the file system.
    func delete(_ deletion: FileDeletion) async throws -> FileDeletion {
        var deletion = deletion
        while !deletion.isFinished {
            let next = deletion
            deletion = try await perform("deleting from") { try $0.delete(next, limit: Self.rowsAtOnce) }
        }
        if deletion.profiles > 0 {
            owesSpace.store(true, ordering: .relaxed)
            try await reclaim()
        }
        return deletion
    }

    /// Gives free space back; what readers hold is left for the next call.
    func reclaim() async throws {
        guard owesSpace.load(ordering: .relaxed) else { return }
        var isShrinking = true
        while isShrinking {
            let hasMore = try await perform("shrinking") { writer in
                let free = try writer.connection.number("PRAGMA freelist_count") ?? 0
                return (try writer.reclaim(pages: Self.pagesAtOnce), free)
            }
            isShrinking = hasMore.0 && hasMore.1 > Self.pagesAtOnce
            if !hasMore.0 { owesSpace.store(false, ordering: .relaxed) }
        }
        remeasure()
    }
}
