import Model
import Selectors
import Testing

/// The rules of Go's `regexp.Expand` (pkg.go.dev/regexp#Regexp.Expand).
@Suite struct RegexTemplateTests {
    private func expand(_ template: String, _ pattern: String, _ text: String, maxBytes: Int = 100) throws -> String? {
        try GroupRegex(Text(pattern)).match(Text(text))?.expand(RegexTemplate(Text(template)), maxBytes: maxBytes)?
            .string
    }

    @Test(
        arguments: [
            ("$1", "foo"), ("${1}", "foo"), ("$0", "foo-bar"), ("$name", "bar"), ("${name}", "bar"),
            ("$1-$2", "foo-bar"),
            ("x${1}y", "xfooy"), ("$1x", ""), ("$$1", "$1"), ("$$$1", "$foo"), ("$", "$"), ("a$", "a$"), ("${", "${"),
            ("${}", "${}"), ("${1", "${1"), ("${1x", "${1x"), ("$-1", "$-1"), ("$9", ""), ("${nobody}", ""),
            ("$01", ""), ("$99999999999999999999", ""), ("$1é", ""), ("$1\u{301}", "foo\u{301}"), ("", ""),
        ])
    func `references are replaced, and all else stays`(_ template: String, _ expanded: String) throws {
        #expect(try expand(template, "(.*)-(?P<name>.*)", "foo-bar") == expanded)
    }

    @Test func `a group that took no part is empty`() throws {
        #expect(try expand("<$1$2>", "(a)|(b)", "b") == "<b>")
    }

    @Test func `a name in Go's newer spelling is known`() throws {
        #expect(try expand("$word", "(?<word>a+)b", "aab") == "aa")
    }

    @Test func `text that does not match as a whole is no match, the empty text may be one`() throws {
        #expect(try expand("$0", "a", "ab") == nil)
        #expect(try expand("<$1>", "(.*)", "") == "<>")
    }

    @Test func `a point matches a line feed too`() throws {
        #expect(try expand("$1", "(.*)", "a\nb") == "a\nb")
    }

    @Test func `what would be longer than the bound is nothing, of whatever pieces it is made`() throws {
        #expect(try expand("$1$1", "(.*)", "abc", maxBytes: 6) == "abcabc")
        #expect(try expand("$1$1", "(.*)", "abc", maxBytes: 5) == nil)
        #expect(try expand("1234", "(.*)", "abc", maxBytes: 3) == nil)
    }
}
