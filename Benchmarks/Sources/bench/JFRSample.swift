import Wire

/// Writes one chunk of a Java recording that holds nothing but CPU samples.
enum JFRSample {
    private enum Class: UInt64 {
        case long = 10, int, boolean, string, symbol, type, method, frame, stack, state, sample
        // Declared by every recording, and not used in this one.
        case short, float, frameType, thread, package, loader
    }

    private static let classes: [(type: Class, name: String, fields: [(name: String, type: Class, extra: String)])] = [
        (.long, "long", []), (.int, "int", []), (.boolean, "boolean", []), (.string, "java.lang.String", []),
        (.short, "short", []), (.float, "float", []), (.frameType, "jdk.types.FrameType", []),
        (.thread, "java.lang.Thread", []), (.package, "jdk.types.Package", []),
        (.loader, "jdk.types.ClassLoader", []),
        (.symbol, "jdk.types.Symbol", [("string", .string, "")]),
        (.type, "java.lang.Class", [("name", .symbol, "constantPool")]),
        (.method, "jdk.types.Method", [("type", .type, "constantPool"), ("name", .symbol, "constantPool")]),
        (.frame, "jdk.types.StackFrame", [("method", .method, "constantPool"), ("lineNumber", .int, "")]),
        (.stack, "jdk.types.StackTrace", [("truncated", .boolean, ""), ("frames", .frame, "dimension")]),
        (.state, "jdk.types.ThreadState", [("name", .string, "")]),
        (
            .sample, "jdk.ExecutionSample",
            [("startTime", .long, ""), ("stackTrace", .stack, "constantPool"), ("state", .state, "constantPool")]
        ),
    ]

    private static func number(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        ProtobufWriter.varint(value, to: &bytes)
        return bytes
    }

    private static func text(_ utf8: [UInt8]) -> [UInt8] { [3] + number(UInt64(utf8.count)) + utf8 }

    /// An event begins with its size, which is written with a fixed width.
    private static func event(_ type: UInt64, _ payload: [UInt8]) -> [UInt8] {
        let content = number(type) + payload
        let size = UInt64(content.count + 5)
        return (0..<4).map { UInt8(truncatingIfNeeded: size >> (7 * $0)) | 0x80 } + [UInt8(size >> 28)] + content
    }

    static func encode(stacks: [[[UInt8]]], counts: [Int64]) -> [UInt8] {
        var names: [[UInt8]] = [Array("acme/Service".utf8)]
        var indices: [[UInt8]: Int] = [:]
        var traces: [UInt8] = []
        for (index, stack) in stacks.enumerated() {
            traces += number(UInt64(index + 1)) + [0] + number(UInt64(stack.count))
            for name in stack.reversed() {
                let key = indices[name] ?? names.count
                if key == names.count {
                    indices[name] = key
                    names.append(name)
                }
                // A method's key is that of its name.
                traces += number(UInt64(key + 1)) + number(UInt64(key % 500 + 1))
            }
        }
        var pools: [UInt8] = []
        func pool(_ type: Class, _ count: Int, _ content: [UInt8]) {
            pools += number(type.rawValue) + number(UInt64(count)) + content
        }
        pool(.stack, stacks.count, traces)
        pool(.method, names.count, names.indices.flatMap { number(UInt64($0 + 1)) + [1] + number(UInt64($0 + 1)) })
        pool(.type, 1, [1, 1])
        pool(.symbol, names.count, names.indices.flatMap { number(UInt64($0 + 1)) + text(names[$0]) })
        pool(.state, 1, [1] + text(Array("STATE_RUNNABLE".utf8)))

        var body: [UInt8] = []
        for (index, count) in counts.enumerated() {
            let sample = event(
                Class.sample.rawValue, number(1_000_000 + UInt64(index)) + number(UInt64(index + 1)) + [1])
            for _ in 0..<count { body += sample }
        }
        let constantPool = 68 + body.count
        body += event(1, [0, 0, 0, 1] + number(5) + pools)
        let metadata = 68 + body.count
        body += metadataEvent
        let header: [(UInt64, Int)] = [
            (0x464c_5200, 4), (2, 2), (0, 2), (UInt64(68 + body.count), 8), (UInt64(constantPool), 8),
            (UInt64(metadata), 8), (1, 8), (1, 8), (1, 8), (1_000_000_000, 8), (1, 4),
        ]
        return header.flatMap { value, width in
            (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
        } + body
    }

    private static var metadataEvent: [UInt8] {
        var strings: [String] = []
        func index(_ text: String) -> [UInt8] {
            if !strings.contains(text) { strings.append(text) }
            return number(UInt64(strings.firstIndex(of: text) ?? 0))
        }
        func element(_ name: String, _ attributes: [(String, String)], _ children: [[UInt8]]) -> [UInt8] {
            index(name) + number(UInt64(attributes.count)) + attributes.flatMap { index($0.0) + index($0.1) }
                + number(UInt64(children.count)) + children.flatMap { $0 }
        }
        let elements = classes.map { type in
            element(
                "class", [("name", type.name), ("id", "\(type.type.rawValue)")],
                type.fields.map { field in
                    var attributes = [("name", field.name), ("class", "\(field.type.rawValue)")]
                    if !field.extra.isEmpty {
                        attributes.append((field.extra, field.extra == "dimension" ? "1" : "true"))
                    }
                    return element("field", attributes, [])
                })
        }
        let root = element("root", [], [element("metadata", [], elements)])
        return event(
            0, [0, 0, 1] + number(UInt64(strings.count)) + strings.flatMap { text(Array($0.utf8)) } + root)
    }
}
