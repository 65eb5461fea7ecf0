/// What went wrong in a storage engine.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure, which decides what a client is told.
    public enum Code: Sendable, Hashable {
        /// The engine is closed or not yet open.
        case closed
        /// There is no room: the disk or a configured bound is full.
        case full
        /// Stored data is damaged.
        case damaged
        /// The data directory cannot be used: locked by another process, or of a newer version.
        case unusable
        /// The disk did not keep what was written; nothing more is accepted until the program is started again.
        case unhealthy
        /// A bound on memory would be passed.
        case exhausted
        /// Anything else that the engine below reported.
        case failed
    }

    /// The kind of failure.
    public var code: Code
    /// One line for the log, naming what was attempted.
    public var message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
