import Formats
import Store
import Synchronization

/// The bytes that each tenant may still push: a bucket that fills at the tenant's rate.
final class IngestRate: Sendable {
    private struct Bucket {
        var level: Double
        var time: Int64
    }

    private let buckets = Mutex<[Tenant: Bucket]>([:])

    /// Takes bytes out of a tenant's bucket, or says that it does not hold as many.
    ///
    /// A bucket holds at least one whole profile of the largest size, so that none is refused for ever. `now` is in nanoseconds.
    func take(_ count: Int, of tenant: Tenant, limits: IngestLimits, now: Int64) throws(IngestError) {
        guard limits.maxRate > 0 else { return }
        let room = Double(max(limits.maxBurst, limits.pprof.maxBytes, 1))
        let isTaken = buckets.withLock { buckets in
            var bucket = buckets[tenant] ?? Bucket(level: room, time: now)
            let seconds = Double(max(now - bucket.time, 0)) / 1e9
            bucket.level = min(room, bucket.level + seconds * Double(limits.maxRate))
            bucket.time = max(now, bucket.time)
            defer { buckets[tenant] = bucket }
            guard Double(count) <= bucket.level else { return false }
            bucket.level -= Double(count)
            return true
        }
        guard isTaken else {
            throw IngestError(
                .resourceExhausted,
                "ingestion rate limit of \(limits.maxRate) bytes/s exceeded while adding \(count) bytes (max-ingest-rate)"
            )
        }
    }
}
