/// Bytes that are not what they should be.
public struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, in a few words.
    public let message: String
    /// Where in the input reading stopped, if that is known.
    public let offset: Int?

    /// Makes an error.
    public init(_ message: String, offset: Int? = nil) {
        self.message = message
        self.offset = offset
    }

    /// One line, with the offset.
    public var description: String {
        offset.map { "\(message) at byte \($0)" } ?? message
    }
}
