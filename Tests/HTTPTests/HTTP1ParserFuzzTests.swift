import CHTTPParser
import HTTP
import Testing

/// Reads requests with http-parser, whose opinion ours is held against.
private final class SecondOpinion {
    private var parser = http_parser()
    private var settings = http_parser_settings()
    private(set) var target: [UInt8] = []
    private(set) var fields: [(name: [UInt8], value: [UInt8])] = []
    private(set) var body: [UInt8] = []
    private(set) var headIsComplete = false
    private(set) var messages = 0
    private var lastWasValue = true

    init() {
        http_parser_init(&parser, HTTP_REQUEST)
        http_parser_settings_init(&settings)
        settings.on_url = { parser, bytes, count in
            SecondOpinion.of(parser).target += SecondOpinion.bytes(bytes, count)
            return 0
        }
        settings.on_header_field = { parser, bytes, count in
            let me = SecondOpinion.of(parser)
            if me.lastWasValue { me.fields.append(([], [])) }
            me.lastWasValue = false
            me.fields[me.fields.count - 1].name += SecondOpinion.bytes(bytes, count)
            return 0
        }
        settings.on_header_value = { parser, bytes, count in
            let me = SecondOpinion.of(parser)
            me.lastWasValue = true
            me.fields[me.fields.count - 1].value += SecondOpinion.bytes(bytes, count)
            return 0
        }
        settings.on_headers_complete = { parser in
            if let parser { hearth_parser_ignore_upgrade(parser) }
            SecondOpinion.of(parser).headIsComplete = true
            return 0
        }
        settings.on_body = { parser, bytes, count in
            SecondOpinion.of(parser).body += SecondOpinion.bytes(bytes, count)
            return 0
        }
        settings.on_message_complete = { parser in
            SecondOpinion.of(parser).messages += 1
            return 0
        }
    }

    var method: String { String(cString: http_method_str(http_method(hearth_parser_method(&parser)))) }

