import Model
import Selectors
import Testing

@Suite struct SelectorTests {
    private func matches(_ selector: String, _ labels: [(String, String)]) throws -> Bool {
        let set = LabelSet(labels.map { Label(Text($0.0), Text($0.1)) })
        return try Selector.parse(Text(selector)).allSatisfy { $0.matches(set) }
    }

    @Test(arguments: [
        "{}", "{a=\"1\"}", "{a=\"1\",}", "{a=\"1\", }", "{ a = \"1\" , b != \"2\" } # comment", "{a='1'}", "{a=`1`}",
        "{\"a\"=\"1\"}", "{'a'=\"1\"}", "{`a`=\"1\"}", "foo{}", "foo", "sum{by=\"x\"}", "{\"m\"}", "{\"\"=\"\"}",
        "process_cpu:cpu:nanoseconds:cpu:nanoseconds{a=\"1\"}", "{a=\"1\",a=\"2\"}", "foo{__name__=\"bar\"}",
        "{\n  a=\"1\"\n}", "{a=\"\\u00e9\\x41\\101\\n\"}",
    ])
    func `a selector of the grammar is read`(_ selector: String) throws {
        _ = try Selector.parse(Text(selector))
    }

    @Test(arguments: [
        ("", "unknown position: parse error: unexpected end of input"),
        ("{", "1:2: parse error: unexpected end of input inside braces"),
        ("{,}", "1:2: parse error: unexpected \",\" in label matching, expected identifier or \"}\""),
        ("{a=\"1\",,}", "1:8: parse error: unexpected \",\" in label matching, expected identifier or \"}\""),
        ("{a==\"b\"}", "1:4: parse error: unexpected \"=\" in label matching, expected string"),
        ("{a=b}", "1:4: parse error: unexpected identifier \"b\" in label matching, expected string"),
        ("{a}", "1:3: parse error: unexpected \"}\" in label matching, expected label matching operator"),
        ("{a:b=\"1\"}", "1:3: parse error: unexpected character inside braces: ':'"),
        ("foo.bar{}", "1:4: parse error: unexpected character: '.'"),
        ("{a=\"1\"} x", "1:9: parse error: unexpected identifier \"x\""),
        ("{a=\"1}", "1:4: parse error: unterminated quoted string"),
        ("{a<\"1\"}", "1:3: parse error: unexpected character inside braces: '<'"),
        ("{\n a=b}", "2:4: parse error: unexpected identifier \"b\" in label matching, expected string"),
    ])
    func `the first mistake is reported with its line and byte`(_ selector: String, _ message: String) {
        #expect {
            _ = try Selector.parse(Text(selector))
        } throws: { error in
            "\(error)" == message
        }
    }

    @Test(arguments: ["{a=~\"(\"}", "{a=\"\\xff\"}", "{a=~\"(?=x)\"}", "{a=~\"x{1001}\"}"])
    func `patterns and texts that cannot be meant are refused`(_ selector: String) {
        #expect(throws: SelectorError.self) { _ = try Selector.parse(Text(selector)) }
    }

    @Test func `a label that is missing is the same as an empty one`() throws {
        for selector in ["{a=\"\"}", "{a!=\"x\"}", "{a!~\"x\"}", "{a=~\".*\"}", "{a=~\"|x\"}"] {
            #expect(try matches(selector, [("b", "1")]))
        }
        for selector in ["{a!=\"\"}", "{a=~\".+\"}", "{a=\"x\"}"] { #expect(try !matches(selector, [("b", "1")])) }
    }

    @Test func `a name outside the braces and a lone quoted text select by name`() throws {
        for selector in ["process_cpu", "process_cpu{}", "{\"process_cpu\"}", "{__name__=\"process_cpu\"}"] {
            #expect(try matches(selector, [("__name__", "process_cpu")]))
            #expect(try !matches(selector, [("__name__", "memory")]))
        }
    }

    @Test func `mutated selectors are read or refused and never trap`() {
        var random = SystemRandomNumberGenerator()
        let seeds = ["{a=\"1\",b=~'x.*',c!~`y`}", "foo{\"ü\"=\"\\u00e9\"}", "{a=\"\\101\"} # c"]
        for _ in 0..<3000 {
            var bytes = Array((seeds.randomElement(using: &random) ?? "").utf8)
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = try? Selector.parse(Text(utf8: bytes))
        }
    }
}

@Suite struct LabelRegexTests {
    private func matches(_ pattern: String, _ value: String) throws -> Bool {
        try LabelRegex(Text(pattern)).matches(Text(value))
    }

    @Test(arguments: [
        ("x", "x", true), ("x", "xy", false), ("x.*", "xyz", true), (".*y.*", "xyz", true), (".*z", "xyz", true),
        ("a|b|c", "b", true), ("(a|b)", "c", false), ("a.c", "a\nc", true), ("(?P<n>x)", "x", true),
        ("(?<n>x)y", "xy", true), ("a{,2}", "a{,2}", true), ("a{1", "a{1", true), ("[a&&b]", "&", true),
        ("(?i)straße", "STRAßE", true), ("(?i)k", "\u{212a}", true), ("(?i)s", "\u{17f}", true), ("\\d+", "٣", false),
        ("[[:alpha:]]+", "abc", true), ("\\Qa.b\\E", "a.b", true), ("\\Qa.b\\E", "axb", false), ("", "", true),
        ("[]a]+", "]a", true), ("caf.", "cafe\u{301}", false), ("\\pL+", "é", true),
    ])
    func `a pattern matches whole values in Go's dialect`(_ pattern: String, _ value: String, _ expected: Bool) throws {
        #expect(try matches(pattern, value) == expected)
    }

    @Test(arguments: [
        "\\C", "\\Z", "\\h", "\\R", "\\X", "\\u0061", "\\cA", "[\\b]", "a*+", "(?>a)", "(?x)a", "(?=a)", "(?<=a)b",
        "(a)\\1",
        "a{1001}", "(", "[a", "*",
    ])
    func `what Go refuses is refused`(_ pattern: String) {
        #expect(throws: SelectorError.self) { _ = try LabelRegex(Text(pattern)) }
    }

    @Test(arguments: ["(a+)+$", "(a|aa)+$", ".*.*.*.*=", "(x+x+)+y"])
    func `a hostile pattern on a long value takes milliseconds`(_ pattern: String) throws {
        let regex = try LabelRegex(Text(pattern))
        let value = Text(String(repeating: "a", count: 20_000) + "!")
        let start = ContinuousClock.now
        #expect(!regex.matches(value))
        // Linear time is about a millisecond here; exponential time would never end.
        #expect(ContinuousClock.now - start < .milliseconds(250))
    }

    @Test func `simple forms and the engine agree`() throws {
        let values = ["", "a", "ab", "abc", "xabcx", "a|b", "b", "prod-1", "dev-prod"]
        for pattern in ["abc", "a|b", "(a|b)", "a.*", ".*c", ".*b.*", ".*", ".+", "prod-.*"] {
            for value in values {
                #expect(try matches(pattern, value) == matches("(?:\(pattern))()", value), "\(pattern) on \(value)")
            }
        }
    }
}
