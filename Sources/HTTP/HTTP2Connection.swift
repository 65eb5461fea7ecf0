import CNghttp2
import CPosix

/// A connection that speaks HTTP/2: many requests at once, each a stream.
///
/// head → the handler's admission → body → task → answer with trailers, for each stream on its own.
final class HTTP2Connection: Connection {
    /// Frames without a request or data that a client may send in a second, beyond what our answers call for.
    private static let maxControlFrames = 10_000
    /// The hard bound of a header block; the announced one is smaller.
    private static let maxHeaderBytes = 64 << 10
    /// What may wait to be written before no more is made.
    private static let outputBound = 192 << 10
    private static let shutdownNotice: Duration = .milliseconds(250)

    let socket: Int32
    private(set) var isClosed = false
    private let loop: EventLoop
    private let token: UInt64
    private let remoteAddress: String
    private var session: HTTP2Session?
    private var streams: [Int32: HTTP2Stream] = [:]
    private var output: [UInt8] = []
    private var outputOffset = 0
    private var progress = ContinuousClock.now
    private var controlFrames = 0
    private var controlSince = ContinuousClock.now
    private var goAwayAt: ContinuousClock.Instant?
    private var isLeaving = false
    /// What the loop was last told to wait for; a new socket is read from.
    private var watched = UInt32(CPOSIX_READ)

    init?(loop: EventLoop, socket: Int32, token: UInt64, remoteAddress: String) {
        self.loop = loop
        self.socket = socket
        self.token = token
        self.remoteAddress = remoteAddress
        guard let session = HTTP2Session(for: self) else { return nil }
        self.session = consume session
    }

    /// Takes the first bytes, which were read to find the protocol.
    func begin(with bytes: [UInt8]) {
        receive(bytes)
        pump()
    }

    /// The earliest moment at which something must have happened.
    var deadline: ContinuousClock.Instant? {
        var earliest = goAwayAt
        func consider(_ instant: ContinuousClock.Instant?) {
            if let instant, earliest.map({ instant < $0 }) ?? true { earliest = instant }
        }
        if streams.isEmpty { consider(progress + loop.configuration.idleTimeout) }
        for stream in streams.values { consider(stream.deadline) }
        // A full socket or a closed window: the client does not take what it asked for.
        if !output.isEmpty || streams.values.contains(where: { $0.phase == .sending }) {
            consider(progress + loop.configuration.writeTimeout)
        }
        return earliest
    }

    // MARK: - Events of the loop

    func ready(_ events: UInt32) {
        if events & UInt32(CPOSIX_HANGUP) != 0 {
            close()
            return
        }
        if events & UInt32(CPOSIX_READ) != 0 {
            // Small, so that what follows a flood's end is not handed on.
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            // Not for ever: other connections wait as well.
            for _ in 0..<16 {
                guard !isClosed else { return }
                let count = cposix_receive(socket, &buffer, buffer.count)
                if count > 0 {
                    receive(buffer[..<count])
                    if count < buffer.count { break }
                } else {
                    if count == 0 || cposix_would_block(count) == 0 { close() }
                    break
                }
            }
        }
        pump()
    }

    private func receive(_ bytes: some Collection<UInt8>) {
        let isFine = bytes.withContiguousStorageIfAvailable { session?.receive($0) ?? false } ?? false
        guard isFine && controlFrames < Self.maxControlFrames else {
            // A GOAWAY that says why is queued.
            flush()
            close()
            return
        }
    }

    /// Writes what there is, as far as the socket takes it.
    private func pump() {
        guard !isClosed else { return }
        repeat {
            guard session?.send(into: &output, bound: Self.outputBound) ?? false else {
                close()
                return
            }
            guard !output.isEmpty else { break }
        } while write()
        guard !isClosed else { return }
        if output.isEmpty && (session?.isDone ?? true) {
            close()
            return
        }
        let interest = UInt32(CPOSIX_READ) | (output.isEmpty ? 0 : UInt32(CPOSIX_WRITE))
        guard interest != watched else { return }
        watched = interest
        loop.watch(socket, interest, token: token)
    }

    private func flush() {
        _ = session?.send(into: &output, bound: Self.outputBound)
        _ = write()
    }

