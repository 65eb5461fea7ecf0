/// Writes one chunk of a recording, with the classes that profilers declare.
struct JFRWriter {
    /// Classes with their fields, each `name type`, then `cp` if it is a key of a pool, `array` if there are many.
    ///
    /// The position of a class is its id less `firstTypeID`.
    var classes: [(name: String, fields: [String])] = Self.profilerClasses
    var firstTypeID: UInt64 = 20
    /// What every key of a pool is counted from.
    var firstKey: UInt64 = 1
    /// The tag of the encoding in which texts of pools are written.
    var textEncoding: UInt8 = 3
    /// Whether constants stand before the events, so that they survive a cut.
    var isPoolFirst = false
    /// Splits the constants into two pool events, the first at the end of the chain.
    var isChained = false
    /// Bytes of events that are written after the others.
    var extraEvents: [[UInt8]] = []
    var major: UInt64 = 2
    var minor: UInt64 = 0
    /// Whether there are constants of a class that nobody reads.
    var hasOddConstants = true
    /// Whether the header of a chunk is among the constants, as virtual machines write it.
    var hasChunkHeader = false
    /// Begins another pool event with constants of a type that the metadata lacks.
    var undeclaredPool = false
    /// Lets the last pool event lead to itself by way of another.
    var circle = false

    private(set) var symbols: [String] = []
    private var types: [String] = []
    private var methods: [String] = []
    private var stacks: [String] = []
    private var states: [String] = []
    private(set) var events: [[UInt8]] = []

    private static let correlation = [
        "contextId long", "spanId long", "spanName long", "traceIdHi long", "traceIdLo long",
    ]
    private static let stack = "stackTrace jdk.types.StackTrace cp"
    private static let state = "state jdk.types.ThreadState cp"

    static let profilerClasses: [(name: String, fields: [String])] = [
        ("boolean", []), ("byte", []), ("char", []), ("short", []), ("int", []), ("long", []), ("float", []),
        ("double", []),
        ("java.lang.String", []), ("java.lang.Thread", []), ("jdk.types.FrameType", []), ("jdk.types.Package", []),
        ("jdk.types.ClassLoader", []),
        ("java.lang.Class", ["loader jdk.types.ClassLoader cp", "name jdk.types.Symbol cp"]),
        ("jdk.types.Symbol", ["string java.lang.String"]), ("jdk.types.ThreadState", ["name java.lang.String"]),
        ("jdk.types.Method", ["type java.lang.Class cp", "name jdk.types.Symbol cp", "modifiers int"]),
        ("jdk.types.StackFrame", ["method jdk.types.Method cp", "lineNumber int", "bytecodeIndex int"]),
        ("jdk.types.StackTrace", ["truncated boolean", "frames jdk.types.StackFrame array"]),
        ("jdk.ExecutionSample", ["startTime long", stack, state] + correlation),
        ("profiler.WallClockSample", ["startTime long", stack, state, "samples int"] + correlation),
        ("jdk.ObjectAllocationInNewTLAB", [stack, "tlabSize long"] + correlation),
        ("jdk.ObjectAllocationOutsideTLAB", [stack, "allocationSize long"] + correlation),
        ("jdk.ObjectAllocationSample", [stack, "weight long"] + correlation),
        ("jdk.JavaMonitorEnter", ["duration long", stack] + correlation), ("jdk.ThreadPark", ["duration long", stack]),
        ("profiler.LiveObject", [stack] + correlation), ("profiler.Malloc", [stack, "size long"]),
        ("profiler.Free", [stack, "size long"]),
        ("jdk.ActiveSetting", ["startTime long", "name java.lang.String", "value java.lang.String"]),
        ("jdk.types.ChunkHeader", ["payload byte array"]),
        ("app.Odd", ["ratio float", "share double", "on boolean", "frames jdk.types.StackFrame array"]),
    ]

