import Model
import Store
import Synchronization

/// The lanes of all files that are being written.
final class CommitLanes: Sendable {
    private struct Key: Hashable, Sendable {
        let tenant: Tenant
        let day: Int64
    }

    private struct State: Sendable {
        var lanes: [Key: CommitLane] = [:]
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

    /// All lanes.
    var all: [CommitLane] { state.withLock { Array($0.lanes.values) } }

    /// The lane of a tenant's day; the file is created if it is not there.
    func lane(tenant: Tenant, day: Int64) throws -> CommitLane {
        let key = Key(tenant: tenant, day: day)
        let known = try state.withLock { state in
            guard !state.isClosed else { throw StoreError(.closed, "the store is closed") }
            return state.lanes[key]
        }
        if let known { return known }
        if let failure = health.failure { throw failure }
        let file: PartitionFile
        do {
            file = try catalogue.file(tenant: tenant, day: day)
        } catch {
            if let damage = error as? PartitionDamage { throw damage }
            throw health.judge(error, "creating the file of day \(day) of tenant \(tenant)")
        }
        return try state.withLock { state in
            guard !state.isClosed else { throw StoreError(.closed, "the store is closed") }
            if let other = state.lanes[key] { return other }
            let lane = CommitLane(file, catalogue: catalogue, health: health)
            state.lanes[key] = lane
            return lane
        }
    }

    /// Returns when the profiles are synced.
    ///
    /// Where the day's file turns out to be damaged, twice so that it was no accident, they go to a new one.
    func append(_ profiles: [IncomingProfile], tenant: Tenant, day: Int64) async throws {
        var suspects: [PartitionFile] = []
        for _ in 0..<4 {
            do {
                return try await lane(tenant: tenant, day: day).append(profiles)
            } catch let damage as PartitionDamage {
                if suspects.contains(where: { $0 === damage.file }) { try setAside(damage) }
                suspects.append(damage.file)
            }
        }
        throw StoreError(.damaged, "\(suspects[0].path) is damaged each time that it is made")
    }

    /// Takes a damaged file out of service, and its lane with it.
    func setAside(_ damage: PartitionDamage) throws {
        let file = damage.file
        let lane = state.withLock { state in
            let key = Key(tenant: file.tenant, day: file.day)
            guard let lane = state.lanes[key], lane.file === file else { return nil as CommitLane? }
            state.lanes[key] = nil
            return lane
        }
        do {
            try catalogue.setAside(file, damage.reason)
        } catch {
            throw health.judge(error, "setting \(file.path) aside")
        }
        // Appends that wait find the file gone and come again.
        if let lane { Task { await lane.finish() } }
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
