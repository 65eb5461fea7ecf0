import CYAML

/// A node of a YAML document, with the line that it begins on.
public indirect enum YAMLNode: Sendable, Hashable {
    /// A single value, as text.
    case scalar(String, line: Int)
    /// A list.
    case sequence([YAMLNode], line: Int)
    /// Keys and values in order.
    case mapping([Entry], line: Int)

    /// A key and its value.
    public struct Entry: Sendable, Hashable {
        /// The key.
        public let key: String
        /// The value.
        public let value: YAMLNode
        /// The key's line.
        public let line: Int
    }

    /// The line that the node begins on, from 1.
    public var line: Int {
        switch self {
        case .scalar(_, let line), .sequence(_, let line), .mapping(_, let line): line
        }
    }
}

/// Reads YAML 1.1 with libyaml: one document, no anchors or aliases, no key twice, bounded depth.
public enum YAMLDocument {
    private static let maxDepth = 32

    /// The document of some bytes; nil if there is none.
    public static func parse(_ bytes: [UInt8]) throws(SettingError) -> YAMLNode? {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else { throw SettingError("yaml: out of memory") }
        defer { yaml_parser_delete(&parser) }
        var events: [Event] = []
        var failure: SettingError?
        bytes.withUnsafeBufferPointer { buffer in
            yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
            var isDone = false
            while !isDone && failure == nil {
                var event = yaml_event_t()
                guard yaml_parser_parse(&parser, &event) == 1 else {
                    let problem = parser.problem.map { String(cString: $0) } ?? "malformed"
                    failure = SettingError("yaml: line \(parser.problem_mark.line + 1): \(problem)")
                    return
                }
                defer { yaml_event_delete(&event) }
                let line = Int(event.start_mark.line) + 1
                switch event.type {
                case YAML_STREAM_END_EVENT: isDone = true
                case YAML_ALIAS_EVENT: failure = SettingError("yaml: line \(line): aliases are not allowed")
                case YAML_SCALAR_EVENT:
                    if event.data.scalar.anchor != nil {
                        failure = SettingError("yaml: line \(line): anchors are not allowed")
                    }
                    let text = UnsafeBufferPointer(start: event.data.scalar.value, count: event.data.scalar.length)
                    events.append(.scalar(String(decoding: text, as: UTF8.self), line))
                case YAML_SEQUENCE_START_EVENT:
                    if event.data.sequence_start.anchor != nil {
                        failure = SettingError("yaml: line \(line): anchors are not allowed")
                    }
                    events.append(.beginSequence(line))
                case YAML_MAPPING_START_EVENT:
                    if event.data.mapping_start.anchor != nil {
                        failure = SettingError("yaml: line \(line): anchors are not allowed")
                    }
                    events.append(.beginMapping(line))
                case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: events.append(.end)
                case YAML_DOCUMENT_START_EVENT: events.append(.document(line))
                default: break
                }
            }
        }
        if let failure { throw failure }
        return try tree(events)
    }

    private enum Event {
        case document(Int)
        case scalar(String, Int)
        case beginSequence(Int)
        case beginMapping(Int)
        case end
    }

    /// A collection whose end has not come.
    private struct Open {
        let isMapping: Bool
        let line: Int
        var nodes: [YAMLNode] = []
    }

    private static func tree(_ events: [Event]) throws(SettingError) -> YAMLNode? {
        var root: YAMLNode?
        var open: [Open] = []
        var documents = 0
        func place(_ node: YAMLNode) {
            if open.isEmpty { root = node } else { open[open.count - 1].nodes.append(node) }
        }
        for event in events {
            switch event {
            case .document(let line):
                documents += 1
                guard documents == 1 else { throw SettingError("yaml: line \(line): only one document is allowed") }
            case .scalar(let text, let line): place(.scalar(text, line: line))
            case .beginSequence(let line), .beginMapping(let line):
                guard open.count < maxDepth else { throw SettingError("yaml: line \(line): nested too deep") }
                if case .beginMapping = event {
                    open.append(Open(isMapping: true, line: line))
                } else {
                    open.append(Open(isMapping: false, line: line))
                }
            case .end:
                guard let last = open.popLast() else { continue }
                place(last.isMapping ? try mapping(last) : .sequence(last.nodes, line: last.line))
            }
        }
        return root
    }

    private static func mapping(_ open: Open) throws(SettingError) -> YAMLNode {
        var entries: [YAMLNode.Entry] = []
        for index in stride(from: 0, to: open.nodes.count - 1, by: 2) {
            guard case .scalar(let key, let line) = open.nodes[index] else {
                throw SettingError("yaml: line \(open.nodes[index].line): a key must be plain text")
            }
            guard !entries.contains(where: { $0.key == key }) else {
                throw SettingError("yaml: line \(line): key \"\(key)\" is there twice")
            }
            entries.append(YAMLNode.Entry(key: key, value: open.nodes[index + 1], line: line))
        }
        return .mapping(entries, line: open.line)
    }
}
