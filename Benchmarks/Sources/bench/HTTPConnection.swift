import Glibc

/// Where a server is.
struct ServerAddress: Sendable {
    let host: String
    let port: UInt16
    /// A path that all others are below, without a slash at its end.
    var basePath = ""
    /// More lines of each head, each ended by CR LF.
    var extraHeaders = ""

    /// Parses `http://host:port/path`.
    init?(url: String) {
        guard url.hasPrefix("http://") else { return nil }
        let rest = url.dropFirst(7)
        let authority = rest.prefix { $0 != "/" }
        let parts = authority.split(separator: ":")
        guard let host = parts.first, let port = parts.count > 1 ? UInt16(parts[1]) : 80 else { return nil }
        self.host = String(host)
        self.port = port
        var path = rest[authority.endIndex...]
        while path.hasSuffix("/") { path = path.dropLast() }
        basePath = String(path)
    }

    /// The head of a POST.
    func head(_ path: String, contentType: String, length: Int) -> [UInt8] {
        Array(
            ("POST \(basePath)\(path) HTTP/1.1\r\nHost: \(host):\(port)\r\nContent-Type: \(contentType)\r\n"
                + "Connect-Protocol-Version: 1\r\n\(extraHeaders)Content-Length: \(length)\r\n\r\n").utf8)
    }
}

/// A keep-alive connection that carries one request after another without blocking.
///
/// The bodies of requests are not copied and must outlive their requests.
final class HTTPConnection {
    enum Progress { case waiting, done }

    let file: Int32
    private var head: [UInt8] = []
    private var body = UnsafeRawBufferPointer(start: nil, count: 0)
    private var sent = 0
    private(set) var response = ResponseParser()
    private var buffer = [UInt8](repeating: 0, count: 256 * 1024)

    init(_ address: ServerAddress) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.host, "\(address.port)", &hints, &found) == 0, let info = found?.pointee else {
            fatal("cannot resolve \(address.host)")
        }
        defer { freeaddrinfo(found) }
        file = socket(info.ai_family, info.ai_socktype, info.ai_protocol)
        guard connect(file, info.ai_addr, info.ai_addrlen) == 0 else {
            fatal("cannot connect to \(address.host):\(address.port): \(String(cString: strerror(errno)))")
        }
        var on: Int32 = 1
        setsockopt(file, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        _ = fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK)
    }

    deinit { close(file) }

    /// Whether there is more to send.
    var wantsWrite: Bool { sent < head.count + body.count }

    /// Begins a request.
    func begin(head: [UInt8], body: UnsafeRawBufferPointer) {
        self.head = head
        self.body = body
        sent = 0
        response = ResponseParser()
    }

    /// Sends and receives what can be without waiting.
    func advance() -> Progress {
        // A head that promised more to follow would wait for it.
        let headFlags = Int32(body.count > 0 ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL)
        while wantsWrite {
            let count =
                sent < head.count
                ? head.withUnsafeBytes {
                    send(file, $0.baseAddress.map { $0 + sent }, head.count - sent, headFlags)
                }
                : send(
                    file, body.baseAddress.map { $0 + (sent - head.count) }, body.count - (sent - head.count),
                    Int32(MSG_NOSIGNAL))
            if count < 0 {
                guard errno == EAGAIN || errno == EINTR else { fatal("send: \(String(cString: strerror(errno)))") }
                return .waiting
            }
            sent += count
        }
        while !response.isComplete {
            let count = recv(file, &buffer, buffer.count, 0)
            if count < 0 {
                guard errno == EAGAIN || errno == EINTR else { fatal("recv: \(String(cString: strerror(errno)))") }
                return .waiting
            }
            guard count > 0 else { fatal("the server closed a connection in the middle of an answer") }
            response.read(buffer[..<count])
        }
        return .done
    }

    /// Carries a whole request and gives the body of the answer; ends the program if it is not 200.
    func call(head: [UInt8], body: [UInt8]) -> [UInt8] {
        body.withUnsafeBytes { bytes in
            begin(head: head, body: bytes)
            while advance() == .waiting {
                var interest = pollfd(fd: file, events: Int16(wantsWrite ? POLLOUT : POLLIN), revents: 0)
                poll(&interest, 1, 60_000)
            }
        }
        guard response.status == 200 else {
            fatal("status \(response.status): \(String(decoding: response.body.prefix(400), as: UTF8.self))")
        }
        return response.body
    }
}

/// Reads the answer to one request: a head, then a body by length or in chunks.
struct ResponseParser {
    private enum State { case head, length(Int), chunkSize, chunk(Int), trailer, complete }

    private(set) var status = 0
    private(set) var body: [UInt8] = []
    private var state = State.head
    /// A line that has not ended yet.
    private var line: [UInt8] = []
    private var length = 0
    private var isChunked = false

    var isComplete: Bool { if case .complete = state { true } else { false } }

    mutating func read(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while !rest.isEmpty {
            switch state {
            case .complete: return
            case .length(let left), .chunk(let left):
                let part = rest.prefix(left)
                body += part
                rest = rest.dropFirst(part.count)
                if case .length = state {
                    state = left == part.count ? .complete : .length(left - part.count)
                } else if left == part.count {
                    state = .chunkSize
                } else {
                    state = .chunk(left - part.count)
                }
            case .head, .chunkSize, .trailer:
                guard let end = rest.firstIndex(of: 0x0a) else {
                    line += rest
                    return
                }
                line += rest[..<end]
                rest = rest[(end + 1)...]
                if line.last == 0x0d { line.removeLast() }
                take(String(decoding: line, as: UTF8.self))
                line.removeAll(keepingCapacity: true)
            }
        }
    }

    private mutating func take(_ line: String) {
        switch state {
        case .head where status == 0:
            status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            if status == 0 { fatal("not an HTTP answer: \(line)") }
        case .head where line.isEmpty:
            body.reserveCapacity(length)
            state = isChunked ? .chunkSize : length > 0 ? .length(length) : .complete
        case .head:
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return }
            let value = parts[1].drop { $0 == " " }
            switch parts[0].lowercased() {
            case "content-length": length = Int(value) ?? 0
            case "transfer-encoding": isChunked = value.lowercased() == "chunked"
            default: break
            }
        case .chunkSize where line.isEmpty: break  // the end of the chunk before
        case .chunkSize:
            guard let size = Int(line.prefix { $0 != ";" }, radix: 16) else { fatal("not a chunk: \(line)") }
            state = size > 0 ? .chunk(size) : .trailer
        case .trailer: if line.isEmpty { state = .complete }
        default: break
        }
    }
}
