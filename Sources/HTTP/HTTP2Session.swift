import CNghttp2

/// What a session tells the connection that it belongs to while bytes are read or written.
protocol HTTP2Events: AnyObject {
    func headBegan(_ stream: Int32)
    /// A header field; false refuses the stream.
    func field(_ stream: Int32, _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Bool
    func headEnded(_ stream: Int32, isLast: Bool)
    func data(_ stream: Int32, _ bytes: UnsafeBufferPointer<UInt8>)
    func bodyEnded(_ stream: Int32)
    func streamClosed(_ stream: Int32)
    /// A frame that carries neither a request nor data.
    func controlFrame()
    /// An answer's last frame went out.
    func answerSent(_ stream: Int32)
    /// Fills a frame with the answer's next bytes; `isLast` says that no more follow.
    func fill(_ stream: Int32, _ buffer: UnsafeMutableBufferPointer<UInt8>) -> (count: Int, isLast: Bool)
    /// The fields after the body, if any.
    func trailers(_ stream: Int32) -> HeaderFields?
}

/// A server's side of one HTTP/2 connection: frames, HPACK and flow control are libnghttp2's.
///
/// It belongs to one event loop. The values of the options were measured against floods of each kind.
struct HTTP2Session: ~Copyable {
    private let session: OpaquePointer

    /// What is announced to clients, in the units of RFC 9113 section 6.5.2.
    static let maxConcurrentStreams: UInt32 = 128
    private static let window: UInt32 = 1 << 20
    private static let connectionWindow: Int32 = 4 << 20
    private static let announcedHeaderBytes: UInt32 = 16 << 10

