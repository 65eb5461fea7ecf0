/// A selector that cannot be understood.
public struct SelectorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let message: String
    /// The line and byte column, both from 1, if there is a place to point at.
    public let position: Position?

    /// A place in a selector.
    public struct Position: Hashable, Sendable {
        /// The line, from 1.
        public let line: Int
        /// The byte in the line, from 1.
        public let column: Int
    }

    /// Makes an error.
    public init(_ message: String, at position: Position? = nil) {
        self.message = message
        self.position = position
    }

    /// One line: `1:2: parse error: …`.
    public var description: String {
        let place = position.map { "\($0.line):\($0.column)" } ?? "unknown position"
        return "\(place): parse error: \(message)"
    }
}
