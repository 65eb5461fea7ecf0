import Formats
import Model
import Relabelling
import Store

extension IngestPipeline {
    /// The labels that the tenant's rules make of a series, or nil if they drop it.
    ///
    /// Only rules choose a tenant: a label `__tenant_id__` that a client sends is not even seen by them.
    func relabelled(
        _ labels: [Label], of series: SeriesLabels, _ salvage: inout SalvageReport
    ) throws(FormatError) -> [Label]? {
        let sent = labels.filter { $0.name != LabelName.tenantID }
        let rules = relabelling.rules(for: tenant)
        guard !rules.isEmpty else { return sent }
        let taken = isStrict ? sent : series.limited(sent, to: RelabelLimits.labels, &salvage)
        do throws(RelabelError) {
            return try rules.relabelled(taken)
        } catch {
            throw FormatError(.invalid, "profile with labels '\(series.description)': \(error)")
        }
    }

    /// Refuses a tenant that rules made up and nobody can be.
    static func validateTenant(_ labels: [Label]) throws(FormatError) {
        guard let id = labels.first(where: { $0.name == LabelName.tenantID })?.value else { return }
        do throws(TenantProblem) {
            _ = try Tenant(validating: id.string)
        } catch {
            throw FormatError(.invalid, "\(LabelName.tenantID): \(error)")
        }
    }

    /// The profiles of each tenant: the one that rules chose, or else the one that pushed.
    static func byTenant(_ profiles: [NewProfile], pushedBy tenant: Tenant) -> [(
        tenant: Tenant, profiles: [NewProfile]
    )] {
        var groups: [Tenant: [NewProfile]] = [:]
        for var profile in profiles {
            let chosen = profile.series[LabelName.tenantID]
            guard !chosen.isEmpty else {
                groups[tenant, default: []].append(profile)
                continue
            }
            profile.series = LabelSet(profile.series.labels.filter { $0.name != LabelName.tenantID })
            groups[Tenant(chosen.string), default: []].append(profile)
        }
        return groups.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