    /// Makes a session whose events go to `owner`, which must live longer; nil without memory.
    init?(for owner: any HTTP2Events) {
        var callbacks: OpaquePointer?
        guard nghttp2_session_callbacks_new(&callbacks) == 0 else { return nil }
        defer { nghttp2_session_callbacks_del(callbacks) }
        Self.setCallbacks(callbacks)
        var options: OpaquePointer?
        guard nghttp2_option_new(&options) == 0 else { return nil }
        defer { nghttp2_option_del(options) }
        // A body's bytes are given back to the sender as they are taken, never before.
        nghttp2_option_set_no_auto_window_update(options, 1)
        nghttp2_option_set_no_closed_streams(options, 1)
        nghttp2_option_set_stream_reset_rate_limit(options, 200, 20)
        var session: OpaquePointer?
        let box = EventsBox(owner)
        let made = nghttp2_session_server_new2(&session, callbacks, Unmanaged.passRetained(box).toOpaque(), options)
        guard made == 0, let session else {
            Unmanaged.passUnretained(box).release()
            return nil
        }
        self.session = session
        self.box = box
        let settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
                value: Self.maxConcurrentStreams),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: Self.window),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue), value: Self.announcedHeaderBytes),
        ]
        nghttp2_submit_settings(session, Self.noFlags, settings, settings.count)
        nghttp2_session_set_local_window_size(session, Self.noFlags, 0, Self.connectionWindow)
    }

    private let box: EventsBox

    deinit {
        nghttp2_session_del(session)
        Unmanaged.passUnretained(box).release()
    }

    private static let noFlags = UInt8(NGHTTP2_FLAG_NONE.rawValue)

    /// Reads bytes; false if the connection cannot go on.
    func receive(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        nghttp2_session_mem_recv(session, bytes.baseAddress, bytes.count) == bytes.count
    }

    /// Appends frames to `output` until it holds `bound` bytes or nothing is left; false if the connection cannot go on.
    func send(into output: inout [UInt8], bound: Int) -> Bool {
        while output.count < bound {
            var data: UnsafePointer<UInt8>?
            let count = nghttp2_session_mem_send(session, &data)
            guard count >= 0 else { return false }
            guard count > 0, let data else { return true }
            output.append(contentsOf: UnsafeBufferPointer(start: data, count: count))
        }
        return true
    }

    /// Whether neither side has anything more to say.
    var isDone: Bool { nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0 }

    /// Lets the client send as many bytes again.
    func consume(_ stream: Int32, _ count: Int) {
        nghttp2_session_consume(session, stream, count)
    }

    /// Begins an answer; its body is asked for with ``HTTP2Events/fill(_:_:)``.
    func respond(_ stream: Int32, _ fields: [(name: String, value: String)], hasBody: Bool) {
        Self.withFields(fields) { pointer, count in
            var provider = nghttp2_data_provider()
            provider.read_callback = { session, stream, buffer, length, flags, _, context in
                guard let owner = EventsBox.owner(context), let buffer, let flags else {
                    return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
                }
                let (filled, isLast) = owner.fill(stream, UnsafeMutableBufferPointer(start: buffer, count: length))
                guard isLast else { return filled }
                flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
                if let trailers = owner.trailers(stream) {
                    flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue)
                    _ = HTTP2Session.withFields(trailers.fields) { pointer, count in
                        nghttp2_submit_trailer(session, stream, pointer, count)
                    }
                }
                return filled
            }
            if hasBody {
                nghttp2_submit_response(session, stream, pointer, count, &provider)
            } else {
                nghttp2_submit_response(session, stream, pointer, count, nil)
            }
        }
    }

    /// Ends a stream at once.
    func reset(_ stream: Int32, _ code: nghttp2_error_code) {
        nghttp2_submit_rst_stream(session, Self.noFlags, stream, code.rawValue)
    }

    /// Says that a GOAWAY will follow, so that requests on their way still count.
    func announceShutdown() {
        nghttp2_submit_shutdown_notice(session)
    }

    /// Takes no further stream.
    func goAway(_ code: nghttp2_error_code = NGHTTP2_NO_ERROR) {
        nghttp2_submit_goaway(
            session, Self.noFlags, nghttp2_session_get_last_proc_stream_id(session), code.rawValue, nil, 0)
    }

    /// Lays names and values out in one buffer that lives through the call; libnghttp2 copies them.
    private static func withFields<Result>(
        _ fields: [(name: String, value: String)], _ body: (UnsafePointer<nghttp2_nv>?, Int) -> Result
    ) -> Result {
        var bytes: [UInt8] = []
        var lengths: [(name: Int, value: Int)] = []
        for field in fields {
            let name = field.name.lowercased().utf8
            let value = field.value.utf8.map { $0 < 0x20 || $0 == 0x7f ? 0x20 : $0 }
            bytes += name
            bytes += value
            lengths.append((name.count, value.count))
        }
        return bytes.withUnsafeMutableBufferPointer { buffer in
            var pairs: [nghttp2_nv] = []
            var offset = 0
            for length in lengths {
                pairs.append(
                    nghttp2_nv(
                        name: buffer.baseAddress.map { $0 + offset },
                        value: buffer.baseAddress.map { $0 + offset + length.name }, namelen: length.name,
                        valuelen: length.value, flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)))
                offset += length.name + length.value
            }
            return pairs.withUnsafeBufferPointer { body($0.baseAddress, pairs.count) }
        }
    }

    private static func setCallbacks(_ callbacks: OpaquePointer?) {
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, context in
            guard let frame, frame.pointee.hd.type == UInt8(NGHTTP2_HEADERS.rawValue),
                frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
            else { return 0 }
            EventsBox.owner(context)?.headBegan(frame.pointee.hd.stream_id)
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameLength, value, valueLength, _, context in
            guard let frame, let owner = EventsBox.owner(context) else { return 0 }
            let isTaken = owner.field(
                frame.pointee.hd.stream_id, UnsafeBufferPointer(start: name, count: nameLength),
                UnsafeBufferPointer(start: value, count: valueLength))
            return isTaken ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, context in
            guard let header = frame?.pointee.hd, let owner = EventsBox.owner(context) else { return 0 }
            let isLast = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
            switch UInt32(header.type) {
            case NGHTTP2_HEADERS.rawValue:
                if frame?.pointee.headers.cat == NGHTTP2_HCAT_REQUEST {
                    owner.headEnded(header.stream_id, isLast: isLast)
                } else if isLast {
                    owner.bodyEnded(header.stream_id)
                }
            case NGHTTP2_DATA.rawValue:
                if header.length == 0 { owner.controlFrame() }
                if isLast { owner.bodyEnded(header.stream_id) }
            default: owner.controlFrame()
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _, _, stream, data, length, context in
            EventsBox.owner(context)?.data(stream, UnsafeBufferPointer(start: data, count: length))
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, _, context in
            EventsBox.owner(context)?.streamClosed(stream)
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, context in
            guard let header = frame?.pointee.hd,
                header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0,
                header.type == UInt8(NGHTTP2_DATA.rawValue) || header.type == UInt8(NGHTTP2_HEADERS.rawValue)
            else { return 0 }
            EventsBox.owner(context)?.answerSent(header.stream_id)
            return 0
        }
    }
}

/// What the C library carries for us: a way back to the connection.
private final class EventsBox {
    private weak var owner: (any HTTP2Events)?

    init(_ owner: any HTTP2Events) { self.owner = owner }

    static func owner(_ context: UnsafeMutableRawPointer?) -> (any HTTP2Events)? {
        context.flatMap { Unmanaged<EventsBox>.fromOpaque($0).takeUnretainedValue().owner }
    }
}
