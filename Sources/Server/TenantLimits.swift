public import Ingest
public import Query
public import Store
import Synchronization

/// What each tenant may ask and push: the server's limits, and other ones for tenants that have their own.
public final class TenantLimits: Sendable {
    /// The limits of one tenant.
    public struct Limits: Sendable, Hashable {
        /// What may be asked.
        public var query: QueryLimits
        /// What may be pushed.
        public var ingest: IngestLimits
        /// How old its profiles may become.
        public var retention: RetentionRules

        /// Makes limits.
        public init(query: QueryLimits, ingest: IngestLimits, retention: RetentionRules = RetentionRules()) {
            self.query = query
            self.ingest = ingest
            self.retention = retention
        }
    }

    private let standard: Limits
    private let own = Mutex<[Tenant: Limits]>([:])

    /// Makes a table in which all tenants have the same limits.
    public init(_ standard: Limits) {
        self.standard = standard
    }

    /// Gives some tenants limits of their own, instead of those that had them before.
    public func replace(_ limits: [Tenant: Limits]) {
        own.withLock { $0 = limits }
    }

    /// What may be pushed by a tenant.
    func ingest(for tenant: Tenant) -> IngestLimits {
        own.withLock { $0[tenant] }?.ingest ?? standard.ingest
    }

    /// How old the profiles of a tenant may become.
    public func retention(for tenant: Tenant) -> RetentionRules {
        own.withLock { $0[tenant] }?.retention ?? standard.retention
    }

    /// What may be asked of some tenants at once: the strictest of their limits, where 0 means none.
    func query(for tenants: [Tenant]) -> QueryLimits {
        let all = own.withLock { own in tenants.map { own[$0]?.query ?? standard.query } }
        guard var limits = all.first else { return standard.query }
        func strictest(_ left: Int64, _ right: Int64) -> Int64 {
            left > 0 && right > 0 ? min(left, right) : max(left, right)
        }
        for other in all.dropFirst() {
            limits.maxLength = strictest(limits.maxLength, other.maxLength)
            limits.maxLookback = strictest(limits.maxLookback, other.maxLookback)
            limits.defaultNodes = strictest(limits.defaultNodes, other.defaultNodes)
            limits.maxNodes = strictest(limits.maxNodes, other.maxNodes)
        }
        return limits
    }
}
