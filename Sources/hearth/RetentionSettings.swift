import Model
import Settings
import Store

/// Reads how old profiles may become from the settings.
enum RetentionSettings {
    static func rules(_ table: SettingsTable) throws(SettingError) -> RetentionRules {
        var rules = RetentionRules(age: table.milliseconds("retention").saturatingMultiply(1_000_000))
        for part in table.text("retention-by-type").split(separator: ",") {
            let words = part.split(separator: "=", omittingEmptySubsequences: false)
            let type = words.first.map(trimmed) ?? ""
            guard words.count == 2, !type.isEmpty, let age = SettingUnits.milliseconds(trimmed(words[1])) else {
                throw SettingError(
                    "retention-by-type must be types and ages such as memory=3d,process_cpu=30d, got \"\(part)\"")
            }
            guard [1, 5].contains(type.split(separator: ":", omittingEmptySubsequences: false).count) else {
                throw SettingError(
                    "retention-by-type names a profile type by its name or by five parts with colons, got \"\(type)\"")
            }
            rules.types.append(
                RetentionRules.TypeRule(type: Text(type), age: age.saturatingMultiply(1_000_000)))
        }
        return rules
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
