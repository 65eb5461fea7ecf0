public import Formats
public import Model

/// The `name` parameter of `/ingest`: an application with labels, `app{key=value,key=value}`.
public struct ApplicationName: Sendable, Hashable {
    /// The application.
    public var name: Text
    /// The labels in order; of a key that repeats, the last counts.
    public var labels: [Label]
    /// What was changed, unless it was read strictly.
    public var salvage = SalvageReport()

    /// Reads the grammar of the reference, quirks included: quotes belong to values.
    ///
    /// Strictly, other characters than the grammar's are an error and a label without an end is lost, as in the reference.
    public init(parsing text: Text, isStrict: Bool = true) throws(IngestError) {
        guard !text.isEmpty else { throw IngestError(.invalidArgument, "name: service name is required") }
        var name: Text?
        var key: [UInt8] = []
        var value: [UInt8] = []
        var byKey: [Text: Text] = [:]
        var order: [Text] = []
        var salvage = SalvageReport()
        func keep(_ key: Text, _ value: Text) throws(IngestError) {
            var label = key
            if label.isEmpty || !label.utf8.allSatisfy(Self.isKeyByte) {
                guard !isStrict else {
                    throw IngestError(.invalidArgument, "name: invalid label name: \(label): character is not allowed")
                }
                salvage.note(.labelName, "name: \(label)=\(value)")
                guard !label.isEmpty else { return }
                label = Self.sanitised(label, Self.isKeyByte)
            }
            if let earlier = byKey[label] {
                if !isStrict { salvage.note(.labelTwice, "name: \(label): \(earlier), \(value)") }
            } else {
                order.append(label)
            }
            byKey[label] = value
        }
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
                try keep(Self.trimmed(key), Self.trimmed(value))
                key = []
                value = []
                state = byte == UInt8(ascii: ",") ? .key : .done
            case .done: break
            }
        }
        if !isStrict, state == .value {
            // The last byte is the one that ended the name.
            salvage.note(.labelUnterminated, "name: \(text)")
            try keep(Self.trimmed(key), Self.trimmed(value.dropLast()))
        }
        var application = name ?? .empty
        // Accepted silently by the reference: a label that overrides the name.
        if let override = byKey[LabelName.name] { application = override }
        guard !application.isEmpty else { throw IngestError(.invalidArgument, "name: service name is required") }
        if !application.utf8.allSatisfy(Self.isNameByte) {
            guard !isStrict else {
                throw IngestError(
                    .invalidArgument, "name: invalid service name: \(application): character is not allowed")
            }
            salvage.note(.serviceName, "name: \(application)")
            application = Self.sanitised(application, Self.isNameByte)
        }
        self.name = application
        self.salvage = salvage
        labels = order.filter { $0 != LabelName.name }.map { Label($0, byKey[$0] ?? .empty) }
    }

    /// The text with `_` for other characters of ASCII; letters of other scripts are legal in labels and stay.
    private static func sanitised(_ text: Text, _ isAllowed: (UInt8) -> Bool) -> Text {
        Text(utf8: Text(text.string).utf8.map { $0 >= 0x80 || isAllowed($0) ? $0 : UInt8(ascii: "_") })
    }

    private static func trimmed(_ bytes: some Collection<UInt8>) -> Text {
        var rest = Array(bytes)[...]
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
