import Model

/// The classes of a chunk: what its events and constants are made of.
///
/// Ids of classes are those of one chunk and mean nothing in the next.
struct JFRMetadata {
    /// A class; its fields are a run in ``JFRMetadata/fields``.
    struct Class {
        var id: UInt64 = 0
        var name: Text = .empty
        var fields: Range<Int> = 0..<0
    }

    /// A field of a class.
    struct Field {
        var name: Text = .empty
        var type: UInt64 = 0
        var isPooled = false
        var isArray = false
    }

    private(set) var classes: [Class] = []
    private(set) var fields: [Field] = []
    private var indices: [UInt64: Int] = [:]

    /// The class of an id.
    func classIndex(of id: UInt64) -> Int? { indices[id] }

    /// Classes without which nothing can be resolved.
    private static let required: [Text] = [
        "int", "long", "short", "float", "boolean", "java.lang.String", "jdk.types.FrameType", "jdk.types.ThreadState",
        "java.lang.Thread", "java.lang.Class", "jdk.types.Method", "jdk.types.Package", "jdk.types.Symbol",
        "jdk.types.StackTrace", "jdk.types.ClassLoader", "jdk.types.StackFrame",
    ]

    /// Reads the metadata event that a cursor covers.
    init(_ bytes: Span<UInt8>, _ cursor: JFRCursor) throws(FormatError) {
        var cursor = cursor
        // Size, type, start, duration and id of the event.
        for _ in 0..<5 { _ = try JFRReader.number(bytes, &cursor) }
        let strings = try Self.strings(bytes, &cursor)
        var elements = JFRElementReader(cursor: cursor, strings: strings)
        let root = try elements.next(bytes)
        for _ in 0..<root.children {
            let child = try elements.next(bytes)
            guard elements.isNamed(child, "metadata") else {
                try elements.skip(child.children, bytes)
                continue
            }
            for _ in 0..<child.children { try readClass(bytes, &elements) }
        }
        // Many classes may share one name of megabytes, which nobody should hash.
        let names = Set(classes.map(\.name).filter { $0.utf8.count < 64 })
        for name in Self.required where !names.contains(name) {
            throw FormatError(.unreadable, "jfr: missing \"\(name)\"")
        }
    }

    private static func strings(_ bytes: Span<UInt8>, _ cursor: inout JFRCursor) throws(FormatError) -> [Text] {
        let count = try JFRReader.count(bytes, &cursor)
        var strings: [Text] = []
        strings.reserveCapacity(count)
        for _ in 0..<count {
            switch try JFRReader.string(bytes, &cursor) {
            case .text(let text): strings.append(Text(utf8: text))
            case .reference: throw FormatError(.unreadable, "jfr: a text of the metadata refers to a pool")
            }
        }
        return strings
    }

    private mutating func readClass(
        _ bytes: Span<UInt8>, _ elements: inout JFRElementReader
    ) throws(FormatError) {
        let element = try elements.next(bytes)
        var type = Class()
        let id = elements.attribute("id")
        type.name = elements.attribute("name") ?? .empty
        let first = fields.count
        for _ in 0..<element.children {
            let child = try elements.next(bytes)
            if elements.isNamed(child, "field") {
                var field = Field()
                field.name = elements.attribute("name") ?? .empty
                field.type = try Self.id(elements.attribute("class"))
                field.isPooled = elements.attribute("constantPool") == "true"
                if let dimension = elements.attribute("dimension") {
                    guard dimension == "1" else {
                        throw FormatError(.unreadable, "jfr: unsupported dimension \(dimension)")
                    }
                    field.isArray = true
                }
                fields.append(field)
            }
            try elements.skip(child.children, bytes)
        }
        guard elements.isNamed(element, "class") else {
            fields.removeSubrange(first...)
            return
        }
        type.id = try Self.id(id)
        type.fields = first..<fields.count
        indices[type.id] = classes.count
        classes.append(type)
    }

    private static func id(_ text: Text?) throws(FormatError) -> UInt64 {
        guard let text, text.utf8.count <= 20, let id = UInt64(text.string) else {
            throw FormatError(.unreadable, "jfr: a class has no valid id")
        }
        return id
    }
}
