import CPosix

/// A connection that has not yet said which protocol it speaks.
///
/// HTTP/2 without TLS begins with a preface that no HTTP/1.1 request begins with (RFC 9113 section 3.4); the first bytes
/// decide, and go to the connection that takes over.
final class FreshConnection: Connection {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    let socket: Int32
    private(set) var deadline: ContinuousClock.Instant?
    private(set) var isClosed = false
    private let loop: EventLoop
    private let token: UInt64
    private let remoteAddress: String
    private var input: [UInt8] = []

    init(loop: EventLoop, socket: Int32, token: UInt64, remoteAddress: String) {
        self.loop = loop
        self.socket = socket
        self.token = token
        self.remoteAddress = remoteAddress
        deadline = .now + loop.configuration.firstByteTimeout
    }

    func ready(_ events: UInt32) {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let count = cposix_receive(socket, &buffer, buffer.count)
        guard count > 0 else {
            if count == 0 || cposix_would_block(count) == 0 { close() }
            return
        }
        if input.isEmpty { deadline = .now + loop.configuration.headTimeout }
        input.append(contentsOf: buffer[..<count])
        let compared = min(input.count, Self.preface.count)
        guard input[..<compared].elementsEqual(Self.preface[..<compared]) else {
            let connection = HTTP1Connection(loop: loop, socket: socket, token: token, remoteAddress: remoteAddress)
            loop.replace(token, with: connection)
            connection.begin(with: input)
            return
        }
        guard compared == Self.preface.count else { return }
        guard
            let connection = HTTP2Connection(loop: loop, socket: socket, token: token, remoteAddress: remoteAddress)
        else {
            close()
            return
        }
        loop.replace(token, with: connection)
        connection.begin(with: input)
    }

    func answer(_ response: Response, stream: Int32) {}

    func expire() { close() }

    func beginStop() { close() }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        deadline = nil
        _ = cposix_close(socket)
    }
}
