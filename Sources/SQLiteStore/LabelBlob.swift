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

    static func decode(_ blob: UnsafeBufferPointer<UInt8>) throws(BlobDamage) -> LabelSet {
        var reader = try BlobReader(sealed: blob)
        var labels: [Label] = []
        while !reader.isAtEnd {
            let name = Text(utf8: try reader.content(reader.count()))
            labels.append(Label(name, Text(utf8: try reader.content(reader.count()))))
        }
        return LabelSet(labels)
    }
}