    /// Sends the buffer; true if the socket took all of it.
    private func write() -> Bool {
        while outputOffset < output.count {
            let sent = output.withUnsafeBufferPointer { bytes in
                cposix_send(socket, bytes.baseAddress.map { $0 + outputOffset }, bytes.count - outputOffset)
            }
            guard sent >= 0 else {
                if cposix_would_block(sent) == 0 { close() }
                return false
            }
            if sent > 0 { progress = .now }
            outputOffset += sent
        }
        output.removeAll(keepingCapacity: true)
        outputOffset = 0
        return true
    }

    func answer(_ response: Response, stream: Int32) {
        guard streams[stream]?.phase == .responding else { return }
        streams[stream]?.task = nil
        release(stream)
        respond(response, on: stream)
        pump()
    }

    func expire() {
        let now = ContinuousClock.now
        if let moment = goAwayAt, now >= moment {
            goAwayAt = nil
            session?.goAway()
        }
        for (id, stream) in streams {
            guard let deadline = stream.deadline, now >= deadline else { continue }
            if stream.phase == .head {
                // Nothing else can be read before the header block has ended.
                close()
                return
            }
            refuse(RequestProblem(status: 408, message: "the body took too long"), on: id)
        }
        let isStalled = !output.isEmpty || streams.values.contains { $0.phase == .sending }
        if isStalled && now >= progress + loop.configuration.writeTimeout
            || streams.isEmpty && now >= progress + loop.configuration.idleTimeout
        {
            session?.goAway()
            flush()
            close()
            return
        }
        pump()
    }

    func beginStop() {
        guard !isLeaving else { return }
        isLeaving = true
        session?.announceShutdown()
        goAwayAt = .now + Self.shutdownNotice
        pump()
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        for id in streams.keys { finish(id) }
        streams = [:]
        goAwayAt = nil
        _ = cposix_close(socket)
    }

    // MARK: - Streams

    private func respond(_ response: Response, on id: Int32) {
        guard let stream = streams[id] else { return }
        var fields = [(name: ":status", value: "\(response.status)"), (name: "date", value: loop.date)]
        fields += response.headers.fields.filter { !HeaderFields.equal($0.name, "Connection") }
        let mayHaveBody = stream.method != "HEAD" && response.status != 204 && response.status != 304
        if response.trailers == nil && response.status != 204 && response.status != 304 {
            fields.append(("content-length", "\(response.body.count)"))
        }
        let hasBody = mayHaveBody && (!response.body.isEmpty || response.trailers != nil)
        streams[id]?.phase = .sending
        streams[id]?.deadline = nil
        streams[id]?.status = response.status
        streams[id]?.body = []
        streams[id]?.output = hasBody ? response.body : []
        streams[id]?.trailers = response.trailers
        if streams.count == 1 { progress = .now }
        session?.respond(id, fields, hasBody: hasBody)
    }

    private func refuse(_ problem: RequestProblem, on id: Int32) {
        refuse(Response(problem), on: id)
    }

    private func refuse(_ response: Response, on id: Int32) {
        release(id)
        respond(response, on: id)
    }

    private func startTask(_ id: Int32) {
        guard let stream = streams[id], let head = stream.head else { return }
        streams[id]?.phase = .responding
        streams[id]?.deadline = nil
        let request = Request(head: head, body: stream.body)
        let (handler, mailbox, token) = (loop.handler, loop.mailbox, token)
        streams[id]?.task = Task {
            let response = await handler.respond(to: request)
            mailbox.post(.answer(connection: token, stream: id, response))
        }
    }

    private func reserve(_ count: Int, _ id: Int32) -> Bool {
        guard count <= loop.configuration.maxBodyBytesInFlight - loop.bodyBytesInFlight else { return false }
        loop.bodyBytesInFlight += count
        streams[id]?.reserved += count
        return true
    }

    private func release(_ id: Int32) {
        loop.bodyBytesInFlight -= streams[id]?.reserved ?? 0
        streams[id]?.reserved = 0
    }

