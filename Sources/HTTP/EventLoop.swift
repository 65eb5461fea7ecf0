import CPosix
import Glibc

/// A connection as its loop sees it; it belongs to one loop for ever.
protocol Connection: AnyObject {
    var socket: Int32 { get }
    var isClosed: Bool { get }
    /// When something must have happened, or nil.
    var deadline: ContinuousClock.Instant? { get }

    func ready(_ events: UInt32)
    func answer(_ response: Response, stream: Int32)
    func expire()
    /// Takes no further request; closes at once when nothing runs.
    func beginStop()
    func close()
}

/// One thread's loop over its sockets: accepts, reads, writes and keeps deadlines.
final class EventLoop {
    private static let listenerToken: UInt64 = 0
    private static let mailboxToken: UInt64 = 1

    let configuration: ServerConfiguration
    let handler: any Handler
    let mailbox: Mailbox
    /// Bytes of request bodies that are in memory.
    var bodyBytesInFlight = 0
    private(set) var isStopping = false

    private let epoll: Int32
    private var listener: Int32
    private var connections: [UInt64: any Connection] = [:]
    private var nextToken: UInt64 = 2
    private var stopDeadline: ContinuousClock.Instant?
    private var dateSecond: Int64 = -1
    private var dateText = ""

    init(configuration: ServerConfiguration, handler: any Handler, mailbox: Mailbox, listener: Int32, epoll: Int32) {
        self.configuration = configuration
        self.handler = handler
        self.mailbox = mailbox
        self.listener = listener
        self.epoll = epoll
        _ = cposix_epoll_add(epoll, listener, UInt32(CPOSIX_READ), Self.listenerToken)
        _ = cposix_epoll_add(epoll, mailbox.event, UInt32(CPOSIX_READ), Self.mailboxToken)
    }

    /// Serves until a stop has ended.
    func run() {
        var events = [cposix_event](repeating: cposix_event(), count: 64)
        var nextSweep = ContinuousClock.now + configuration.sweepInterval
        let timeout = Int32(clamping: configuration.sweepInterval.milliseconds)
        while !(isStopping && connections.isEmpty) {
            let count = cposix_epoll_wait(epoll, &events, Int32(events.count), timeout)
            for event in events.prefix(Int(max(count, 0))) { dispatch(event) }
            let now = ContinuousClock.now
            if now >= nextSweep {
                sweep(now)
                nextSweep = now + configuration.sweepInterval
            }
        }
        _ = cposix_close(epoll)
    }

    private func dispatch(_ event: cposix_event) {
        switch event.token {
        case Self.listenerToken: acceptAll()
        case Self.mailboxToken: readMail()
        default:
            guard let connection = connections[event.token] else { return }
            connection.ready(event.ready)
            // It may have made way for another.
            if let current = connections[event.token] { forgetIfClosed(current, event.token) }
        }
    }

    private func readMail() {
        for letter in mailbox.takeAll() {
            switch letter {
            case .answer(let token, let stream, let response):
                guard let connection = connections[token] else { continue }
                connection.answer(response, stream: stream)
                forgetIfClosed(connection, token)
            case .stop(let deadline):
                guard !isStopping else { continue }
                isStopping = true
                stopDeadline = deadline
                _ = cposix_epoll_remove(epoll, listener)
                _ = cposix_close(listener)
                listener = -1
                for (token, connection) in connections {
                    connection.beginStop()
                    forgetIfClosed(connection, token)
                }
            }
        }
    }

    private func sweep(_ now: ContinuousClock.Instant) {
        let isOver = stopDeadline.map { now >= $0 } ?? false
        for (token, connection) in connections {
            if isOver {
                connection.close()
            } else if let deadline = connection.deadline, now >= deadline {
                connection.expire()
            }
            forgetIfClosed(connection, token)
        }
    }

    private func acceptAll() {
        var peer = [CChar](repeating: 0, count: 80)
        while !isStopping {
            let socket = cposix_accept(listener, &peer, peer.count)
            guard socket >= 0 else { return }
            guard connections.count < configuration.maxConnections else {
                _ = cposix_close(socket)
                continue
            }
            let address = String(decoding: peer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let token = nextToken
            nextToken += 1
            guard cposix_epoll_add(epoll, socket, UInt32(CPOSIX_READ), token) >= 0 else {
                _ = cposix_close(socket)
                continue
            }
            connections[token] = FreshConnection(loop: self, socket: socket, token: token, remoteAddress: address)
        }
    }

    private func forgetIfClosed(_ connection: any Connection, _ token: UInt64) {
        if connection.isClosed { connections[token] = nil }
    }

    /// Puts a connection that knows its protocol in the place of one that did not.
    func replace(_ token: UInt64, with connection: any Connection) {
        connections[token] = connection
    }

    /// Tells the kernel what a connection waits for.
    func watch(_ socket: Int32, _ interest: UInt32, token: UInt64) {
        _ = cposix_epoll_modify(epoll, socket, interest, token)
    }

    /// The current time as HTTP's Date.
    var date: String {
        let second = Int64(time(nil))
        if second != dateSecond {
            dateSecond = second
            var buffer = [CChar](repeating: 0, count: 40)
            cposix_http_date(second, &buffer, buffer.count)
            dateText = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return dateText
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
