import CPosix
import Glibc
import Model
import Store
import Synchronization

extension FileCatalogue {
    /// Takes a file out of every later answer; false if it is no longer there.
    func leave(_ file: PartitionFile) -> Bool {
        state.withLock { state in
            guard state.files[file.tenant]?[file.day] === file else { return false }
            state.files[file.tenant]?[file.day] = nil
            state.busy.insert(file.key)
            file.use.leave()
            return true
        }
    }

    /// Returns when no file of a tenant is being made or taken away; a day that stays closed until the next start is not waited for.
    func untilQuiet(_ tenant: Tenant) async throws {
        while state.withLock({ state in state.busy.contains { $0.tenant == tenant && state.closed[$0] == nil } }) {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Unlinks a file that has left and that nobody reads or writes; its day may be written again afterwards.
    ///
    /// The database goes first: a log without its database is removed at the next start, a database without its log would
    /// be an older one.
    func remove(_ file: PartitionFile) throws(StoreError) {
        file.closeIdle()
        guard unlink(file.path) == 0 || errno == ENOENT else {
            let error = StoreError.system("remove \(file.path)")
            serveAgain(file)
            throw error
        }
        for suffix in ["-wal", "-shm"] { unlink(file.path + suffix) }
        forget(file)
        _ = state.withLock { $0.busy.remove(file.key) }
        try syncDirectory(of: file)
    }

    /// Takes a file that has left, and that nobody reads or writes, back as it is.
    func serveAgain(_ file: PartitionFile) {
        file.closeIdle()
        let again = PartitionFile(
            tenant: file.tenant, day: file.day, directory: folder(of: file.tenant), names: names)
        again.largestDeletedID.withLock { $0 = file.largestDeletedID.withLock { $0 } }
        forget(file)
        state.withLock { state in
            state.files[file.tenant, default: [:]][file.day] = again
            state.busy.remove(file.key)
        }
        measure(again)
    }

    /// Removes what a stop in the middle of a removal or of compacting leaves: logs whose database is gone, and half a copy.
    static func removeOrphans(_ entries: [String], in folder: String) {
        let names = Set(entries)
        for entry in entries {
            if entry.hasSuffix(DirectoryCompaction.suffix) { unlink("\(folder)/\(entry)") }
            for suffix in ["-wal", "-shm"] where entry.hasSuffix(".db" + suffix) {
                if !names.contains(String(entry.dropLast(suffix.count))) { unlink("\(folder)/\(entry)") }
            }
        }
    }
}

/// The lock that backups share, so that no file goes away under them; whoever takes files away holds it alone.
final class CopyLock: Sendable {
    private struct Holding: Sendable {
        var descriptor: Int32 = -1
        var count = 0
    }

    private let path: String
    private let holding = Mutex(Holding())

    init(directory: String) {
        path = Self.path(directory)
    }

    static func path(_ directory: String) -> String { directory + "/lock.copy" }

    /// Holds copies off, or tells that somebody is copying; several of this process may hold it.
    func hold() -> Bool {
        holding.withLock { holding in
            if holding.count == 0 {
                let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
                guard descriptor >= 0 else { return false }
                guard cposix_lock_file(descriptor) == 0 else {
                    close(descriptor)
                    return false
                }
                holding.descriptor = descriptor
            }
            holding.count += 1
            return true
        }
    }

    func letGo() {
        holding.withLock { holding in
            holding.count -= 1
            if holding.count == 0 { close(holding.descriptor) }
        }
    }
}