    /// Cancels what runs, gives its budget back and reports it.
    private func finish(_ id: Int32) {
        guard let stream = streams[id] else { return }
        stream.task?.cancel()
        release(id)
        let isAnswered = stream.phase == .sending && stream.outputOffset == stream.output.count
        loop.handler.finished(
            Exchange(
                head: stream.head, status: isAnswered ? stream.status : 0, bytesIn: stream.body.count,
                bytesOut: stream.outputOffset, duration: stream.started.duration(to: .now)))
    }
}

extension HTTP2Connection: HTTP2Events {
    func headBegan(_ stream: Int32) {
        progress = .now
        streams[stream] = HTTP2Stream(deadline: .now + loop.configuration.headTimeout)
    }

    func field(_ stream: Int32, _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
        guard streams[stream]?.phase == .head else { return true }
        streams[stream]?.headBytes += name.count + value.count + 32
        guard streams[stream]?.headBytes ?? 0 <= Self.maxHeaderBytes else { return false }
        streams[stream]?.add(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
        return true
    }

    func headEnded(_ id: Int32, isLast: Bool) {
        guard streams[id]?.phase == .head else { return }
        streams[id]?.hasEnded = isLast
        streams[id]?.phase = .body
        streams[id]?.deadline = .now + loop.configuration.bodyTimeout
        let head: RequestHead
        do throws(RequestProblem) {
            guard
                let parsed = try streams[id]?.parsedHead(
                    remoteAddress: remoteAddress, configuration: loop.configuration)
            else { return }
            head = parsed
        } catch {
            refuse(error, on: id)
            return
        }
        streams[id]?.head = head
        switch loop.handler.admit(head) {
        case .refuse(let response): refuse(response, on: id)
        case .accept(let limit):
            streams[id]?.limit = limit
            guard head.contentLength ?? 0 <= limit else {
                refuse(loop.handler.bodyTooLarge(head, limit: limit), on: id)
                return
            }
            if isLast { startTask(id) }
        }
    }

    func data(_ id: Int32, _ bytes: UnsafeBufferPointer<UInt8>) {
        progress = .now
        session?.consume(id, bytes.count)
        // Field by field: a copy of the stream would share its body, which then could not grow in place.
        guard streams[id]?.phase == .body, let head = streams[id]?.head, let limit = streams[id]?.limit,
            let started = streams[id]?.started
        else { return }
        let count = (streams[id]?.body.count ?? 0) + bytes.count
        guard count <= limit else {
            refuse(loop.handler.bodyTooLarge(head, limit: limit), on: id)
            return
        }
        guard reserve(bytes.count, id) else {
            refuse(.overBudget, on: id)
            return
        }
        streams[id]?.body.append(contentsOf: bytes)
        streams[id]?.deadline = started + loop.configuration.bodyTimeout + .milliseconds(count / 10)
    }

    func bodyEnded(_ id: Int32) {
        streams[id]?.hasEnded = true
        if streams[id]?.phase == .body { startTask(id) }
    }

    func streamClosed(_ id: Int32) {
        finish(id)
        streams[id] = nil
        if streams.isEmpty { progress = .now }
    }

    func controlFrame() {
        let now = ContinuousClock.now
        if controlSince.duration(to: now) > .seconds(1) {
            controlSince = now
            controlFrames = 0
        }
        controlFrames += 1
        if controlFrames == Self.maxControlFrames { session?.goAway(NGHTTP2_ENHANCE_YOUR_CALM) }
    }

    func answerSent(_ id: Int32) {
        // The client need not send the rest of a body that nobody reads.
        if let stream = streams[id], !stream.hasEnded { session?.reset(id, NGHTTP2_NO_ERROR) }
    }

    func fill(_ id: Int32, _ buffer: UnsafeMutableBufferPointer<UInt8>) -> (count: Int, isLast: Bool) {
        guard let stream = streams[id] else { return (0, true) }
        let count = min(buffer.count, stream.output.count - stream.outputOffset)
        stream.output.withUnsafeBufferPointer { bytes in
            guard let from = bytes.baseAddress, let to = buffer.baseAddress, count > 0 else { return }
            to.update(from: from + stream.outputOffset, count: count)
        }
        streams[id]?.outputOffset += count
        // A client answers data with window updates.
        controlFrames = max(controlFrames - 4, 0)
        return (count, stream.outputOffset + count == stream.output.count)
    }

    func trailers(_ id: Int32) -> HeaderFields? { streams[id]?.trailers }
}
