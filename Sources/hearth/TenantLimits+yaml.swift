import Server
import Settings
import Store
import Telemetry

/// A YAML file of limits for single tenants: below each tenant's id the settings that differ.
struct TenantLimitsFile {
    let path: String

    /// Reads the file; `limits` makes the limits of a tenant whose settings are changed by some flags.
    func read(
        _ bytes: [UInt8], limits: ([String]) throws(SettingError) -> TenantLimits.Limits
    ) throws(SettingError) -> [Tenant: TenantLimits.Limits] {
        guard let root = try YAMLDocument.parse(bytes) else { return [:] }
        guard case .mapping(let tenants, _) = root else {
            throw SettingError("tenant-limits \(path):\(root.line): the file must be tenants with settings below them")
        }
        var all: [Tenant: TenantLimits.Limits] = [:]
        for tenant in tenants {
            guard case .mapping(let entries, _) = tenant.value else {
                throw SettingError("tenant-limits \(path):\(tenant.line): \(tenant.key) must have settings below it")
            }
            var flags: [String] = []
            for entry in entries {
                guard ServeSettings.tenantLimits.contains(entry.key), case .scalar(let text, _) = entry.value else {
                    throw SettingError("tenant-limits \(path):\(entry.line): \(entry.key) is no limit of a tenant")
                }
                flags.append("--\(entry.key)=\(text)")
            }
            do throws(SettingError) {
                all[Tenant(tenant.key)] = try limits(flags)
            } catch {
                throw SettingError("tenant-limits \(path):\(tenant.line): \(tenant.key): \(error)")
            }
        }
        return all
    }

    /// Reads the file again every few seconds and takes over what changed; a broken file changes nothing and is logged.
    func follow(
        from first: [UInt8], into table: TenantLimits, logger: Logger,
        limits: @Sendable ([String]) throws(SettingError) -> TenantLimits.Limits
    ) async {
        var last = first
        while (try? await Task.sleep(for: .seconds(2))) != nil {
            guard let bytes = Environment.readFile(path) else {
                logger.log(.warn, "tenant-limits cannot be read", ["path": path])
                continue
            }
            guard bytes != last else { continue }
            last = bytes
            do throws(SettingError) {
                table.replace(try read(bytes, limits: limits))
                logger.log(.info, "tenant-limits read again", ["path": path])
            } catch {
                logger.log(.warn, "tenant-limits not taken over", ["path": path, "error": "\(error)"])
            }
        }
    }
}
