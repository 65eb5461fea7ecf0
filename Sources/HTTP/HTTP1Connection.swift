import CPosix

/// A connection that speaks HTTP/1.1: one request at a time, in order.
///
/// head → the handler's admission → 100 Continue if asked for → body → task → answer → next head, or close.
final class HTTP1Connection: Connection {
    private enum State {
        case head
        case body(Incoming)
        case responding(Incoming)
        case writing(closes: Bool)
        /// Refused while the client may still be sending: what comes is thrown away, so that it sees the answer.
        case draining
        case closed
    }

    private struct Incoming {
        var parsed: ParsedHead
        var limit: Int
        var body: [UInt8] = []
        var chunks = ChunkedDecoder()
        var reserved = 0
        let started = ContinuousClock.now
    }

    let socket: Int32
    private(set) var deadline: ContinuousClock.Instant?

    private let loop: EventLoop
    private let token: UInt64
    private let remoteAddress: String
    private var state = State.head
    private var input: [UInt8] = []
    private var output = OutputQueue()
    private var stream: Int32 = 0
    private var task: Task<Void, Never>?
    /// Whether the peer's end was seen while what it sent before may still wait to be read.
    private var endIsNear = false
    /// What the loop was last told to wait for; a new socket is read from.
    private var watched = UInt32(CPOSIX_READ)
    private var headStarted: ContinuousClock.Instant?
    private var exchange: Exchange?
    private var drainsAfterWriting = false

    init(loop: EventLoop, socket: Int32, token: UInt64, remoteAddress: String) {
        self.loop = loop
        self.socket = socket
        self.token = token
        self.remoteAddress = remoteAddress
        deadline = .now + loop.configuration.firstByteTimeout
    }

    /// Takes the first bytes, which were read to find the protocol.
    func begin(with bytes: [UInt8]) {
        input = bytes
        advance()
        updateInterest()
    }

    var isClosed: Bool {
        if case .closed = state { return true }
        return false
    }

    // MARK: - Events

    func ready(_ events: UInt32) {
        if events & UInt32(CPOSIX_HANGUP) != 0 {
            // Both directions are gone: nobody is left to answer.
            close()
            return
        }
        if events & UInt32(CPOSIX_PEER_DONE) != 0, case .responding = state {
            // It may have closed or only finished sending. Most have closed: what runs for them stops, and whatever comes of it
            // is still sent.
            endIsNear = true
            task?.cancel()
        }
        if events & UInt32(CPOSIX_WRITE) != 0 {
            flush()
            advance()
        }
        if events & UInt32(CPOSIX_READ) != 0 { receive() }
        updateInterest()
    }

    /// How many bytes are asked for at once.
    private static let readSize = 64 << 10

