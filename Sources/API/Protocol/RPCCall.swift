import Model
public import Wire

/// Which of the three protocols a call came over.
public enum RPCProtocol: Sendable, Hashable {
    /// Connect unary: the message is the body.
    case connect
    /// gRPC: length-prefixed messages, the status in trailers.
    case grpc
    /// gRPC-Web: as gRPC, with the trailers as a last frame of the body.
    case grpcWeb
}

/// How messages are encoded.
public enum RPCCodec: Sendable, Hashable {
    /// The binary encoding.
    case proto
    /// The proto3 JSON encoding.
    case json
}

/// What an answer consists of, without an HTTP module's types.
public struct RPCResponse: Sendable {
    /// The status.
    public var status: Int
    /// The header fields.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]
    /// The trailer fields of gRPC.
    public var trailers: [(name: String, value: String)]?
}

/// One unary call: how it was asked and so how it must be answered.
public struct RPCCall: Sendable {
    /// The protocol.
    public let rpcProtocol: RPCProtocol
    /// The encoding of both messages.
    public let codec: RPCCodec
    /// How long the caller waits, if it says.
    public let timeout: Duration?
    private let contentType: String
    private let isRequestCompressed: Bool
    private let compressesResponse: Bool

    /// What a handler answers with when the content type is none of ours: 415.
    public static let unsupportedMediaType = RPCResponse(
        status: 415,
        headers: [
            (
                "Accept-Post",
                supported.map(\.type).sorted().joined(separator: ", ")
            )
        ], body: [], trailers: nil)

    private static let supported: [(type: String, protocol: RPCProtocol, codec: RPCCodec)] = [
        ("application/grpc", .grpc, .proto), ("application/grpc+json", .grpc, .json),
        ("application/grpc+json; charset=utf-8", .grpc, .json), ("application/grpc+proto", .grpc, .proto),
        ("application/grpc-web", .grpcWeb, .proto), ("application/grpc-web+json", .grpcWeb, .json),
        ("application/grpc-web+json; charset=utf-8", .grpcWeb, .json),
        ("application/grpc-web+proto", .grpcWeb, .proto), ("application/json", .connect, .json),
        ("application/json; charset=utf-8", .connect, .json), ("application/proto", .connect, .proto),
    ]

    /// What a content type stands for; it is looked at more closely only where it is none as it came.
    private static func supported(_ contentType: String) -> (type: String, protocol: RPCProtocol, codec: RPCCodec)? {
        if let exact = supported.first(where: { $0.type == contentType }) { return exact }
        let type = canonical(contentType)
        return supported.first { $0.type == type }
    }

    /// Reads the header of a call; nil if its content type is none of ours.
    ///
    /// `header` looks a field up without regard to case. Throws an ``APIError`` that ``encode(_:)-(APIError)`` of
    /// ``fallback(contentType:)`` can answer.
    public init?(contentType: String?, header: (String) -> String?) throws(APIError) {
        guard let contentType, let match = Self.supported(contentType) else { return nil }
        rpcProtocol = match.protocol
        codec = match.codec
        self.contentType = contentType == "application/grpc-web" ? "application/grpc-web+proto" : match.type
        switch match.protocol {
        case .connect:
            if let version = header("Connect-Protocol-Version"), version != "1" {
                throw APIError(.invalidArgument, "connect-protocol-version must be \"1\": got \"\(version)\"")
            }
            let encoding = header("Content-Encoding") ?? ""
            guard ["", "identity", "gzip"].contains(encoding) else {
                throw APIError(.unimplemented, "unknown compression \"\(encoding)\": supported encodings are gzip")
            }
            isRequestCompressed = encoding == "gzip"
            compressesResponse =
                isRequestCompressed
                || (header("Accept-Encoding") ?? "").split(whereSeparator: { $0 == "," || $0 == " " }).contains("gzip")
            timeout = try Self.connectTimeout(header("Connect-Timeout-Ms"))
        case .grpc, .grpcWeb:
            let encoding = header("Grpc-Encoding") ?? ""
            guard ["", "identity", "gzip"].contains(encoding) else {
                throw APIError(.unimplemented, "unknown compression \"\(encoding)\": supported encodings are gzip")
            }
            isRequestCompressed = encoding == "gzip"
            compressesResponse =
                isRequestCompressed
                || (header("Grpc-Accept-Encoding") ?? "").split(whereSeparator: { $0 == "," || $0 == " " })
                    .contains("gzip")
            timeout = try Self.grpcTimeout(header("Grpc-Timeout"))
        }
    }

