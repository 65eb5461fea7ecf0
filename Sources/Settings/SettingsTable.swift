/// Where the text of a setting came from.
public enum SettingOrigin: Sendable, Hashable, CustomStringConvertible {
    /// Nobody said anything.
    case standard
    /// The file, at a line.
    case file(String, line: Int)
    /// An environment variable.
    case variable(String)
    /// A flag.
    case flag(String)

    /// For `--print-config` and messages.
    public var description: String {
        switch self {
        case .standard: "default"
        case .file(let path, let line): "\(path):\(line)"
        case .variable(let name): "environment \(name)"
        case .flag(let name): "flag --\(name)"
        }
    }
}

/// The rows of a command with the text that holds for each, and where it came from.
///
/// Flags win over environment variables, these over the file, and the file over defaults.
public struct SettingsTable: Sendable {
    /// The rows.
    public let rows: [SettingRow]
    private var values: [String: (text: String, origin: SettingOrigin)] = [:]

    /// Reads flags, environment and, where `config` names one, the file.
    ///
    /// `readFile` gives a file's bytes, or nil where it cannot be read. Unknown flags and keys are errors that name the nearest.
    public init(
        _ rows: [SettingRow], arguments: [String], environment: [String: String],
        readFile: (String) -> [UInt8]?
    ) throws(SettingError) {
        self.rows = rows
        for row in rows {
            if let text = environment[row.variable] { values[row.name] = (text, .variable(row.variable)) }
        }
        try readFlags(arguments)
        if let path = values["config"]?.text, !path.isEmpty {
            guard let bytes = readFile(path) else { throw SettingError("config: cannot read \(path)") }
            try read(bytes, of: path)
        }
        for row in rows { try check(row) }
    }

    private mutating func readFlags(_ arguments: [String]) throws(SettingError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else { throw SettingError("unexpected argument \"\(argument)\"") }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts.first ?? "")
            guard let row = rows.first(where: { $0.name == name }) else {
                throw SettingError("unknown flag --\(name)\(suggestion(for: name, prefix: "--"))")
            }
            if parts.count == 2 {
                values[name] = (String(parts[1]), .flag(name))
            } else if row.kind == .flag {
                values[name] = ("true", .flag(name))
            } else {
                guard let text = rest.popFirst() else { throw SettingError("flag --\(name) needs a value") }
                values[name] = (text, .flag(name))
            }
        }
    }

    private mutating func read(_ bytes: [UInt8], of path: String) throws(SettingError) {
        let root: YAMLNode?
        do throws(SettingError) {
            root = try YAMLDocument.parse(bytes)
        } catch {
            throw SettingError("config \(path): \(error)")
        }
        guard let root else { return }
        guard case .mapping(let entries, _) = root else {
            throw SettingError("config \(path):\(root.line): the file must be keys and values")
        }
        for entry in entries {
            guard rows.contains(where: { $0.name == entry.key && $0.name != "config" }) else {
                throw SettingError(
                    "config \(path):\(entry.line): unknown key \"\(entry.key)\"\(suggestion(for: entry.key, prefix: ""))"
                )
            }
            guard case .scalar(let text, let line) = entry.value else {
                throw SettingError("config \(path):\(entry.line): \(entry.key) must be a single value")
            }
            if values[entry.key] == nil { values[entry.key] = (text, .file(path, line: line)) }
        }
    }

    private func check(_ row: SettingRow) throws(SettingError) {
        let (text, origin) = value(of: row)
        let wanted: String?
        switch row.kind {
        case .text: wanted = nil
        case .flag: wanted = text == "true" || text == "false" ? nil : "true or false"
        case .number: wanted = Int(text).map { $0 >= 0 } == true ? nil : "a whole number"
        case .size: wanted = SettingUnits.bytes(text) != nil ? nil : "a size such as 512MiB"
        case .duration: wanted = SettingUnits.milliseconds(text) != nil ? nil : "a duration such as 14d or 100ms"
        case .choice(let words): wanted = words.contains(text) ? nil : words.joined(separator: " or ")
        }
        if let wanted { throw SettingError("\(row.name) must be \(wanted), got \"\(text)\" (\(origin))") }
    }

    private func value(of row: SettingRow) -> (text: String, origin: SettingOrigin) {
        values[row.name] ?? (row.standard, .standard)
    }

    private func value(of name: String) -> (text: String, origin: SettingOrigin) {
        values[name] ?? (rows.first { $0.name == name }?.standard ?? "", .standard)
    }

    /// The text of a setting.
    public func text(_ name: String) -> String { value(of: name).text }

    /// Whether a flag is on.
    public func flag(_ name: String) -> Bool { text(name) == "true" }

    /// A number.
    public func number(_ name: String) -> Int { Int(text(name)) ?? 0 }

    /// Bytes.
    public func bytes(_ name: String) -> Int { SettingUnits.bytes(text(name)) ?? 0 }

    /// Milliseconds.
    public func milliseconds(_ name: String) -> Int64 { SettingUnits.milliseconds(text(name)) ?? 0 }

    /// Every setting with its text and where that came from, as lines of YAML.
    public var listing: String {
        let width = rows.map { $0.name.count + value(of: $0).text.count }.max() ?? 0
        return rows.map { row in
            let (text, origin) = value(of: row)
            let padding = String(repeating: " ", count: max(width - row.name.count - text.count, 0))
            return "\(row.name): \(text.isEmpty ? "\"\"" : text)\(padding)  # \(origin)\n"
        }.joined()
    }

    /// The rows as `--help` shows them.
    public static func help(_ rows: [SettingRow]) -> String {
        rows.map { row in
            let value =
                switch row.kind {
                case .flag: ""
                case .text: " TEXT"
                case .number: " N"
                case .size: " SIZE"
                case .duration: " DURATION"
                case .choice(let words): " " + words.joined(separator: "|")
                }
            let standard = row.standard.isEmpty ? "" : " (default \(row.standard))"
            return "  --\(row.name)\(value)\n        \(row.sentence)\(standard)\n        \(row.variable)\n"
        }.joined()
    }

    /// The nearest known name, if one is near.
    private func suggestion(for name: String, prefix: String) -> String {
        let nearest = rows.map { ($0.name, Self.distance($0.name, name)) }.min { $0.1 < $1.1 }
        guard let nearest, nearest.1 <= max(name.count / 3, 2) else { return "" }
        return "; did you mean \(prefix)\(nearest.0)?"
    }

    /// The number of letters to insert, delete or change.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let changed = diagonal + (right[column] == letter ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(changed, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[right.count]
    }
}
