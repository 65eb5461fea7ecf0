/// Takes a chunked body apart (RFC 9112, section 7.1), piece by piece.
///
/// Extensions and trailers are passed over within bounds; everything else that is not exactly a chunk is refused.
public struct ChunkedDecoder: Sendable {
    private enum State: Sendable {
        case size(digits: Int)
        case extensions
        case sizeLineFeed
        case data
        case dataCarriageReturn
        case dataLineFeed
        case trailer
        case trailerLineFeed
        case lastLineFeed
        case done
    }

    private var state = State.size(digits: 0)
    private var size = 0
    private var lineBytes = 0
    private var trailerBytes = 0
    private var trailer: [UInt8] = []

    private static let maxLine = 300
    private static let maxTrailers = 4096

    /// Makes a decoder at the beginning of a body.
    public init() {}

    /// Whether the last chunk and its trailers have come.
    public var isDone: Bool {
        if case .done = state { return true }
        return false
    }

    /// Reads from `bytes` on, appends content to `body`, and returns how many bytes were taken.
    ///
    /// Stops after the end of the body. Throws as soon as the body passes `limit`, with status 413.
    public mutating func decode(
        _ bytes: ArraySlice<UInt8>, into body: inout [UInt8], limit: Int
    ) throws(RequestProblem) -> Int {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            switch state {
            case .done: return index - bytes.startIndex
            case .data:
                let count = min(size, bytes.endIndex - index)
                body.append(contentsOf: bytes[index..<index + count])
                size -= count
                index += count
                if size == 0 { state = .dataCarriageReturn }
                continue
            case .size(let digits):
                try count(&lineBytes, Self.maxLine)
                if let digit = Self.hexDigit(byte) {
                    guard digits < 15 else { throw RequestProblem(status: 413, message: "chunk size too large") }
                    size = size << 4 | digit
                    state = .size(digits: digits + 1)
                } else {
                    guard digits > 0 else { throw .bad("malformed chunk size") }
                    switch byte {
                    case UInt8(ascii: ";"): state = .extensions
                    case 0x0d: state = .sizeLineFeed
                    default: throw .bad("malformed chunk size")
                    }
                }
            case .extensions:
                try count(&lineBytes, Self.maxLine)
                if byte == 0x0d {
                    state = .sizeLineFeed
                } else if byte < 0x20 && byte != 0x09 || byte == 0x7f {
                    throw .bad("malformed chunk extension")
                }
            case .sizeLineFeed:
                guard byte == 0x0a else { throw .bad("malformed chunk size") }
                guard size <= limit - body.count else { throw RequestProblem(status: 413, message: "body too large") }
                lineBytes = 0
                state = size == 0 ? .trailer : .data
            case .dataCarriageReturn:
                guard byte == 0x0d else { throw .bad("chunk is longer than its size") }
                state = .dataLineFeed
            case .dataLineFeed:
                guard byte == 0x0a else { throw .bad("chunk is longer than its size") }
                state = .size(digits: 0)
            case .trailer:
                try count(&trailerBytes, Self.maxTrailers)
                if byte != 0x0d {
                    trailer.append(byte)
                } else {
                    state = trailer.isEmpty ? .lastLineFeed : .trailerLineFeed
                }
            case .trailerLineFeed:
                guard byte == 0x0a else { throw .bad("malformed trailer") }
                // Nobody reads trailers; what is no field at all could still be read differently by a proxy.
                _ = try HTTP1Parser.parseField(trailer[...])
                trailer = []
                state = .trailer
            case .lastLineFeed:
                guard byte == 0x0a else { throw .bad("malformed trailer") }
                state = .done
            }
            index += 1
        }
        return index - bytes.startIndex
    }

    private func count(_ counter: inout Int, _ limit: Int) throws(RequestProblem) {
        counter += 1
        guard counter <= limit else { throw .bad("chunk line or trailers too long") }
    }

    private static func hexDigit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
