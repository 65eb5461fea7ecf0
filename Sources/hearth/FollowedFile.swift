import Settings
import Telemetry

/// A file that a setting names, read at the start and again when it changes.
struct FollowedFile<Content: Sendable>: Sendable {
    /// What it held at the start.
    let content: Content
    private let setting: String
    private let path: String
    private let bytes: [UInt8]
    private let parse: @Sendable ([UInt8]) throws(SettingError) -> Content

    /// Reads the file; nil where the setting names none.
    ///
    /// Errors name the setting and the file.
    init?(
        _ setting: String, of table: SettingsTable,
        parse: @escaping @Sendable ([UInt8]) throws(SettingError) -> Content
    ) throws(SettingError) {
        let path = table.text(setting)
        guard !path.isEmpty else { return nil }
        guard let bytes = Environment.readFile(path) else {
            throw SettingError("\(setting): cannot read \(path)")
        }
        do throws(SettingError) {
            content = try parse(bytes)
        } catch {
            throw SettingError("\(setting) \(path): \(error)")
        }
        self.setting = setting
        self.path = path
        self.bytes = bytes
        self.parse = parse
    }

    /// Hands the content on, and again whenever the file has changed.
    ///
    /// The task that is returned looks every few seconds. A file that cannot be read or understood then changes nothing, and is
    /// logged.
    func follow(logger: Logger, take: @escaping @Sendable (Content) -> Void) -> Task<Void, Never> {
        take(content)
        return Task { await look(logger, take) }
    }

    private func look(_ logger: Logger, _ take: @Sendable (Content) -> Void) async {
        var last = bytes
        while (try? await Task.sleep(for: .seconds(2))) != nil {
            guard let bytes = Environment.readFile(path) else {
                logger.log(.warn, "\(setting) cannot be read", ["path": path])
                continue
            }
            guard bytes != last else { continue }
            last = bytes
            do throws(SettingError) {
                take(try parse(bytes))
                logger.log(.info, "\(setting) read again", ["path": path])
            } catch {
                logger.log(.warn, "\(setting) not taken over", ["path": path, "error": "\(setting) \(path): \(error)"])
            }
        }
    }
}
