/// Writes the metadata event of a chunk.
struct JFRMetadataWriter {
    private var strings: [String] = []

    static func event(_ classes: [(name: String, fields: [String])], firstTypeID: UInt64) -> [UInt8] {
        var writer = JFRMetadataWriter()
        var ids: [String: String] = [:]
        for (index, type) in classes.enumerated() { ids[type.name] = String(firstTypeID + UInt64(index)) }
        let elements = classes.map { type in
            let fields = type.fields.map { field in
                let words = field.split(separator: " ").map(String.init)
                var attributes = [("name", words[0]), ("class", ids[words[1]] ?? "9999")]
                if words.contains("cp") { attributes.append(("constantPool", "true")) }
                if words.contains("array") { attributes.append(("dimension", "1")) }
                let annotation = writer.element("annotation", [("class", "7")], [])
                return writer.element("field", attributes, [annotation])
            }
            let setting = writer.element("setting", [("name", "enabled")], [])
            return writer.element("class", [("name", type.name), ("id", ids[type.name] ?? "0")], [setting] + fields)
        }
        let root = writer.element(
            "root", [], [writer.element("region", [("locale", "en")], []), writer.element("metadata", [], elements)])
        let strings = writer.strings.flatMap { JFRWriter.text($0) }
        return JFRWriter.event(0, [0, 0, 1] + JFRWriter.number(UInt64(writer.strings.count)) + strings + root)
    }

    private mutating func element(
        _ name: String, _ attributes: [(String, String)], _ children: [[UInt8]]
    ) -> [UInt8] {
        var bytes = index(name) + JFRWriter.number(UInt64(attributes.count))
        for (name, value) in attributes { bytes += index(name) + index(value) }
        return bytes + JFRWriter.number(UInt64(children.count)) + children.flatMap { $0 }
    }

    private mutating func index(_ text: String) -> [UInt8] {
        if !strings.contains(text) { strings.append(text) }
        return JFRWriter.number(UInt64(strings.firstIndex(of: text) ?? 0))
    }
}
