public import Model

/// A text with references to the groups of an expression, as Go's `regexp.Expand` reads it.
///
/// `$1` and `${1}` stand for a group by its number, `$name` and `${name}` by its name, where a name is as long as letters, digits and
/// underscores go; `$$` is a dollar. A reference to a group that is not there is empty, and a dollar before anything else is
/// itself.
public struct RegexTemplate: Sendable, Hashable {
    enum Piece: Sendable, Hashable {
        case text([UInt8])
        case number(Int)
        case name([UInt8])
    }

    /// The template as it was written.
    public let source: Text
    let pieces: [Piece]

    /// Reads a template; there is none that cannot be read.
    public init(_ source: Text) {
        self.source = source
        var pieces: [Piece] = []
        var text: [UInt8] = []
        // By scalars: a mark that combines would make another character of the dollar before it.
        var rest = source.string.unicodeScalars[...]
        while let dollar = rest.firstIndex(of: "$") {
            text += String(rest[..<dollar]).utf8
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                text.append(UInt8(ascii: "$"))
                rest = rest.dropFirst()
            } else if let name = Self.takeName(&rest) {
                if !text.isEmpty { pieces.append(.text(text)) }
                text = []
                pieces.append(Self.reference(name))
            } else {
                text.append(UInt8(ascii: "$"))
            }
        }
        text += String(rest).utf8
        if !text.isEmpty { pieces.append(.text(text)) }
        self.pieces = pieces
    }

    private static func takeName(_ rest: inout Substring.UnicodeScalarView) -> String? {
        let isBraced = rest.first == "{"
        let start = isBraced ? rest.dropFirst() : rest
        let name = start.prefix(while: isNameScalar)
        guard !name.isEmpty else { return nil }
        let end = start[name.endIndex...]
        guard !isBraced || end.first == "}" else { return nil }
        rest = isBraced ? end.dropFirst() : end
        return String(name)
    }

    private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "_" { return true }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber:
            return true
        default: return false
        }
    }

    /// A number has no zeros in front, or it is a name.
    private static func reference(_ name: String) -> Piece {
        let isNumber = name.utf8.allSatisfy { (0x30...0x39).contains($0) } && (name == "0" || !name.hasPrefix("0"))
        guard isNumber, let number = Int(name) else { return .name(Array(name.utf8)) }
        return .number(number)
    }
}

/// An expression over whole texts, whose groups fill templates.
public struct GroupRegex: Sendable {
    /// The pattern as it was written.
    public let pattern: Text
    private let engine: RegexEngine

    /// Compiles a pattern in Go's dialect, in which `.` matches line feeds too.
    ///
    /// Throws a ``SelectorError`` with RE2's reason.
    public init(_ pattern: Text) throws(SelectorError) {
        try LabelRegex.check(pattern)
        self.pattern = pattern
        engine = try RegexEngine(pattern)
    }

    /// Whether the expression matches all of a text.
    public func matches(_ text: Text) -> Bool { engine.matches(text.utf8) }

    /// The match of all of a text, or nil.
    public func match(_ text: Text) -> Match? {
        engine.groups(of: text.utf8).map { Match(text: text.utf8, groups: $0, engine: engine) }
    }

    /// A match, which fills templates.
    public struct Match {
        let text: [UInt8]
        let groups: [Range<Int>?]
        let engine: RegexEngine

        /// The template with its references replaced by what their groups matched, or nil if that has more than `maxBytes`.
        public func expand(_ template: RegexTemplate, maxBytes: Int) -> Text? {
            var result: [UInt8] = []
            for piece in template.pieces {
                let part: ArraySlice<UInt8> =
                    switch piece {
                    case .text(let text): text[...]
                    case .number(let number): group(number)
                    case .name(let name): engine.group(named: name).map(group) ?? []
                    }
                guard part.count <= maxBytes - result.count else { return nil }
                result += part
            }
            return Text(utf8: result)
        }

        private func group(_ number: Int) -> ArraySlice<UInt8> {
            guard number < groups.count, let range = groups[number] else { return [] }
            return text[range]
        }
    }
}
