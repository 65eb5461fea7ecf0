import Model

/// A series' labels as a blob.
enum LabelBlob {
    static func encode(_ labels: LabelSet) -> [UInt8] {
        var writer = BlobWriter()
        for label in labels.labels {
            writer.uvarint(UInt64(label.name.utf8.count))
            writer.append(label.name.utf8)
            writer.uvarint(UInt64(label.value.utf8.count))
            writer.append(label.value.utf8)
        }
        return writer.sealed()
    }

    /// Reads labels; texts that `shared` has are not made again, and those that are new join it.
    static func decode(
        _ blob: UnsafeBufferPointer<UInt8>, sharing shared: inout Set<Text>
    ) throws(BlobDamage) -> LabelSet {
        var reader = try BlobReader(sealed: blob)
        var labels: [Label] = []
        func text() throws(BlobDamage) -> Text {
            shared.insert(Text(utf8: try reader.content(reader.count()))).memberAfterInsert
        }
        while !reader.isAtEnd {
            let name = try text()
            labels.append(Label(name, try text()))
        }
        return LabelSet(labels)
    }

    /// Reads labels that are looked at alone.
    static func decode(_ blob: UnsafeBufferPointer<UInt8>) throws(BlobDamage) -> LabelSet {
        var shared: Set<Text> = []
        return try decode(blob, sharing: &shared)
    }
}