    private init(rpcProtocol: RPCProtocol, codec: RPCCodec, contentType: String) {
        self.rpcProtocol = rpcProtocol
        self.codec = codec
        self.contentType = contentType
        timeout = nil
        isRequestCompressed = false
        compressesResponse = false
    }

    /// A call that can only be answered with an error, in the protocol of its content type.
    public static func fallback(contentType: String?) -> RPCCall {
        let match = supported(contentType ?? "")
        return RPCCall(
            rpcProtocol: match?.protocol ?? .connect, codec: match?.codec ?? .json,
            contentType: match?.type ?? "application/json")
    }

    /// The media type in lower case, its charset parameter written as `; charset=…`.
    private static func canonical(_ contentType: String) -> String {
        contentType.lowercased().split(separator: ";", omittingEmptySubsequences: false)
            .map { $0.drop { $0 == " " }.trimmingTrailingBlanks }.joined(separator: "; ")
    }

    private static func connectTimeout(_ text: String?) throws(APIError) -> Duration? {
        guard let text, !text.isEmpty else { return nil }
        guard text.utf8.count <= 10 else {
            throw APIError(.invalidArgument, "parse timeout: \"\(text)\" has >10 digits")
        }
        guard let milliseconds = Int64(text), milliseconds >= 0 else {
            throw APIError(.invalidArgument, "parse timeout: \"\(text)\" is not a number")
        }
        return .milliseconds(milliseconds)
    }

    private static func grpcTimeout(_ text: String?) throws(APIError) -> Duration? {
        guard let text, !text.isEmpty else { return nil }
        guard text.utf8.count <= 9, let amount = Int64(text.dropLast()), amount >= 0 else {
            throw APIError(.invalidArgument, "protocol error: invalid grpc-timeout \"\(text)\"")
        }
        switch text.last {
        case "H": return .seconds(amount.multipliedReportingOverflow(by: 3600).partialValue)
        case "M": return .seconds(amount * 60)
        case "S": return .seconds(amount)
        case "m": return .milliseconds(amount)
        case "u": return .microseconds(amount)
        case "n": return .nanoseconds(amount)
        default: throw APIError(.invalidArgument, "protocol error: invalid grpc-timeout \"\(text)\"")
        }
    }

    /// Unframes, inflates and reads the request's message; `limit` is its largest size in bytes after inflating.
    ///
    /// `reserving` is asked before memory is taken.
    public func decode<M: Message>(
        _ type: M.Type, from body: [UInt8], limit: Int, reserving: @escaping (Int) -> Bool = { _ in true }
    ) throws(APIError) -> M {
        let payload = try payload(of: body, limit: limit, reserving)
        // Lists of small messages take many times their bytes; a request of the largest size must not.
        let memory = max(64 << 20, limit.saturatingMultiply(2))
        do throws(WireError) {
            switch codec {
            case .proto: return try M(binary: payload, memoryLimit: memory, reserving: reserving)
            case .json: return try M(json: payload, memoryLimit: memory, reserving: reserving)
            }
        } catch {
            throw APIError(.invalidArgument, "unmarshal message: \(error)")
        }
    }

    private func payload(
        of body: [UInt8], limit: Int, _ reserving: (Int) -> Bool
    ) throws(APIError) -> [UInt8] {
        switch rpcProtocol {
        case .connect:
            // As in the reference, an announced gzip body without any bytes is the empty body.
            return isRequestCompressed && !body.isEmpty ? try inflate(body, limit, reserving) : try checked(body, limit)
        case .grpc, .grpcWeb:
            guard body.count >= 5 else {
                throw APIError(.invalidArgument, "protocol error: incomplete envelope")
            }
            let length = body[1..<5].reduce(0) { $0 << 8 | Int($1) }
            guard length == body.count - 5, body[0] <= 1 else {
                throw APIError(.invalidArgument, "protocol error: promised \(length) bytes in enveloped message")
            }
            let message = Array(body[5...])
            guard body[0] == 1 else { return try checked(message, limit) }
            guard isRequestCompressed else {
                throw APIError(.internal, "protocol error: sent compressed message without compression support")
            }
            return message.isEmpty ? [] : try inflate(message, limit, reserving)
        }
    }

