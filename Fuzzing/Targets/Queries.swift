import Model
import Selectors
import Settings

extension FuzzTarget {
    /// What people write: selectors, patterns, settings.
    static let queries = [
        FuzzTarget(name: "selector", seeds: Seeds.selectors, check: checkSelector),
        FuzzTarget(name: "regex", seeds: Seeds.patterns, check: checkPattern),
        FuzzTarget(name: "yaml", seeds: Seeds.settings, check: checkYAML),
        FuzzTarget(name: "settings", seeds: Seeds.settings, check: checkSettings),
    ]

    private static func checkSelector(_ bytes: [UInt8]) throws(Violation) {
        guard let matchers = try? Selector.parse(Text(utf8: bytes)) else { return }
        var written = Array("{".utf8)
        for matcher in matchers {
            written += quoted(matcher.name)
            switch matcher.operation {
            case .equal: written += Array("=".utf8)
            case .notEqual: written += Array("!=".utf8)
            case .matches: written += Array("=~".utf8)
            case .matchesNot: written += Array("!~".utf8)
            }
            written += quoted(matcher.value) + Array(",".utf8)
        }
        let again = try? Selector.parse(Text(utf8: written + Array("}".utf8)))
        try require(
            again?.map(\.name) == matchers.map(\.name) && again?.map(\.value) == matchers.map(\.value)
                && again?.map(\.operation) == matchers.map(\.operation), "a selector is another when written again")
        for matcher in matchers where matcher.operation == .equal || matcher.operation == .notEqual {
            let matches = matcher.matches(LabelSet([Label(matcher.name, matcher.value)]))
            try require(matches == (matcher.operation == .equal), "a value does not equal itself")
        }
    }

    /// A text between quotes, every byte escaped where it is not plain ASCII.
    private static func quoted(_ text: Text) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var bytes = Array("\"".utf8)
        for byte in text.utf8 {
            let isPlain = (0x20...0x7e).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            bytes += isPlain ? [byte] : Array("\\x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return bytes + Array("\"".utf8)
    }

    /// The first line is a value, the rest a pattern.
    private static func checkPattern(_ bytes: [UInt8]) throws(Violation) {
        let value = Text(utf8: Array(bytes.prefix { $0 != 0x0a }))
        let pattern = bytes.dropFirst(value.utf8.count + 1)
        guard value.isValidUTF8, let regex = try? LabelRegex(Text(utf8: Array(pattern))) else { return }
        // In a group of its own no pattern is simple enough to do without the engine.
        let group = Text(utf8: Array("(?:".utf8) + pattern + Array(")".utf8))
        guard let engine = try? LabelRegex(group) else { return }
        let candidates = [value, .empty, Text(utf8: Array(pattern)), Text(utf8: value.utf8 + pattern)]
        for candidate in candidates where candidate.isValidUTF8 {
            try require(
                regex.matches(candidate) == engine.matches(candidate), "the engine matches otherwise: \(candidate)")
        }
    }

    private static func checkYAML(_ bytes: [UInt8]) throws(Violation) {
        guard let root = try? YAMLDocument.parse(bytes) else { return }
        var waiting: [(node: YAMLNode, depth: Int)] = [(root, 0)]
        while let (node, depth) = waiting.popLast() {
            try require(depth <= 32, "a document is nested too deep")
            try require(node.line >= 1, "a node without a line")
            switch node {
            case .scalar: break
            case .sequence(let nodes, _): waiting += nodes.map { ($0, depth + 1) }
            case .mapping(let entries, _):
                try require(Set(entries.map(\.key)).count == entries.count, "a key is there twice")
                waiting += entries.map { ($0.value, depth + 1) }
            }
        }
    }

    private static func checkSettings(_ bytes: [UInt8]) throws(Violation) {
        let rows = ServeSettings.rows
        let table = try? SettingsTable(
            rows, arguments: ["--config=f"], environment: [:], readFile: { $0 == "f" ? bytes : nil })
        guard let table else { return }
        for row in rows {
            let count =
                switch row.kind {
                case .number: table.number(row.name)
                case .size: table.bytes(row.name)
                case .duration: Int(table.milliseconds(row.name))
                case .text, .flag, .choice: 0
                }
            try require(count >= 0, "\(row.name) is negative")
        }
    }
}
