import Testing
import Wire

@Suite struct GzipTests {
    private let text = Array("a profile is worth a thousand logs".utf8)

    @Test func `what was deflated comes back`() throws {
        for content in [[], text, [UInt8](repeating: 7, count: 300_000)] {
            #expect(try Gzip.inflate(Gzip.deflate(content), limit: 300_000) == content)
        }
    }

    @Test func `members one after another are one body, an empty one in front too`() throws {
        let body = Gzip.deflate([]) + Gzip.deflate(text) + Gzip.deflate([]) + Gzip.deflate(text)
        #expect(try Gzip.inflate(body, limit: 1000) == text + text)
    }

    @Test(arguments: [[10, 300_000], [300_000, 10], [0, 1, 200_000, 0], [70_000, 70_000, 70_000], [5_000_000, 1]])
    func `members of any sizes are one body, whatever the last one announces`(_ sizes: [Int]) throws {
        let parts = sizes.enumerated().map { part, size in
            (0..<size).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 7 &+ part) }
        }
        let body = parts.flatMap { Gzip.deflate($0) }
        let content = parts.flatMap { $0 }
        var reserved = 0
        let inflated = try Gzip.inflate(body, limit: content.count) { count in
            reserved += count
            return true
        }
        #expect(inflated == content)
        #expect(reserved <= 2 * content.count + (192 << 10))
        #expect(throws: Gzip.Problem.tooLarge(limit: content.count - 1)) {
            try Gzip.inflate(body, limit: content.count - 1)
        }
        #expect(throws: Gzip.Problem.malformed) { try Gzip.inflate(Array(body.dropLast(9)), limit: content.count) }
    }

    @Test(arguments: [0, 1, 9, 17])
    func `bytes after the last member are an error`(_ count: Int) {
        let body = Gzip.deflate(text) + [UInt8](repeating: 0, count: count)
        if count == 0 {
            #expect(throws: Never.self) { try Gzip.inflate(body, limit: 1000) }
        } else {
            #expect(throws: Gzip.Problem.trailing(count: count)) { try Gzip.inflate(body, limit: 1000) }
        }
    }

    @Test func `a body cut anywhere is an error`() {
        let body = Gzip.deflate(text)
        for length in body.indices {
            #expect(throws: Gzip.Problem.malformed) { try Gzip.inflate(Array(body[..<length]), limit: 1000) }
        }
    }

    @Test func `a damaged checksum is an error`() {
        var body = Gzip.deflate(text)
        body[body.count - 6] ^= 1
        #expect(throws: Gzip.Problem.malformed) { try Gzip.inflate(body, limit: 1000) }
    }

    @Test func `the ceiling is exact and counts all members together`() throws {
        let body = Gzip.deflate(text) + Gzip.deflate(text)
        #expect(try Gzip.inflate(body, limit: 2 * text.count).count == 2 * text.count)
        #expect(throws: Gzip.Problem.tooLarge(limit: 2 * text.count - 1)) {
            try Gzip.inflate(body, limit: 2 * text.count - 1)
        }
    }

    @Test func `a bomb is refused at its ceiling`() {
        let bomb = Gzip.deflate([UInt8](repeating: 0, count: 64 << 20))
        #expect(bomb.count < 1 << 20)
        #expect(throws: Gzip.Problem.tooLarge(limit: 1 << 20)) { try Gzip.inflate(bomb, limit: 1 << 20) }
    }

    @Test func `what the trailer says is too large is refused before any memory is taken`() {
        let bomb = Gzip.deflate([UInt8](repeating: 0, count: 64 << 20))
        var asked = 0
        #expect(throws: Gzip.Problem.tooLarge(limit: 1 << 20)) {
            try Gzip.inflate(bomb, limit: 1 << 20) { count in
                asked += count
                return true
            }
        }
        #expect(asked == 0)
    }

    @Test func `beyond 16 MiB a body may not be very many times its compressed size`() throws {
        let bomb = Gzip.deflate([UInt8](repeating: 0, count: 64 << 20))
        #expect(throws: Gzip.Problem.bomb) { try Gzip.inflate(bomb, limit: 256 << 20) }
        let plain = [UInt8](repeating: 0, count: 16 << 20)
        #expect(try Gzip.inflate(Gzip.deflate(plain), limit: 256 << 20).count == plain.count)
    }

    @Test func `a trailer that lies costs no more than the ceiling`() {
        var bomb = Gzip.deflate([UInt8](repeating: 0, count: 8 << 20))
        bomb.replaceSubrange(bomb.count - 4..<bomb.count, with: [10, 0, 0, 0])
        var asked = 0
        #expect(throws: Gzip.Problem.self) {
            try Gzip.inflate(bomb, limit: 1 << 20) { count in
                asked += count
                return true
            }
        }
        #expect(asked <= 2 << 20)
    }

    @Test func `memory that is not there is asked for and not taken`() {
        #expect(throws: Gzip.Problem.noRoom) { try Gzip.inflate(Gzip.deflate(text), limit: 1000) { _ in false } }
    }

    @Test func `only the magic number and method 8 make gzip`() {
        #expect(Gzip.isGzip([0x1f, 0x8b, 8]))
        #expect(!Gzip.isGzip([0x1f, 0x8b, 7]))
        #expect(!Gzip.isGzip([0x1f, 0x8b]))
        #expect(!Gzip.isGzip([]))
    }
}
