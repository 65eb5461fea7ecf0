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
    func append(_ profiles: [IncomingProfile], tenant: Tenant, day: Int64) async throws {
        try await lane(tenant: tenant, day: day).append(profiles)
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
