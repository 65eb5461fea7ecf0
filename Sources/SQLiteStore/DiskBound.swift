import Model
import Store
import Synchronization

/// Keeps the bytes of all files below a bound by dropping the oldest days of all tenants.
///
/// The newest day stays, by the wall clock and by the data itself. Where that is not enough, appends are refused until there
/// is room, so that the bound holds.
actor DiskBound {
    /// The most bytes; 0 for any.
    nonisolated let limit: Int
    private nonisolated let catalogue: FileCatalogue
    private nonisolated let lanes: CommitLanes
    private nonisolated let report: @Sendable (StoreEvent) -> Void
    private var running: Task<Void, Never>?
    private var isFull = false

    init(
        limit: Int, catalogue: FileCatalogue, lanes: CommitLanes, report: @escaping @Sendable (StoreEvent) -> Void
    ) {
        self.limit = limit
        self.catalogue = catalogue
        self.lanes = lanes
        self.report = report
    }

    /// Whether the files take more than the bound.
    private nonisolated var isPassed: Bool { limit > 0 && catalogue.use.size.total > limit }

    /// Returns if there is room for an append, after dropping what may be dropped; throws ``StoreError`` of code `full` else.
    nonisolated func requireRoom() async throws(StoreError) {
        guard isPassed else { return }
        await makeRoom()
        guard isPassed else { return }
        throw StoreError(
            .full,
            "the data takes \(catalogue.use.size.total) bytes, more than the \(limit) of max-disk, and no day can "
                + "be dropped, as only the newest is left or a backup runs: raise max-disk or delete profiles")
    }

    /// Empties logs, then drops the oldest days until the rest fits.
    ///
    /// Callers that come together share one run, so that no day too many goes.
    func makeRoom() async {
        if let running { return await running.value }
        let task = Task {
            await dropOldest()
            running = nil
        }
        running = task
        await task.value
        if isPassed != isFull {
            isFull = isPassed
            report(isFull ? .full(bytes: catalogue.use.size.total, limit: limit) : .roomAgain)
        }
    }

    private func dropOldest() async {
        // Logs keep their largest size until they are emptied, and no day should go for that.
        for lane in lanes.all where FileSize.of(lane.file.path).log > 0 {
            lane.owesSpace.store(true, ordering: .relaxed)
            try? await lane.reclaim()
        }
        while isPassed {
            let oldest = oldest()
            if let damaged = catalogue.oldestDamaged, damaged.day <= oldest?.day ?? .max {
                guard remove(damaged) else { break }
                continue
            }
            guard let oldest else { break }
            do {
                guard let bytes = try await lanes.drop(oldest) else { break }
                report(.dropped(tenant: oldest.tenant, day: oldest.day, bytes: bytes, reason: .maxDisk))
            } catch {
                report(.failed("dropping day \(oldest.day) of tenant \(oldest.tenant): \(error)"))
                break
            }
        }
    }

    /// Removes a file that was set aside; false where it stays.
    private func remove(_ damaged: DamagedPartition) -> Bool {
        do {
            let removed = try catalogue.removeDamaged { $0.path == damaged.path }
            for (partition, bytes) in removed {
                report(.dropped(tenant: partition.tenant, day: partition.day, bytes: bytes, reason: .maxDisk))
            }
            return !removed.isEmpty
        } catch {
            report(.failed("dropping \(damaged.path): \(error)"))
            return false
        }
    }

    private func oldest() -> PartitionFile? {
        let files = catalogue.files(of: nil, in: .all)
        let today = PartitionFile.day(of: WallClock.nanoseconds)
        // A wall clock that runs ahead protects nothing; the data does.
        let newest = min(today, files.map(\.day).max() ?? today)
        return files.filter { $0.day < newest }.min { ($0.day, $0.tenant) < ($1.day, $1.tenant) }
    }
}
