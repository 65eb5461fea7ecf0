/// Bytes that are not the profile that they should be.
public struct FormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of problem, which decides the status that a client gets.
    public enum Kind: Sendable, Hashable {
        /// The bytes cannot be read at all.
        case unreadable
        /// The profile was read and breaks a rule.
        case invalid
        /// A limit was passed; the message names its setting.
        case tooLarge
    }

    /// The kind of problem.
    public let kind: Kind
    /// One line.
    public let description: String

    /// Makes an error.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
