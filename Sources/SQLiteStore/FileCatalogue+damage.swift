import Glibc
import Model
import Store
import Synchronization

extension FileCatalogue {
    /// What was set aside and would have had a part in a question.
    func damaged(of tenants: [Tenant], in range: TimeRange) -> [DamagedPartition] {
        let first = PartitionFile.day(of: range.startNanoseconds)
        let last = PartitionFile.day(of: range.endNanoseconds)
        return state.withLock { $0.damaged }.filter {
            tenants.contains($0.tenant) && first <= $0.day && $0.day <= last
        }
    }

    /// The oldest day that was set aside; one that still waits for its readers has no file of that name yet.
    var oldestDamaged: DamagedPartition? {
        state.withLock { $0.damaged }.filter { FileSize.of($0.path).total > 0 }
            .min { ($0.day, $0.tenant) < ($1.day, $1.tenant) }
    }

    /// Removes files that were set aside, once all that they may hold would have been deleted in any case; returns them with the
    /// bytes that came back.
    func removeDamaged(where isOver: (DamagedPartition) -> Bool) throws(StoreError) -> [(DamagedPartition, bytes: Int)]
    {
        var removed: [(DamagedPartition, bytes: Int)] = []
        for partition in state.withLock({ $0.damaged }) where isOver(partition) {
            let size = FileSize.of(partition.path)
            guard unlink(partition.path) == 0 || errno == ENOENT else { throw .system("remove \(partition.path)") }
            for suffix in ["-wal", "-shm"] { unlink(partition.path + suffix) }
            let isKnown = state.withLock { state in
                let count = state.damaged.count
                state.damaged.removeAll { $0.path == partition.path }
                return state.damaged.count < count
            }
            guard isKnown else { continue }
            use.change(from: size, to: FileSize())
            removed.append((partition, size.total))
        }
        return removed
    }

    /// Takes a damaged file out of every later answer, which is noted at once; the name that it is to have, or nil if it is no
    /// longer there.
    func leave(_ file: PartitionFile, because reason: String) -> String? {
        let name = DamagedPartition.path(for: file.path)
        let partition = DamagedPartition(tenant: file.tenant, day: file.day, path: name, reason: reason)
        let hasLeft = state.withLock { state in
            guard state.files[file.tenant]?[file.day] === file else { return false }
            state.files[file.tenant]?[file.day] = nil
            state.busy.insert(file.key)
            file.use.leave()
            state.damaged.append(partition)
            return true
        }
        guard hasLeft else { return nil }
        reportDamage(partition)
        return name
    }

    /// Gives a file that has left, and that nobody reads or writes, the name that it has from now on; its day begins anew.
    func moveAside(_ file: PartitionFile, to name: String) throws(StoreError) {
        file.closeIdle()
        guard rename(file.path, name) == 0 || errno == ENOENT else {
            let error = StoreError.system("rename \(file.path)")
            // Its day stays closed until the next start: what is there is kept.
            state.withLock { $0.closed[file.key] = error }
            throw error
        }
        for suffix in ["-wal", "-shm"] { rename(file.path + suffix, name + suffix) }
        forget(file)
        // It takes its room until it is removed.
        use.change(from: FileSize(), to: FileSize.of(name))
        _ = state.withLock { $0.busy.remove(file.key) }
        try syncDirectory(of: file)
    }
}
