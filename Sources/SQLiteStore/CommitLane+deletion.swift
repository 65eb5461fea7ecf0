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
    ///
    /// Never while the log is moved into the database beside commits: SQLite before 3.51.3 may lose commits where a log that was moved
    /// as a whole begins anew while another connection begins to move it (sqlite.org/wal.html, "The WAL-reset bug").
    func reclaim() async throws {
        guard owesSpace.load(ordering: .relaxed) else { return }
        var isShrinking = true
        while isShrinking {
            let step = try await perform("shrinking") { writer -> (hasMore: Bool, free: Int64)? in
                guard !self.isCheckpointing else { return nil }
                let free = try writer.connection.number("PRAGMA freelist_count") ?? 0
                return (try writer.reclaim(pages: Self.pagesAtOnce), free)
            }
            guard let step else {
                try await Task.sleep(for: .milliseconds(5))
                continue
            }
            isShrinking = step.hasMore && step.free > Self.pagesAtOnce
            if !step.hasMore { owesSpace.store(false, ordering: .relaxed) }
        }
        remeasure()
    }
}
