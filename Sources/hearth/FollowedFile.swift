import Settings
import Telemetry

/// A file that a setting names, read at the start and again when it changes.
struct FollowedFile {
    /// The setting that names it.
    let setting: String
    let path: String

    /// Reads the file and hands its bytes on; errors name the setting and the file.
    ///
    /// The task that is returned looks again every few seconds. A file that cannot be read or is refused then changes nothing, and
    /// is logged.
    func follow(
        logger: Logger, take: @escaping @Sendable ([UInt8]) throws(SettingError) -> Void
    ) throws(SettingError) -> Task<Void, Never> {
        guard let first = Environment.readFile(path) else {
            throw SettingError("\(setting): cannot read \(path)")
        }
        try handOn(first, take)
        return Task { await look(after: first, logger, take) }
    }

    private func look(
        after first: [UInt8], _ logger: Logger, _ take: @Sendable ([UInt8]) throws(SettingError) -> Void
    ) async {
        var last = first
        while (try? await Task.sleep(for: .seconds(2))) != nil {
            guard let bytes = Environment.readFile(path) else {
                logger.log(.warn, "\(setting) cannot be read", ["path": path])
                continue
            }
            guard bytes != last else { continue }
            last = bytes
            do throws(SettingError) {
                try handOn(bytes, take)
                logger.log(.info, "\(setting) read again", ["path": path])
            } catch {
                logger.log(.warn, "\(setting) not taken over", ["path": path, "error": "\(error)"])
            }
        }
    }

    private func handOn(
        _ bytes: [UInt8], _ take: ([UInt8]) throws(SettingError) -> Void
    ) throws(SettingError) {
        do throws(SettingError) {
            try take(bytes)
        } catch {
            throw SettingError("\(setting) \(path): \(error)")
        }
    }
}
