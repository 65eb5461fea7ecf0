public import Relabelling
import Store
import Synchronization
public import Telemetry

/// The relabelling rules that hold now, and a count of what they dropped.
public final class RelabelTable: Sendable {
    private struct State {
        var rules = RelabelRules()
        var counted: Set<Tenant> = []
    }

    /// How many tenants are told apart on metrics; the rest counts as ``others``, which is nobody's id.
    public static let maxTenants = 1000
    /// What tenants beyond ``maxTenants`` are counted as.
    public static let others = "{others}"

    private let state = Mutex(State())
    private let dropped: Counter

    /// Makes a table without rules, which counts in `metrics`.
    public init(metrics: Metrics = Metrics()) {
        dropped = metrics.counter(
            "hearth_ingest_relabel_dropped_total", "Profiles that relabelling rules dropped, by the tenant that pushed."
        )
    }

    /// Takes other rules from now on.
    public func replace(_ rules: RelabelRules) {
        state.withLock { $0.rules = rules }
    }

    /// The rules for what a tenant pushes.
    func rules(for tenant: Tenant) -> [RelabelRule] {
        state.withLock { $0.rules.rules(for: tenant.id) }
    }

    /// Counts profiles that were dropped.
    func countDropped(_ count: Int, of tenant: Tenant) {
        guard count > 0 else { return }
        let isKnown = state.withLock { state in
            if state.counted.count < Self.maxTenants { state.counted.insert(tenant) }
            return state.counted.contains(tenant)
        }
        dropped.add(Double(count), ["tenant": isKnown ? tenant.id : Self.others])
    }
}
