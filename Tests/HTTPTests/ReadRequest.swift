import HTTP

/// One request as the parser and the decoder of chunks read it.
struct ReadRequest: Equatable {
    var method: String
    var target: String
    var fields: [String]
    var body: [UInt8]
    /// Where the next request begins.
    var end: Int
}

/// What became of some bytes.
enum Reading: Equatable {
    case request(ReadRequest)
    /// More bytes are needed.
    case unfinished
    case refused(status: Int)

    /// Reads the first request of `bytes`.
    static func of(_ bytes: [UInt8], bodyLimit: Int = 1 << 20) -> Reading {
        do throws(RequestProblem) {
            guard let parsed = try HTTP1Parser.parse(bytes[...]) else { return .unfinished }
            guard let (body, end) = try readBody(of: parsed, in: bytes, bodyLimit) else { return .unfinished }
            return .request(
                ReadRequest(
                    method: parsed.head.method, target: parsed.head.target,
                    fields: parsed.head.headers.fields.map { "\($0.name): \($0.value)" }, body: body, end: end))
        } catch {
            return .refused(status: error.status)
        }
    }

    private static func readBody(
        of parsed: ParsedHead, in bytes: [UInt8], _ limit: Int
    ) throws(RequestProblem) -> (body: [UInt8], end: Int)? {
        let start = parsed.byteCount
        switch parsed.framing {
        case .length(let length):
            guard bytes.count - start >= length else { return nil }
            return (Array(bytes[start..<start + length]), start + length)
        case .chunked:
            var decoder = ChunkedDecoder()
            var body: [UInt8] = []
            let count = try decoder.decode(bytes[start...], into: &body, limit: limit)
            return decoder.isDone ? (body, start + count) : nil
        }
    }
}
