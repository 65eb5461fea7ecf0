import Model
import Store
import Synchronization

/// The lanes of all files that are being written.
final class CommitLanes: Sendable {
    private struct State: Sendable {
        var lanes: [PartitionFile.Key: CommitLane] = [:]
        var isClosed = false
    }

    let health = Health()
    private let catalogue: FileCatalogue
    private let state = Mutex(State())

    init(catalogue: FileCatalogue) {
        self.catalogue = catalogue
    }

    /// How many transactions were committed.
    var commits: Int { all.reduce(0) { $0 + $1.commits } }

    /// What the steps of these transactions took.
    var steps: WriteSteps { all.reduce(into: WriteSteps()) { $0 += $1.steps } }

    /// All lanes.
    var all: [CommitLane] { state.withLock { Array($0.lanes.values) } }

    /// The lane of a tenant's day; the file is created if it is not there.
    ///
    /// Throws ``FileIsBusy`` while the day's file is being made or taken away.
    func lane(tenant: Tenant, day: Int64) throws -> CommitLane {
        let key = PartitionFile.Key(tenant: tenant, day: day)
        let known = try state.withLock { state in
            guard !state.isClosed else { throw StoreError(.closed, "the store is closed") }
            return state.lanes[key]
        }
        if let known { return known }
        if let failure = health.failure { throw failure }
        do {
            return try lane(of: catalogue.file(tenant: tenant, day: day))
        } catch {
            throw health.judge(error, "creating the file of day \(day) of tenant \(tenant)")
        }
    }

    /// The lane of a file that is there; throws ``FileIsBusy`` if it is being taken away.
    func lane(of file: PartitionFile) throws -> CommitLane {
        try state.withLock { state in
            guard !state.isClosed else { throw StoreError(.closed, "the store is closed") }
            if let other = state.lanes[file.key] {
                // The day may have begun anew, in a file whose ids mean something else.
                guard other.file === file else { throw FileIsBusy() }
                return other
            }
            // Asked under the lock under which `drop` looks for a lane: either it finds this one, or this is refused.
            guard !file.use.isLeaving else { throw FileIsBusy() }
            let lane = CommitLane(file, catalogue: catalogue, health: health)
            state.lanes[file.key] = lane
            return lane
        }
    }

    /// Returns when the profiles are synced.
    ///
    /// Where the day's file turns out to be damaged, twice so that it was no accident, they go to a new one.
    func append(_ profiles: [NewProfile], tenant: Tenant, day: Int64) async throws {
        var suspects: [PartitionFile] = []
        while true {
            do {
                return try await lane(tenant: tenant, day: day).append(profiles)
            } catch is FileIsBusy {
                // For as long as creating a file takes, or the longest query that still reads one that goes.
                try await Task.sleep(for: .milliseconds(2))
            } catch let damage as PartitionDamage {
                guard suspects.count < 4 else { throw StoreError(.damaged, "\(damage)") }
                if suspects.contains(where: { $0 === damage.file }) { try await setAside(damage) }
                suspects.append(damage.file)
            }
        }
    }

    /// Closes the files that were written longest ago where more than so many are open: each takes three descriptors and a cache.
    func closeBeyond(_ most: Int) async {
        let open = all.compactMap { lane in lane.lastUseWhileOpen.map { (lane: lane, lastUse: $0) } }
        guard open.count > most else { return }
        for entry in open.sorted(by: { $0.lastUse < $1.lastUse }).prefix(open.count - most) {
            await entry.lane.closeIfIdle(for: .zero)
        }
    }

    /// Does something twice where a file seems damaged the first time: what is read anew and wrong again is wrong in the file.
    func twice<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let damage as PartitionDamage {
            damage.file.forget()
            return try await body()
        }
    }

    /// Takes a damaged file out of service, once those who read it have ended: it is kept under another name.
    ///
    /// What is appended in the meantime waits and begins a new file.
    func setAside(_ damage: PartitionDamage) async throws {
        let file = damage.file
        guard let name = catalogue.leave(file, because: damage.reason) else { return }
        let lane = state.withLock { $0.lanes.removeValue(forKey: file.key) }
        await lane?.retire()
        await file.use.untilUnread()
        do {
            try catalogue.moveAside(file, to: name)
        } catch {
            throw health.judge(error, "setting \(file.path) aside")
        }
    }

    /// Takes a file away as a whole, once those who read it have ended; returns the bytes that came back.
    ///
    /// What is appended in the meantime waits and begins a new file. Nil if the file has gone already, or stays: for now, as
    /// somebody copies the directory, or because `isStillMeant` says no when nobody writes it any more.
    func drop(
        _ file: PartitionFile, ifStill isStillMeant: (PartitionFile) throws -> Bool = { _ in true }
    ) async throws -> Int? {
        guard catalogue.copies.hold() else { return nil }
        defer { catalogue.copies.letGo() }
        guard catalogue.leave(file) else { return nil }
        let lane = state.withLock { $0.lanes.removeValue(forKey: file.key) }
        await lane?.retire()
        await file.use.untilUnread()
        do {
            guard try isStillMeant(file) else {
                catalogue.serveAgain(file)
                return nil
            }
        } catch {
            catalogue.serveAgain(file)
            throw error
        }
        let bytes = FileSize.of(file.path).total
        do {
            try catalogue.remove(file)
        } catch {
            throw health.judge(error, "removing \(file.path)")
        }
        return bytes
    }

    /// Refuses further appends and returns when those before are done and all files are closed.
    func close() async {
        let lanes = state.withLock { state in
            state.isClosed = true
            return Array(state.lanes.values)
        }
        for lane in lanes { await lane.finish() }
    }
}