    /// Adds an event; the stack is written root first, such as `a/A.main:3;b/B.run:7`, and fields that are not named are 0.
    mutating func add(
        _ type: String, stack: String? = nil, state: String? = nil, _ numbers: [String: UInt64] = [:],
        texts: [String: String] = [:]
    ) {
        var keys = numbers
        if let stack { keys["stackTrace"] = key(of: stack, in: \.stacks) }
        if let state { keys["state"] = key(of: state, in: \.states) }
        for frame in stack?.split(separator: ";").map(Self.frame) ?? [] {
            for name in [frame.type, frame.name] { _ = key(of: name, in: \.symbols) }
            _ = key(of: frame.type, in: \.types)
            _ = key(of: "\(frame.type).\(frame.name)", in: \.methods)
        }
        let payload = fields(of: type).flatMap { value(of: $0, keys, texts) }
        events.append(Self.event(typeID(type), payload))
    }

    mutating func addSetting(_ name: String, _ value: String) {
        add("jdk.ActiveSetting", texts: ["name": name, "value": value])
    }

    /// The bytes of the chunk.
    func encode() -> [UInt8] {
        let events = (events + extraEvents).flatMap { $0 }
        var body: [UInt8] = isPoolFirst ? [] : events
        var constantPool = 0
        for pools in poolEvents {
            // The first leads nowhere, or forwards to the next; the others lead back to the one before.
            let isFirst = constantPool == 0
            var delta = isFirst ? 0 : constantPool - (68 + body.count)
            if isFirst && circle { delta = Self.poolEvent(pools, delta: 1).count }
            constantPool = 68 + body.count
            body += Self.poolEvent(pools, delta: delta)
        }
        let metadata = 68 + body.count
        body += JFRMetadataWriter.event(classes, firstTypeID: firstTypeID)
        if isPoolFirst { body += events }
        let header =
            [(0x464c_5200, 4), (major, 2), (minor, 2), (UInt64(68 + body.count), 8), (UInt64(constantPool), 8)]
            + [(UInt64(metadata), 8), (1, 8), (1, 8), (1, 8), (1_000_000_000, 8), (1, 4)] as [(UInt64, UInt64)]
        return header.flatMap { value, count in
            (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        } + body
    }

    private var poolEvents: [[[UInt8]]] {
        // A pool that is empty needs no class.
        let contents = poolContents.filter { !$0.isEmpty }
        let undeclared = undeclaredPool ? [[Self.number(9999) + [1, 1, 1]]] : []
        return undeclared + (isChained ? [Array(contents.prefix(2)), Array(contents.dropFirst(2))] : [contents])
    }

    private static func poolEvent(_ pools: [[UInt8]], delta: Int) -> [UInt8] {
        event(
            1,
            [0, 0] + number(UInt64(bitPattern: Int64(delta))) + [1] + number(UInt64(pools.count)) + pools.flatMap { $0 }
        )
    }

    func typeID(_ name: String) -> UInt64 {
        firstTypeID + UInt64(classes.firstIndex { $0.name == name } ?? classes.count)
    }

    /// Adds a field in front of a class' other fields.
    mutating func prepend(_ field: String, to type: String) {
        for index in classes.indices where classes[index].name == type { classes[index].fields.insert(field, at: 0) }
    }

    /// An event with the size that it has.
    static func event(_ type: UInt64, _ payload: [UInt8]) -> [UInt8] {
        let content = number(type) + payload
        // Profilers fill up the size, so that they can write it last.
        let size = content.count + 3
        return [UInt8(size & 0x7f) | 0x80, UInt8(size >> 7 & 0x7f) | 0x80, UInt8(size >> 14)] + content
    }

    /// A base-128 number of up to nine bytes.
    static func number(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest >= 0x80 && bytes.count < 8 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func text(_ text: String, encoding: UInt8 = 3) -> [UInt8] {
        switch encoding {
        case 4: [4] + number(UInt64(text.utf16.count)) + text.utf16.flatMap { number(UInt64($0)) }
        case 5: [5] + number(UInt64(text.unicodeScalars.count)) + text.unicodeScalars.map { UInt8($0.value & 0xff) }
        default: text.isEmpty ? [1] : [3] + number(UInt64(text.utf8.count)) + Array(text.utf8)
        }
    }

    private static func frame(_ text: some StringProtocol) -> (type: String, name: String, line: UInt64) {
        let parts = text.split(separator: ":")
        let dot = parts[0].lastIndex(of: ".") ?? parts[0].startIndex
        let line = parts.count > 1 ? UInt64(parts[1]) ?? 0 : 0
        return (String(parts[0][..<dot]), String(parts[0][dot...].dropFirst()), line)
    }

    private mutating func key(of name: String, in table: WritableKeyPath<JFRWriter, [String]>) -> UInt64 {
        if !self[keyPath: table].contains(name) { self[keyPath: table].append(name) }
        return key(self[keyPath: table], name)
    }

    private func key(_ table: [String], _ name: String) -> UInt64 { firstKey + UInt64(table.firstIndex(of: name) ?? 0) }

    private func fields(of type: String) -> [String] { classes.first { $0.name == type }?.fields ?? [] }

    private func value(of field: String, _ numbers: [String: UInt64], _ texts: [String: String]) -> [UInt8] {
        let words = field.split(separator: " ").map(String.init)
        if words.contains("array") { return [2] + [0, 1].flatMap { _ in value(of: "element \(words[1])", [:], [:]) } }
        if words.contains("cp") { return Self.number(numbers[words[0]] ?? 0) }
        switch words[1] {
        case "boolean", "byte": return [0x80]
        case "int", "long", "short", "char": return Self.number(numbers[words[0]] ?? 0)
        case "float": return [0x80, 0x80, 0x80, 0x80]
        case "double": return [UInt8](repeating: 0x80, count: 8)
        case "java.lang.String": return Self.text(texts[words[0]] ?? "")
        case let type: return fields(of: type).flatMap { value(of: $0, [:], [:]) }
        }
    }

    private var poolContents: [[UInt8]] {
        func pool(_ type: String, _ names: [String], _ value: (String) -> [UInt8]) -> [UInt8] {
            names.isEmpty
                ? []
                : Self.number(typeID(type)) + Self.number(UInt64(names.count))
                    + names.flatMap { Self.number(key(names, $0)) + value($0) }
        }
        func inlineText(_ text: String) -> [UInt8] {
            textEncoding == 2 ? [2] + Self.number(key(symbols + states, text)) : Self.text(text, encoding: textEncoding)
        }
        return [
            pool("jdk.types.StackTrace", stacks) { stack in
                let frames = stack.split(separator: ";").map(Self.frame).reversed()
                return [0] + Self.number(UInt64(frames.count))
                    + frames.flatMap {
                        Self.number(key(methods, "\($0.type).\($0.name)")) + Self.number($0.line) + [0]
                    }
            },
            pool("jdk.types.Method", methods) { method in
                let frame = Self.frame(method)
                return Self.number(key(types, frame.type)) + Self.number(key(symbols, frame.name)) + [0]
            },
            pool("app.Odd", hasOddConstants ? ["odd"] : []) { _ in
                fields(of: "app.Odd").flatMap { value(of: $0, [:], [:]) }
            },
            // A chunk's header, which says nothing about its own length.
            pool("jdk.types.ChunkHeader", hasChunkHeader ? ["header"] : []) { _ in
                [UInt8](repeating: 0xff, count: 68)
            },
            pool("java.lang.Class", types) { [0] + Self.number(key(symbols, $0)) },
            pool("jdk.types.Symbol", symbols, inlineText), pool("jdk.types.ThreadState", states, inlineText),
            pool("java.lang.String", textEncoding == 2 ? symbols + states : []) { Self.text($0) },
        ]
    }
}
