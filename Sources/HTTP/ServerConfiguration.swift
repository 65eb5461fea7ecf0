/// How a server listens, and what it bears.
public struct ServerConfiguration: Sendable {
    /// The host to bind; empty for all addresses.
    public var host: String
    /// The port to bind; 0 for any that is free.
    public var port: Int
    /// The most connections at once; one more is closed at once.
    public var maxConnections = 10_000
    /// The most bytes of request bodies in memory at once; past it, requests are refused with 503.
    public var maxBodyBytesInFlight = 512 << 20
    /// The largest head, in bytes.
    public var maxHeadBytes = 32 << 10
    /// The longest target, in bytes.
    public var maxTargetBytes = 16 << 10
    /// The most header fields.
    public var maxHeaderFields = 100
    /// From accepting to the first byte.
    public var firstByteTimeout: Duration = .seconds(60)
    /// From the first byte of a head to its last.
    public var headTimeout: Duration = .seconds(10)
    /// The time that a body has; every 10 000 bytes received add a second.
    public var bodyTimeout: Duration = .seconds(30)
    /// Between two bytes of an answer that the client takes.
    public var writeTimeout: Duration = .seconds(30)
    /// Between two requests of a connection.
    public var idleTimeout: Duration = .seconds(75)
    /// How long what a refused client still sends is read and thrown away.
    public var drainTimeout: Duration = .seconds(1)
    /// How often deadlines are looked at.
    public var sweepInterval: Duration = .milliseconds(250)

    /// Makes a configuration with the default bounds.
    public init(host: String = "127.0.0.1", port: Int = 0) {
        self.host = host
        self.port = port
    }
}

/// Why a server could not start.
public struct StartError: Error, Sendable, CustomStringConvertible {
    /// One line that names the address.
    public let description: String
}