    /// Takes bytes; false if they are wrong.
    func take(_ bytes: ArraySlice<UInt8>) -> Bool {
        parser.data = Unmanaged.passUnretained(self).toOpaque()
        let taken = bytes.withUnsafeBytes { bytes in
            http_parser_execute(&parser, &settings, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        return taken == bytes.count && hearth_parser_error(&parser) == 0
    }

    private static func of(_ parser: UnsafeMutablePointer<http_parser>?) -> SecondOpinion {
        guard let data = parser?.pointee.data else { preconditionFailure("called outside of take") }
        return Unmanaged<SecondOpinion>.fromOpaque(data).takeUnretainedValue()
    }

    private static func bytes(_ start: UnsafePointer<CChar>?, _ count: Int) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}

@Suite struct HTTP1ParserFuzzTests {
    /// Requests to begin with; mutation takes them apart and together.
    private static let corpus: [[UInt8]] =
        [
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a HTTP/1.0\r\n\r\n",
            "HEAD /ready?x=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
            "POST /ingest?name=a HTTP/1.1\r\nHost: h\r\nUser-Agent: u/1.0 (x)\r\nAccept: */*\r\nContent-Type: text/plain\r\n"
                + "Connection: keep-alive, Upgrade\r\nUpgrade: h2c\r\nContent-Length: 10\r\n\r\n0123456789",
            "POST /push HTTP/1.1\r\nHost: h:4040\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n"
                + "3;a=b\r\nabc\r\n5\r\ndefgh\r\n0\r\nX: y\r\n\r\n",
        ].map { Array($0.utf8) }

    /// Pieces that have a meaning for some parser.
    private static let pieces: [[UInt8]] =
        [
            "\r\n", "\n", "\r", "\r\n\r\n", ":", ": ", " ", "\t", "\u{0}", "\u{7f}", "0", "5", "f", "-1", "+5", ",",
            ";", "0\r\n\r\n",
            "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\n", "Host: h\r\n",
            "Connection: close\r\n", "Connection: upgrade\r\n", "Expect: 100-continue\r\n", " HTTP/1.1", "HTTP/1.0",
            "GET ", "POST ",
            "18446744073709551616", "\"", "é", "%00", "//", "?", "#", "*", "X: y\r\n z\r\n",
        ].map { Array($0.utf8) } + [[0xff], [0x80], [0xc3]]

    @Test func `what our parser reads, http-parser reads the same`() async {
        var random = SplitMix(seed: 20_260_101)
        var accepted = 0
        for round in 0..<30_000 {
            if round.isMultiple(of: 500) { await Task.yield() }
            let input = Self.withoutFramingInTrailers(Self.mutate(&random))
            guard case .request(let ours) = Reading.of(input), Self.knownMethods.contains(ours.method),
                !Self.confusesOther(ours)
            else { continue }
            accepted += 1
            if let difference = Self.difference(ours, in: input) {
                Issue.record(
                    "round \(round): \(difference): \(String(decoding: input, as: UTF8.self).debugDescription)")
                return
            }
        }
        // The test would say nothing if mutation broke everything.
        #expect(accepted > 2000)
    }

    @Test func `mutated requests are read in two parts as they are whole`() async {
        var random = SplitMix(seed: 7)
        for round in 0..<5000 {
            if round.isMultiple(of: 500) { await Task.yield() }
            let input = Self.mutate(&random)
            let whole = Reading.of(input)
            guard case .request(let request) = whole else { continue }
            #expect(Reading.of(Array(input[..<random.below(request.end)])) == .unfinished)
        }
    }

    /// It refuses methods that it does not know; ours are the router's to refuse.
    private static let knownMethods: Set<String> = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]

    /// How http-parser reads the same bytes differently, or nil.
    private static func difference(_ ours: ReadRequest, in original: [UInt8]) -> String? {
        let other = SecondOpinion()
        // It takes a tab for a blank everywhere but around a length.
        let input = original.map { $0 == 0x09 ? 0x20 : $0 }
        guard other.take(input[..<(ours.end - 1)]) else { return "refused" }
        let fields = other.fields
        guard other.messages == 0 else { return "ends before" }
        guard other.take(input[(ours.end - 1)..<ours.end]) else { return "refused at its end" }
        guard other.messages == 1 else { return "ends behind" }
        if other.method != ours.method { return "method \(other.method)" }
        if String(decoding: other.target, as: UTF8.self) != ours.target.replacingTabs { return "target" }
        // The fields of trailers are merged into those of the head there.
        let texts = fields.prefix(ours.fields.count).map {
            String(decoding: $0.name + Array(": ".utf8) + trimmed($0.value), as: UTF8.self)
        }
        if texts != ours.fields.map(\.replacingTabs) { return "fields" }
        if other.body != ours.body.map({ $0 == 0x09 ? 0x20 : $0 }) { return "body" }
        return nil
    }

    /// Hides the framing fields behind a head: http-parser obeys them in trailers, where they mean nothing.
    private static func withoutFramingInTrailers(_ input: [UInt8]) -> [UInt8] {
        var bytes = input
        var index = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? bytes.count
        while index < bytes.count {
            let rest = bytes[index...].prefix(10).map { $0 | 0x20 }
            if rest.starts(with: "content-l".utf8) { bytes[index + 7] = UInt8(ascii: "_") }
            if rest.starts(with: "transfer-e".utf8) { bytes[index + 8] = UInt8(ascii: "_") }
            index += 1
        }
        return bytes
    }

    /// Whether a field's name begins with that of a framing field: http-parser takes one for the other.
    private static func confusesOther(_ request: ReadRequest) -> Bool {
        request.fields.contains { field in
            let name = field.prefix { $0 != ":" }.lowercased()
            return ["transfer-encoding", "content-length"].contains { name != $0 && name.hasPrefix($0) }
        }
    }

    private static func trimmed(_ value: [UInt8]) -> [UInt8] {
        var value = value[...]
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        return Array(value)
    }

    private static func mutate(_ random: inout SplitMix) -> [UInt8] {
        var bytes = random.element(of: corpus)
        for _ in 0..<random.below(4) {
            let place = random.below(bytes.count + 1)
            switch random.below(6) {
            case 0: bytes.insert(contentsOf: random.element(of: pieces), at: place)
            case 1:
                if place < bytes.count { bytes[place] = UInt8(random.below(256)) }
            case 2:
                let end = min(bytes.count, place + random.below(8))
                bytes.removeSubrange(place..<end)
            case 3:
                let end = min(bytes.count, place + random.below(40))
                bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count + 1))
            case 4:
                if let line = bytes[..<place].lastIndex(of: 0x0a) {
                    bytes.insert(contentsOf: random.element(of: pieces), at: line + 1)
                }
            default: bytes = Array(bytes[..<place]) + random.element(of: corpus).suffix(random.below(60))
            }
        }
        return bytes
    }
}

extension String {
    fileprivate var replacingTabs: String {
        String(decoding: utf8.map { $0 == 0x09 ? 0x20 : $0 }, as: UTF8.self)
    }
}

/// A generator whose numbers are the same in each run.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    mutating func element<T>(of all: [T]) -> T { all[below(all.count)] }
}
