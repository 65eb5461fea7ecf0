public import Model

/// A regular expression over whole label values, in Go's dialect of RE2's syntax; `.` matches line feeds too.
///
/// Time is linear in the value's length whatever the pattern. Most patterns that users write need no engine: a literal, a set of
/// literals, a prefix, a suffix or a part with `.*` around it are compared as bytes.
public struct LabelRegex: Sendable {
    private enum Form: Sendable {
        case literals(Set<Text>)
        case prefix([UInt8])
        case suffix([UInt8])
        case contains([UInt8])
        case anything
        case something
        case engine(RegexEngine)
    }

    /// The pattern as it was written.
    public let pattern: Text
    private let form: Form

    /// The longest pattern that is compiled, in bytes.
    public static let maxLength = 64 * 1024

    /// Compiles a pattern; throws a ``SelectorError`` with RE2's reason.
    public init(_ pattern: Text) throws(SelectorError) {
        self.pattern = pattern
        try Self.check(pattern)
        if let simple = Self.simpleForm(pattern.utf8) {
            form = simple
        } else {
            form = .engine(try RegexEngine(pattern))
        }
    }

    /// Whether the expression matches all of a value.
    public func matches(_ value: Text) -> Bool {
        switch form {
        case .literals(let literals): literals.contains(value)
        case .prefix(let prefix): value.utf8.starts(with: prefix)
        case .suffix(let suffix):
            value.utf8.suffix(suffix.count).elementsEqual(suffix) && value.utf8.count >= suffix.count
        case .contains(let part): Self.find(part, in: value.utf8)
        case .anything: true
        case .something: !value.isEmpty
        case .engine(let engine): engine.matches(value.utf8)
        }
    }

    /// Refuses what is not even tried.
    static func check(_ pattern: Text) throws(SelectorError) {
        guard pattern.isValidUTF8 else { throw invalid(pattern, "invalid UTF-8") }
        guard pattern.utf8.count <= maxLength else {
            throw SelectorError("error parsing regexp: longer than \(maxLength) bytes")
        }
    }

    static func invalid(_ pattern: Text, _ reason: String) -> SelectorError {
        SelectorError("error parsing regexp: \(reason): `\(pattern)`")
    }

    private static func simpleForm(_ pattern: [UInt8]) -> Form? {
        let any = Array(".*".utf8)
        if pattern == any { return .anything }
        if pattern == Array(".+".utf8) { return .something }
        if isLiteral(pattern) { return .literals([Text(utf8: pattern)]) }
        var middle = pattern[...]
        // `(a|b)` and `a|b` are sets of literals.
        if middle.first == UInt8(ascii: "("), middle.last == UInt8(ascii: ")") {
            middle = middle.dropFirst().dropLast()
        }
        if middle.contains(UInt8(ascii: "|")) {
            let parts = middle.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
            return parts.allSatisfy { isLiteral($0) } ? .literals(Set(parts.map { Text(utf8: Array($0)) })) : nil
        }
        middle = pattern[...]
        let startsWithAny = middle.starts(with: any)
        if startsWithAny { middle = middle.dropFirst(2) }
        let endsWithAny = middle.suffix(2).elementsEqual(any)
        if endsWithAny { middle = middle.dropLast(2) }
        guard isLiteral(middle) else { return nil }
        switch (startsWithAny, endsWithAny) {
        case (true, true): return .contains(Array(middle))
        case (true, false): return .suffix(Array(middle))
        case (false, true): return .prefix(Array(middle))
        case (false, false): return nil
        }
    }

    private static func isLiteral(_ bytes: some Sequence<UInt8>) -> Bool {
        let special = Array("\\.+*?()|[]{}^$".utf8)
        return bytes.allSatisfy { !special.contains($0) }
    }

    private static func find(_ part: [UInt8], in text: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        guard text.count >= part.count else { return false }
        for start in 0...text.count - part.count where text[start] == first {
            if text[start...].starts(with: part) { return true }
        }
        return false
    }
}
