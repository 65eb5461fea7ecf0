import Model
import Wire

/// The contextual labels that an agent sends beside a recording.
///
/// The message is `LabelsSnapshot` of grafana/jfr-parser. Texts are ranked: label names and values are numbers whose order is
/// that of the texts, so that nothing long is compared twice.
struct JFRLabelsSnapshot {
    /// A label of a context, as ranks.
    struct RankedLabel: Hashable {
        var name: Int
        var value: Int
    }

    /// Every text once, sorted.
    private var texts: [Text] = []
    private var ranks: [Int64: Int] = [:]
    private var contexts: [Int64: [(key: Int64, value: Int64)]] = [:]

    /// A snapshot without labels.
    init() {}

    /// Decodes a snapshot; no bytes are one without labels.
    init(decoding bytes: [UInt8], limits: PprofLimits, _ salvage: inout SalvageReport) throws(FormatError) {
        var strings: [Int64: Text] = [:]
        do throws(WireError) {
            try decode(bytes.span, &strings)
        } catch {
            throw FormatError(.unreadable, "labels: \(error)")
        }
        for (id, text) in strings where !text.isValidUTF8 {
            guard !limits.isStrict else {
                throw FormatError(.unreadable, "labels: string field contains invalid UTF-8")
            }
            salvage.note(.labelNotUTF8, text.string)
            strings[id] = Text(text.string)
        }
        let largest = contexts.values.reduce(0) { max($0, $1.count) }
        if limits.maxSampleLabels > 0, largest > limits.maxSampleLabels {
            let message = "a context has \(largest) labels, the limit is \(limits.maxSampleLabels)"
            guard !limits.isStrict else { throw FormatError(.tooLarge, "labels: \(message) (max-sample-labels)") }
            for (id, labels) in contexts where labels.count > limits.maxSampleLabels {
                salvage.note(.sampleLabelCount, message)
                contexts[id] = Array(labels.prefix(limits.maxSampleLabels))
            }
        }
        let sorted = strings.sorted { $0.value < $1.value }
        for (id, text) in sorted {
            if texts.last != text { texts.append(text) }
            ranks[id] = texts.count - 1
        }
    }

    /// The rank of an id's text, or nil if it has none.
    func rank(of id: Int64) -> Int? {
        guard let rank = ranks[id], !texts[rank].isEmpty else { return nil }
        return rank
    }

    /// The text of a rank.
    subscript(_ rank: Int) -> Text { texts[rank] }

    /// The labels of a context sorted by name, without those that lack a name or a value.
    func labels(of context: Int64) -> [RankedLabel] {
        var values: [Int: Int] = [:]
        for (key, value) in contexts[context] ?? [] {
            if let name = rank(of: key), let value = rank(of: value) { values[name] = value }
        }
        return values.map { RankedLabel(name: $0.key, value: $0.value) }.sorted { $0.name < $1.name }
    }

    private mutating func decode(_ bytes: Span<UInt8>, _ strings: inout [Int64: Text]) throws(WireError) {
        var cursor = ProtobufCursor(offset: 0, end: bytes.count)
        while !cursor.isAtEnd {
            let (number, type) = try ProtobufReader.field(bytes, &cursor)
            guard type == .bytes, number == 1 || number == 2 else {
                try ProtobufReader.skip(type, bytes, &cursor)
                continue
            }
            var entry = try ProtobufReader.message(bytes, &cursor)
            var id: Int64 = 0
            var value = ProtobufCursor(offset: 0, end: 0)
            while !entry.isAtEnd {
                let (number, type) = try ProtobufReader.field(bytes, &entry)
                switch (number, type) {
                case (1, .varint): id = Int64(bitPattern: try ProtobufReader.varint(bytes, &entry))
                case (2, .bytes): value = try ProtobufReader.message(bytes, &entry)
                default: try ProtobufReader.skip(type, bytes, &entry)
                }
            }
            if number == 1 {
                contexts[id] = try Self.context(bytes, &value)
            } else {
                strings[id] = Text(
                    utf8: bytes.extracting(value.offset..<value.end).withUnsafeBufferPointer { Array($0) })
            }
        }
    }

    private static func context(
        _ bytes: Span<UInt8>, _ cursor: inout ProtobufCursor
    ) throws(WireError) -> [(key: Int64, value: Int64)] {
        var labels: [(key: Int64, value: Int64)] = []
        while !cursor.isAtEnd {
            let (number, type) = try ProtobufReader.field(bytes, &cursor)
            guard number == 1, type == .bytes else {
                try ProtobufReader.skip(type, bytes, &cursor)
                continue
            }
            var entry = try ProtobufReader.message(bytes, &cursor)
            var label: (key: Int64, value: Int64) = (0, 0)
            while !entry.isAtEnd {
                let (number, type) = try ProtobufReader.field(bytes, &entry)
                switch (number, type) {
                case (1, .varint): label.key = Int64(bitPattern: try ProtobufReader.varint(bytes, &entry))
                case (2, .varint): label.value = Int64(bitPattern: try ProtobufReader.varint(bytes, &entry))
                default: try ProtobufReader.skip(type, bytes, &entry)
                }
            }
            labels.append(label)
        }
        return labels
    }
}
