import CPosix
import Glibc
import Model
import Store

/// What a store does in the background: rolls up buckets that are over, and closes files that nobody writes any more.
struct Maintenance: Sendable {
    let catalogue: FileCatalogue
    let lanes: CommitLanes
    let policy: RollupPolicy

    /// After how long without a write a file is closed.
    private static let idle = Duration.seconds(120)
    /// How often memory that bursts have left is given back.
    private static let releaseInterval = Duration.seconds(10)

    /// Works until its task is cancelled.
    func run() async {
        await findStaleFiles()
        var released = ContinuousClock.now
        while !Task.isCancelled {
            for lane in lanes.all {
                while !Task.isCancelled, await rollUp(lane) {}
                await lane.closeIfIdle(for: Self.idle)
            }
            if ContinuousClock.now - released >= Self.releaseInterval {
                cposix_release_memory()
                released = .now
            }
            try? await Task.sleep(for: policy.interval)
        }
    }

    /// Makes lanes for files in which an earlier run left something to do.
    private func findStaleFiles() async {
        for file in catalogue.files(of: nil, in: .all) where !Task.isCancelled {
            do {
                let isStale = try PartitionReader(file).snapshot { try $0.number("SELECT 1 FROM stale LIMIT 1") != nil }
                // The connection would stay open, for each day that was ever written.
                file.closeIdle()
                if isStale { _ = try lanes.lane(tenant: file.tenant, day: file.day) }
            } catch let damage as PartitionDamage {
                try? lanes.setAside(damage)
            } catch {
                // Queries that need the file report what is wrong with it.
            }
        }
    }

    private func rollUp(_ lane: CommitLane) async -> Bool {
        do {
            return try await lane.rollUp(policy, now: WallClock.now)
        } catch let damage as PartitionDamage {
            try? lanes.setAside(damage)
            return false
        } catch {
            // A failure leaves the buckets stale: their profiles are read one by one.
            return false
        }
    }
}

/// The wall clock, in nanoseconds since the Unix epoch.
enum WallClock {
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

/// How many processors this process may use.
let processorCount: Int = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