    private func receive() {
        while wantsInput {
            let known = input.count
            var count = 0
            input.append(addingCapacity: Self.readSize) { free in
                free.withUnsafeMutableBufferPointer { buffer, filled in
                    count = cposix_receive(socket, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
                    filled += max(count, 0)
                }
            }
            guard count > 0 else {
                // Nothing runs while input is wanted, so that its end is the connection's.
                if count == 0 || cposix_would_block(count) == 0 { close() }
                return
            }
            if case .draining = state {
                input.removeSubrange(known...)
                continue
            }
            advance()
            if count < Self.readSize { return }
        }
    }

    private var wantsInput: Bool {
        switch state {
        case .head, .body, .draining: return true
        case .responding, .writing, .closed: return false
        }
    }

    func expire() {
        switch state {
        case .head:
            if input.isEmpty {
                close()
            } else {
                refuse(Response(RequestProblem(status: 408, message: "the head took too long")))
            }
        case .body: refuse(Response(RequestProblem(status: 408, message: "the body took too long")))
        case .responding, .closed: deadline = nil
        case .writing, .draining: close()
        }
        updateInterest()
    }

    func beginStop() {
        if case .head = state, input.isEmpty { close() }
    }

    func close() {
        guard !isClosed else { return }
        task?.cancel()
        task = nil
        release()
        report(status: nil)
        state = .closed
        deadline = nil
        _ = cposix_close(socket)
    }

    // MARK: - Requests

    /// Goes as far as the input allows.
    private func advance() {
        while true {
            switch state {
            case .head:
                guard !input.isEmpty else { return }
                guard startRequest() else { return }
            case .body(var incoming):
                // Moved out of the state, so that the body grows in place.
                state = .head
                guard takeBody(&incoming) else { return }
                respond(incoming)
            case .responding, .writing, .draining, .closed: return
            }
        }
    }

    /// Parses a head and asks the handler; false if more input is needed.
    private func startRequest() -> Bool {
        let now = ContinuousClock.now
        if headStarted == nil {
            headStarted = now
            deadline = now + loop.configuration.headTimeout
        }
        let configuration = loop.configuration
        let limits = HTTP1Parser.Limits(
            headBytes: configuration.maxHeadBytes, targetBytes: configuration.maxTargetBytes,
            fields: configuration.maxHeaderFields)
        var parsed: ParsedHead
        do throws(RequestProblem) {
            guard let found = try HTTP1Parser.parse(input[...], limits: limits) else { return false }
            parsed = found
        } catch {
            refuse(Response(error))
            return true
        }
        parsed.head.remoteAddress = remoteAddress
        exchange = Exchange(head: parsed.head, status: 0, bytesIn: 0, bytesOut: 0, duration: .zero)
        switch loop.handler.admit(parsed.head) {
        case .refuse(let response):
            finishEarly(response, parsed)
            return true
        case .accept(let limit):
            var incoming = Incoming(parsed: parsed, limit: limit)
            if case .length(let length) = parsed.framing {
                guard length <= limit else {
                    finishEarly(loop.handler.bodyTooLarge(parsed.head, limit: limit), parsed)
                    return true
                }
                // Room is taken as the body comes, so that a promise of one takes none from others.
                guard length <= loop.configuration.maxBodyBytesInFlight - loop.bodyBytesInFlight else {
                    finishEarly(.overBudget, parsed)
                    return true
                }
                incoming.body.reserveCapacity(min(length, 1 << 20))
            }
            input.removeFirst(parsed.byteCount)
            deadline = now + configuration.bodyTimeout
            if parsed.expectsContinue && input.isEmpty {
                output.append(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
                send()
                guard !isClosed else { return true }
            }
            state = .body(incoming)
            return true
        }
    }

    /// Moves input into the body; true when it is complete.
    private func takeBody(_ incoming: inout Incoming) -> Bool {
        let isComplete: Bool
        switch incoming.parsed.framing {
        case .length(let length):
            let wanted = length - incoming.body.count
            if incoming.body.isEmpty && input.count == length {
                swap(&incoming.body, &input)
            } else {
                let count = min(wanted, input.count)
                incoming.body.append(contentsOf: input[..<count])
                input.removeFirst(count)
            }
            isComplete = incoming.body.count == length
        case .chunked:
            do throws(RequestProblem) {
                let count = try incoming.chunks.decode(input[...], into: &incoming.body, limit: incoming.limit)
                input.removeFirst(count)
            } catch {
                if error.status == 413 {
                    refuse(loop.handler.bodyTooLarge(incoming.parsed.head, limit: incoming.limit))
                } else {
                    refuse(Response(error))
                }
                releaseReservation(&incoming)
                return false
            }
            isComplete = incoming.chunks.isDone
        }
        guard reserve(incoming.body.count - incoming.reserved, for: &incoming) else {
            releaseReservation(&incoming)
            refuse(.overBudget)
            return false
        }
        if isComplete { return true }
        // Slow is fine as long as it is not a drip.
        deadline =
            incoming.started + loop.configuration.bodyTimeout + .milliseconds(incoming.body.count / 10)
        state = .body(incoming)
        return false
    }

    private func respond(_ incoming: Incoming) {
        deadline = nil
        stream += 1
        exchange?.bytesIn = incoming.body.count
        let request = Request(head: incoming.parsed.head, body: incoming.body)
        var kept = incoming
        kept.body = []
        state = .responding(kept)
        let (handler, mailbox, token, stream) = (loop.handler, loop.mailbox, token, stream)
        task = Task {
            let response = await handler.respond(to: request)
            mailbox.post(.answer(connection: token, stream: stream, response))
        }
    }

    func answer(_ response: Response, stream: Int32) {
        guard case .responding(let incoming) = state, stream == self.stream else { return }
        task = nil
        release()
        let closes = !incoming.parsed.isKeepAlive || loop.isStopping
        write(response, for: incoming.parsed.head, closes: closes)
        // A pipelined request may be waiting.
        advance()
        updateInterest()
    }

    // MARK: - Refusals

    /// Answers before the body was read; the connection goes on only where there is no body.
    private func finishEarly(_ response: Response, _ parsed: ParsedHead) {
        input.removeFirst(parsed.byteCount)
        if parsed.framing == .length(0) {
            write(response, for: parsed.head, closes: !parsed.isKeepAlive || loop.isStopping)
        } else {
            refuse(response)
        }
    }

    private func refuse(_ response: Response) {
        release()
        if exchange == nil {
            exchange = Exchange(head: nil, status: 0, bytesIn: 0, bytesOut: 0, duration: .zero)
        }
        input = []
        drainsAfterWriting = true
        write(response, for: exchange?.head, closes: true)
    }

    // MARK: - Budget

    private func reserve(_ count: Int, for incoming: inout Incoming) -> Bool {
        guard count <= loop.configuration.maxBodyBytesInFlight - loop.bodyBytesInFlight else { return false }
        loop.bodyBytesInFlight += count
        incoming.reserved += count
        return true
    }

    private func releaseReservation(_ incoming: inout Incoming) {
        loop.bodyBytesInFlight -= incoming.reserved
        incoming.reserved = 0
    }

    private func release() {
        switch state {
        case .body(let incoming), .responding(let incoming): loop.bodyBytesInFlight -= incoming.reserved
        case .head, .writing, .draining, .closed: break
        }
    }

    // MARK: - Output

    private func write(_ response: Response, for head: RequestHead?, closes: Bool) {
        let headOnly = head?.method == "HEAD"
        output.append(
            ResponseHead.encode(
                response, date: loop.date, closes: closes, isHTTP10: head?.version == .http10))
        if !headOnly { output.append(response.body) }
        exchange?.status = response.status
        exchange?.bytesOut = headOnly ? 0 : response.body.count
        state = .writing(closes: closes)
        deadline = .now + loop.configuration.writeTimeout
        flush()
    }

    /// Sends what the socket takes; what happens next follows from the state.
    private func flush() {
        send()
        guard !isClosed, output.isEmpty, case .writing(let closes) = state else { return }
        report(status: exchange?.status)
        headStarted = nil
        if drainsAfterWriting {
            _ = cposix_shutdown_write(socket)
            state = .draining
            deadline = .now + loop.configuration.drainTimeout
        } else if closes {
            close()
        } else {
            state = .head
            // Thousands of idle connections must not keep what they read into.
            if input.isEmpty { input = [] }
            deadline = .now + loop.configuration.idleTimeout
        }
    }

    private func send() {
        switch output.send(to: socket) {
        case .sent: deadline = .now + loop.configuration.writeTimeout
        case .blocked: break
        case .failed: close()
        }
    }

    private func updateInterest() {
        guard !isClosed else { return }
        var interest = (wantsInput ? UInt32(CPOSIX_READ) : 0) | (output.isEmpty ? 0 : UInt32(CPOSIX_WRITE))
        if case .responding = state, !endIsNear { interest |= UInt32(CPOSIX_PEER_DONE) }
        guard interest != watched else { return }
        watched = interest
        loop.watch(socket, interest, token: token)
    }

    /// Tells the handler about the exchange, once; no status means that the client went away before.
    private func report(status: Int?) {
        guard var finished = exchange else { return }
        exchange = nil
        finished.status = status ?? 0
        finished.duration = headStarted?.duration(to: .now) ?? .zero
        loop.handler.finished(finished)
    }
}
