import Glibc

/// A client that sends exactly what it is told, over a blocking socket.
final class RawClient {
    private let socket: Int32

    init(port: Int) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw ClientError(errno: errno) }
    }

    deinit { close(socket) }

    struct ClientError: Error { let errno: Int32 }

    /// Sends as much as the server takes; false once it takes no more.
    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(
                    socket, $0.baseAddress.map { $0 + offset }, bytes.count - offset, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            offset += sent
        }
        return true
    }

    func finishSending() { shutdown(socket, Int32(SHUT_WR)) }

    /// Makes the kernel reset the connection when it is closed.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// The next bytes; empty at the end, nil if nothing came within a minute.
    ///
    /// Polls instead of blocking: the server's handlers share the threads of the tests.
    func receive() async -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count >= 0 { return Array(buffer[..<count]) }
            guard errno == EAGAIN || errno == EINTR else { return [] }
            await Task.yield()
        }
        return nil
    }

    /// Everything until the server closes.
    func receiveAll() async -> String {
        var all: [UInt8] = []
        while let part = await receive(), !part.isEmpty { all += part }
        return String(decoding: all, as: UTF8.self)
    }

    /// One answer with a Content-Length.
    func receiveAnswer() async -> String {
        var text = ""
        while let part = await receive(), !part.isEmpty {
            text += String(decoding: part, as: UTF8.self)
            guard let end = text.range(of: "\r\n\r\n") else { continue }
            let head = text[..<end.lowerBound].lowercased()
            let length = head.range(of: "content-length: ").flatMap {
                Int(head[$0.upperBound...].prefix { $0.isNumber })
            }
            if text[end.upperBound...].utf8.count >= length ?? 0 { break }
        }
        return text
    }
}

extension String {
    /// Where a part first occurs.
    func range(of part: String) -> Range<String.Index>? { self[...].range(of: part) }
}

extension Substring {
    func range(of part: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].unicodeScalars.starts(with: part.unicodeScalars) {
                return start..<unicodeScalars.index(start, offsetBy: part.unicodeScalars.count)
            }
            start = unicodeScalars.index(after: start)
        }
        return nil
    }
}
