import Server
import Settings
import Store

extension TenantLimits {
    /// Reads limits of single tenants: below each tenant's id the settings that differ.
    ///
    /// `limits` makes the limits of a tenant whose settings are changed by some flags. Errors name the line and the key.
    static func read(
        _ bytes: [UInt8], limits: ([String]) throws(SettingError) -> TenantLimits.Limits
    ) throws(SettingError) -> [Tenant: TenantLimits.Limits] {
        guard let root = try YAMLDocument.parse(bytes) else { return [:] }
        guard case .mapping(let tenants, _) = root else {
            throw SettingError("line \(root.line): the file must be tenants with settings below them")
        }
        var all: [Tenant: TenantLimits.Limits] = [:]
        for tenant in tenants {
            guard case .mapping(let entries, _) = tenant.value else {
                throw SettingError("line \(tenant.line): \(tenant.key) must have settings below it")
            }
            var flags: [String] = []
            for entry in entries {
                guard ServeSettings.tenantLimits.contains(entry.key), case .scalar(let text, _) = entry.value else {
                    throw SettingError("line \(entry.line): \(entry.key) is no limit of a tenant")
                }
                flags.append("--\(entry.key)=\(text)")
            }
            do throws(SettingError) {
                all[Tenant(tenant.key)] = try limits(flags)
            } catch {
                throw SettingError("line \(tenant.line): \(tenant.key): \(error)")
            }
        }
        return all
    }
}
