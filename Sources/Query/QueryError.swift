/// A question that cannot be answered as it was asked.
public struct QueryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line that names the field and what it should be.
    public let message: String

    /// Makes an error.
    public init(_ message: String) {
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
