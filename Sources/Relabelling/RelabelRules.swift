public import Model

/// The rules of a server: those for every tenant, and those that single tenants have beside them.
public struct RelabelRules: Sendable {
    /// The rules for every tenant.
    public var common: [RelabelRule]
    /// By tenant's id the rules that follow the common ones.
    public var tenants: [String: [RelabelRule]]

    /// Makes rules; none unless said otherwise.
    public init(common: [RelabelRule] = [], tenants: [String: [RelabelRule]] = [:]) {
        self.common = common
        self.tenants = tenants
    }

    /// The rules for one tenant, in the order in which they apply.
    public func rules(for tenant: String) -> [RelabelRule] {
        common + (tenants[tenant] ?? [])
    }
}

extension Array where Element == RelabelRule {
    /// The labels that the rules make of some, sorted; nil if they drop the series.
    ///
    /// Throws a ``RelabelError`` if there come to be more of them than ``RelabelLimits`` allows.
    public func relabelled(_ labels: [Label]) throws(RelabelError) -> [Label]? {
        var rule: (number: Int, action: RelabelRule.Action?) = (0, nil)
        do throws(RelabelProblem) {
            var builder = try LabelBuilder(labels)
            for (index, next) in enumerated() {
                rule = (index + 1, next.action)
                guard try next.apply(to: &builder) else { return nil }
            }
            return builder.labels.sorted()
        } catch {
            throw RelabelError(rule: rule.number, action: rule.action, problem: error)
        }
    }
}
