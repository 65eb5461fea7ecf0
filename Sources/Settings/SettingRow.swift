/// What the text of a setting must look like.
public enum SettingKind: Sendable, Hashable {
    /// Any text.
    case text
    /// `true` or `false`.
    case flag
    /// A whole number, not negative.
    case number
    /// Bytes: `512MiB`, `4096`.
    case size
    /// A duration: `14d`, `1h30m`, `100ms`; 0 switches off.
    case duration
    /// One of some words.
    case choice([String])
}

/// One row of the table that flags, environment, file, help and reference page are made from.
public struct SettingRow: Sendable, Hashable {
    /// The name, in words joined by dashes: the flag without its dashes and the key in the file.
    public let name: String
    /// What its text must look like.
    public let kind: SettingKind
    /// The text that holds where nobody says otherwise.
    public let standard: String
    /// What it does, in one sentence.
    public let sentence: String

    /// Makes a row.
    public init(_ name: String, _ kind: SettingKind, _ standard: String, _ sentence: String) {
        self.name = name
        self.kind = kind
        self.standard = standard
        self.sentence = sentence
    }

    /// The environment variable: `HEARTH_` and the name in capitals.
    public var variable: String {
        "HEARTH_" + name.uppercased().split(separator: "-", omittingEmptySubsequences: false).joined(separator: "_")
    }
}

/// A setting that cannot be used; the program ends with status 2.
public struct SettingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line that names the setting and where its text came from.
    public let description: String

    /// Makes an error.
    public init(_ description: String) {
        self.description = description
    }
}
