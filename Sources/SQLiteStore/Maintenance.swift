import CPosix
import Glibc
import Model
import Store
import Synchronization

/// What a store does in the background: rolls up buckets that are over, and closes files that nobody writes any more.
struct Maintenance: Sendable {
    let catalogue: FileCatalogue
    let lanes: CommitLanes
    let policy: RollupPolicy
    let budget: MemoryBudget

    /// After how long without a write a file is closed.
    private static let idle = Duration.seconds(120)
    /// How often memory that bursts have left is given back.
    private static let releaseInterval = Duration.seconds(10)

    /// How many files are open for writing at most, but for moments.
    static let mostOpen = 256

    /// Works until its task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await keepMemory() }
            group.addTask { await keepFiles() }
        }
    }

    /// Rolls up, gives space back and closes what nobody writes any more.
    private func keepFiles() async {
        await findStaleFiles()
        while !Task.isCancelled {
            for lane in lanes.all {
                while !Task.isCancelled, await rollUp(lane) {}
                // What readers held when something was deleted.
                try? await lane.reclaim()
                await lane.closeIfIdle(for: Self.idle)
            }
            try? await Task.sleep(for: policy.interval)
        }
    }

    /// Keeps caches and open files few, and gives back what bursts have left.
    private func keepMemory() async {
        var released = ContinuousClock.now
        var noted = 0
        defer { budget.note(-noted) }
        while !Task.isCancelled {
            await lanes.closeBeyond(Self.mostOpen)
            let cached = await trimCaches()
            budget.note(cached - noted)
            noted = cached
            if ContinuousClock.now - released >= Self.releaseInterval {
                for file in catalogue.files(of: nil, in: .all) { file.closeIdle(unusedFor: Self.idle) }
                cposix_release_memory()
                released = .now
            }
            try? await Task.sleep(for: policy.interval)
        }
    }

    /// Keeps what is in memory for readers and writers to half of the budget, so that queries have the other half.
    ///
    /// What was used longest ago goes first; writers close only when dropping all that readers have is not enough. Returns about
    /// how many bytes stay.
    private func trimCaches() async -> Int {
        let files = catalogue.files(of: nil, in: .all).map { (file: $0, cached: $0.cached) }
        let written = lanes.all.map { (lane: $0, byteCount: $0.byteCount) }.filter { $0.byteCount > 0 }
        var kept = files.reduce(0) { $0 + $1.cached.byteCount } + written.reduce(0) { $0 + $1.byteCount }
        // A service's tree of names goes with the last of its files.
        var sum: Int { kept + catalogue.names.byteCount }
        guard sum > budget.limit / 2 else { return sum }
        for entry in files.sorted(by: { $0.cached.lastRead < $1.cached.lastRead }) {
            guard sum > budget.limit / 4 else { return sum }
            entry.file.forget()
            kept -= entry.cached.byteCount
        }
        for entry in written.sorted(by: { $0.byteCount > $1.byteCount }) {
            guard sum > budget.limit / 4 else { return sum }
            await entry.lane.closeIfIdle(for: .zero)
            kept -= entry.byteCount
        }
        return sum
    }

    /// Makes lanes for files in which an earlier run left something to do.
    private func findStaleFiles() async {
        for file in catalogue.files(of: nil, in: .all) where !Task.isCancelled {
            let lease = catalogue.lease(of: [file.tenant], in: file.range)
            guard lease.files.contains(where: { $0 === file }) else { continue }
            // A failure is found again, and reported, by whoever asks for the file.
            let left = try? PartitionReader(file).snapshot { connection in
                (
                    stale: try connection.number("SELECT 1 FROM stale LIMIT 1") != nil,
                    free: (try connection.number("PRAGMA freelist_count") ?? 0) > 0
                )
            }
            // There may be many files, and few that are asked for.
            file.closeIdle()
            guard let left, left.stale || left.free, let lane = try? lanes.lane(of: file) else { continue }
            if left.free { lane.owesSpace.store(true, ordering: .relaxed) }
        }
    }

    private func rollUp(_ lane: CommitLane) async -> Bool {
        do {
            return try await lanes.twice { try await lane.rollUp(policy, now: WallClock.nanoseconds) }
        } catch let damage as PartitionDamage {
            try? await lanes.setAside(damage)
            return false
        } catch {
            // A failure leaves the buckets stale: their profiles are read one by one.
            return false
        }
    }
}
