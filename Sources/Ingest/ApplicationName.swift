public import Model

/// The `name` parameter of `/ingest`: an application with labels, `app{key=value,key=value}`.
public struct ApplicationName: Sendable, Hashable {
    /// The application.
    public var name: Text
    /// The labels in order; of a key that repeats, the last counts.
    public var labels: [Label]

    /// Reads the grammar of the reference, quirks included: quotes belong to values, and a label without an end is lost.
    public init(parsing text: Text) throws(IngestError) {
        guard !text.isEmpty else { throw IngestError(.invalidArgument, "name: service name is required") }
        var name: Text?
        var key: [UInt8] = []
        var value: [UInt8] = []
        var byKey: [Text: Text] = [:]
        var order: [Text] = []
        enum State { case name, key, value, done }
        var state = State.name
        var current: [UInt8] = []
        for byte in text.utf8 + [UInt8(ascii: "{")] {
            switch state {
            case .name:
                if byte == UInt8(ascii: "{") {
                    name = Self.trimmed(current)
                    state = .key
                } else {
                    current.append(byte)
                }
            case .key:
                if byte == UInt8(ascii: "=") {
                    state = .value
                } else if byte == UInt8(ascii: "}") {
                    state = .done
                } else {
                    key.append(byte)
                }
            case .value:
                guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") else {
                    value.append(byte)
                    continue
                }
                let label = Self.trimmed(key)
                guard !label.isEmpty, label.utf8.allSatisfy(Self.isKeyByte) else {
                    throw IngestError(.invalidArgument, "name: invalid label name: \(label): character is not allowed")
                }
                if byKey[label] == nil { order.append(label) }
                byKey[label] = Self.trimmed(value)
                key = []
                value = []
                state = byte == UInt8(ascii: ",") ? .key : .done
            case .done: break
            }
        }
        var application = name ?? .empty
        // Accepted silently by the reference: a label that overrides the name.
        if let override = byKey[LabelName.name] { application = override }
        guard !application.isEmpty else { throw IngestError(.invalidArgument, "name: service name is required") }
        guard application.utf8.allSatisfy(Self.isNameByte) else {
            throw IngestError(
                .invalidArgument, "name: invalid service name: \(application): character is not allowed")
        }
        self.name = application
        labels = order.filter { $0 != LabelName.name }.map { Label($0, byKey[$0] ?? .empty) }
    }

    private static func trimmed(_ bytes: [UInt8]) -> Text {
        var rest = bytes[...]
        while let first = rest.first, first == 0x20 || (0x09...0x0d).contains(first) { rest.removeFirst() }
        while let last = rest.last, last == 0x20 || (0x09...0x0d).contains(last) { rest.removeLast() }
        return Text(utf8: Array(rest))
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isKeyByte(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "/")
    }
}
