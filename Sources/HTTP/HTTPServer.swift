import CPosix
import Dispatch
import Synchronization

/// A server on one socket: an event loop on a thread of its own in front of a ``Handler``.
public final class HTTPServer: Sendable {
    /// The port that was bound.
    public let port: Int
    private let mailbox: Mailbox
    private let ended: EndOfLoop

    /// Tells those who wait that the loop has ended.
    private final class EndOfLoop: Sendable {
        private struct State {
            var isOver = false
            var waiters: [CheckedContinuation<Void, Never>] = []
        }
        private let state = Mutex(State())

        func signal() {
            let waiters = state.withLock { state in
                state.isOver = true
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.resume() }
        }

        func wait() async {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if !state.isOver { state.waiters.append(continuation) }
                    return state.isOver
                }
                if isOver { continuation.resume() }
            }
        }
    }

    /// Binds and begins to serve; throws ``StartError`` where the address cannot be had.
    public init(_ configuration: ServerConfiguration, handler: any Handler) throws(StartError) {
        var bound: UInt16 = 0
        var error = [CChar](repeating: 0, count: 256)
        let listener = cposix_listen(configuration.host, "\(configuration.port)", 1024, &bound, &error, error.count)
        guard listener >= 0 else {
            let text = String(decoding: error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw StartError(
                description: "cannot listen on \(configuration.host):\(configuration.port): "
                    + (text.isEmpty ? errorText(Int(listener)) : text))
        }
        let epoll = cposix_epoll_create()
        guard epoll >= 0 else {
            _ = cposix_close(listener)
            throw StartError(description: "cannot create an epoll: \(errorText(Int(epoll)))")
        }
        port = Int(bound)
        let mailbox = try Mailbox()
        let ended = EndOfLoop()
        self.mailbox = mailbox
        self.ended = ended
        // The loop is made on the thread that runs it and never leaves it.
        DispatchQueue(label: "hearth.http", qos: .userInitiated).async {
            EventLoop(
                configuration: configuration, handler: handler, mailbox: mailbox, listener: listener, epoll: epoll
            ).run()
            ended.signal()
        }
    }

    /// Stops accepting, lets requests that run finish until `timeout` has passed, and returns when all is closed.
    public func stop(timeout: Duration) async {
        mailbox.post(.stop(deadline: .now + timeout))
        await ended.wait()
    }
}