    private func checked(_ message: [UInt8], _ limit: Int) throws(APIError) -> [UInt8] {
        guard message.count <= limit else { throw Self.tooLarge(message.count, limit: limit) }
        return message
    }

    /// The error of a message over its limit.
    public static func tooLarge(_ size: Int, limit: Int) -> APIError {
        APIError(.resourceExhausted, "message size \(size) is larger than configured max \(limit)")
    }

    private func inflate(_ body: [UInt8], _ limit: Int, _ reserving: (Int) -> Bool) throws(APIError) -> [UInt8] {
        do throws(Gzip.Problem) {
            return try Gzip.inflate(body, limit: limit, reserving: reserving)
        } catch {
            switch error {
            case .tooLarge: throw Self.tooLarge(limit + 1, limit: limit)
            case .malformed, .trailing: throw APIError(.invalidArgument, "decompress message: \(error)")
            case .bomb: throw APIError(.resourceExhausted, "decompress message: \(error)")
            case .noRoom: throw APIError(.unavailable, "decompress message: \(error)")
            }
        }
    }

    /// The answer that carries a message.
    public func encode(_ message: some Message) -> RPCResponse {
        let payload: [UInt8]
        do throws(WireError) {
            payload = try codec == .proto ? message.binary() : message.json()
        } catch {
            return encode(APIError(.internal, "marshal message: \(error)"))
        }
        let body = compressesResponse ? Gzip.deflate(payload) : payload
        switch rpcProtocol {
        case .connect:
            var headers = [("Content-Type", contentType), ("Accept-Encoding", "gzip")]
            if compressesResponse { headers.append(("Content-Encoding", "gzip")) }
            return RPCResponse(status: 200, headers: headers, body: body, trailers: nil)
        case .grpc, .grpcWeb:
            return enveloped(Self.frame(body, flags: compressesResponse ? 1 : 0), trailers: [("grpc-status", "0")])
        }
    }

    /// The answer that carries an error; never compressed.
    public func encode(_ error: APIError) -> RPCResponse {
        switch rpcProtocol {
        case .connect:
            return RPCResponse(
                status: error.code.status, headers: [("Content-Type", "application/json")] + error.retryFields,
                body: error.json, trailers: nil)
        case .grpc, .grpcWeb:
            return enveloped(
                [],
                trailers: [
                    ("grpc-status", "\(error.code.rawValue)"), ("grpc-message", Self.percentEncoded(error.message)),
                ])
        }
    }

    private func enveloped(_ frames: [UInt8], trailers: [(name: String, value: String)]) -> RPCResponse {
        var headers = [("Content-Type", contentType), ("Grpc-Accept-Encoding", "gzip")]
        if compressesResponse { headers.append(("Grpc-Encoding", "gzip")) }
        guard rpcProtocol == .grpcWeb else {
            return RPCResponse(status: 200, headers: headers, body: frames, trailers: trailers)
        }
        let block = trailers.map { "\($0.name): \($0.value)\r\n" }.joined()
        return RPCResponse(
            status: 200, headers: headers, body: frames + Self.frame(Array(block.utf8), flags: 0x80), trailers: nil)
    }

    private static func frame(_ payload: [UInt8], flags: UInt8) -> [UInt8] {
        let length = UInt32(truncatingIfNeeded: payload.count)
        return [flags] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + payload
    }

    /// Text as gRPC's status message carries it: bytes outside printable ASCII, and `%`, as `%XX`.
    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { result, byte in
            if (0x20...0x7e).contains(byte) && byte != UInt8(ascii: "%") {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}

extension Substring {
    fileprivate var trimmingTrailingBlanks: Substring {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
