import Formats
import Ingest
import Model
import Testing

@Suite struct ApplicationNameTests {
    @Test(
        arguments: [
            ("app", "app", []), ("app{}", "app", []), ("app{", "app", []),
            (" app {a=b, c = d }", "app", ["a=b", "c=d"]), ("app{a=}", "app", ["a="]),
            ("app{a=\"b\"}", "app", ["a=\"b\""]), ("app{a=b", "app", []), ("app{a=1,a=2}", "app", ["a=2"]),
            ("app{__name__=x}", "x", []), ("a/b.c-d_e", "a/b.c-d_e", []), ("app{a=b=c}", "app", ["a=b=c"]),
            ("app{a=b}rest", "app", ["a=b"]), ("app{a=1}b=2}", "app", ["a=1", "b=2"]),
            ("app{a=b}}c=d}", "app", ["a=b"]),
            ("app{__name__=a b}", "a b", []), ("app{__name__=}", "", []), ("app{__name__=x,__name__=y}", "y", []),
            ("\u{a0}app\u{2003}{a=\u{3000}b\u{85}}", "app", ["a=b"]),
        ] as [(String, String, [String])])
    func `a name is an application and its labels`(_ text: String, _ name: String, _ labels: [String]) throws {
        let parsed = try ApplicationName(parsing: Text(text))
        #expect(parsed.name.string == name)
        #expect(parsed.labels.map { "\($0.name)=\($0.value)" } == labels)
    }

    @Test(
        arguments: [
            ("a b", "a_b", [], .serviceName), ("приложение", "приложение", [], .serviceName),
            ("app{a,b=c}", "app", ["a_b=c"], .labelName), ("app{=v,c=d}", "app", ["c=d"], .labelName),
            ("app{a-b=c}", "app", ["a_b=c"], .labelName), ("app{a=b", "app", ["a=b"], .labelUnterminated),
            ("app{a=1,a=2}", "app", ["a=2"], .labelTwice), ("app{a", "app", [], nil), ("app{a=b}", "app", ["a=b"], nil),
        ] as [(String, String, [String], SalvageReason?)])
    func `unless read strictly, a name is taken as far as it can be`(
        _ text: String, _ name: String, _ labels: [String], _ reason: SalvageReason?
    ) throws {
        let parsed = try ApplicationName(parsing: Text(text), isStrict: false)
        #expect(parsed.name.string == name)
        #expect(parsed.labels.map { "\($0.name)=\($0.value)" } == labels)
        #expect(Array(parsed.salvage.entries.keys) == [reason].compactMap { $0 })
    }

    @Test(arguments: ["", "{a=b}"])
    func `a name without an application is refused in any case`(_ text: String) {
        #expect(throws: IngestError.self) { try ApplicationName(parsing: Text(text), isStrict: false) }
    }

    @Test(
        arguments: [
            "", "a b", "приложение", "app{a,b=c}", "app{=v}", "app{a-b=c}", "{a=b}", "app{a=b},c=d}", "a b{__name__=x}",
            "{__name__=x}",
        ])
    func `a name that cannot be meant is refused`(_ text: String) {
        #expect(throws: IngestError.self) { try ApplicationName(parsing: Text(text)) }
    }
}

@Suite struct TimeExpressionTests {
    private static let now: Int64 = 1_700_000_000_000_000_000
    private static let second: Int64 = 1_000_000_000

    @Test(
        arguments: [
            ("1700000001", 1_700_000_001 * second), ("1700000001123", 1_700_000_001_123 * 1_000_000),
            ("1700000001123456", 1_700_000_001_123_456 * 1000), ("1700000001123456789", 1_700_000_001_123_456_789),
            ("20231114", 1_699_920_000 * second), ("19991332", 19_991_332 * second), ("now", now), ("", now),
            ("nonsense", now), ("now-1h", now - 3600 * second), ("now+30s", now + 30 * second),
            ("now-1h30min", now - 5400 * second), ("-1d", now - 86_400 * second),
            ("now-1mon", now - 2_592_000 * second),
            ("now-1y", now - 31_536_000 * second), ("now-2w", now - 1_209_600 * second), ("now-5x", now),
            ("1_700_000_001", 1_700_000_001 * second), ("now - 1 h", now - 3600 * second),
        ] as [(String, Int64)])
    func `a time is an epoch by its length, a date, or relative to now`(_ text: String, _ expected: Int64) {
        #expect(TimeExpression.nanoseconds(Text(text), now: Self.now) == expected)
    }

    @Test(
        arguments: [
            ("99999999999999999999", now), ("now-9999999999999999y", now.saturatingAdd(.min)),
            ("now+9223372036854775807y", .max),
        ] as [(String, Int64)])
    func `a time that cannot be represented is the nearest that can, or now`(_ text: String, _ expected: Int64) {
        #expect(TimeExpression.nanoseconds(Text(text), now: Self.now) == expected)
    }
}

@Suite struct MultipartFormTests {
    private let type = "multipart/form-data; boundary=xyz"

    private func form(_ parts: [(String, String)], end: String = "--xyz--\r\n") -> [UInt8] {
        let text = parts.map { "--xyz\r\nContent-Disposition: form-data; \($0.0)\r\n\r\n\($0.1)\r\n" }.joined()
        return Array((text + end).utf8)
    }

    @Test func `files are found by the name of their field`() throws {
        let body = form([
            (#"name="profile"; filename="p.pprof""#, "one"), (#"name="x"; filename="x""#, "a\r\nb"),
            (#"name="text""#, "no file"), (#"name="profile"; filename="q""#, "second"),
            (#"name="unnamed"; filename="""#, "no file"),
        ])
        let files = try MultipartForm(body, contentType: type).files
        #expect(files == ["profile": Array("one".utf8), "x": Array("a\r\nb".utf8)])
    }

    @Test func `an empty file is empty`() throws {
        let body = form([(#"name="profile"; filename="p""#, "")])
        #expect(try MultipartForm(body, contentType: type).files["profile"] == [])
    }

    @Test(arguments: ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other"])
    func `a boundary that is missing or never comes is an error`(_ type: String) {
        #expect(throws: IngestError.self) {
            try MultipartForm(form([(#"name="a"; filename="a""#, "1")]), contentType: type)
        }
    }

    @Test func `a form cut anywhere is an error and never a trap`() {
        let body = form([(#"name="a"; filename="a""#, "1")])
        for length in 0..<(body.count - 4) {
            #expect(throws: IngestError.self) { try MultipartForm(Array(body[..<length]), contentType: type) }
        }
    }
}
