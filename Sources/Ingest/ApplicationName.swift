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
        var application = Text.empty
        var key: [UInt8] = []
        var value: [UInt8] = []
        var byKey: [Text: Text] = [:]
        var order: [Text] = []
        var salvage = SalvageReport()
        func keep(_ key: Text, _ value: Text) throws(IngestError) {
            var label = key
            if label == LabelName.name {
                // Accepted silently by the reference, whatever it is: a label that overrides the name.
                if isStrict || !value.isEmpty { application = value }
                return
            }
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
                    application = try Self.validated(Self.trimmed(current), isStrict: isStrict, &salvage)
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
                state = .key
            case .done: break
            }
        }
        if !isStrict, state == .value {
            // The last byte is the one that ended the name.
            salvage.note(.labelUnterminated, "name: \(text)")
            try keep(Self.trimmed(key), Self.trimmed(value.dropLast()))
        }
        name = application
        self.salvage = salvage
        labels = order.map { Label($0, byKey[$0] ?? .empty) }
    }

    private static func validated(
        _ name: Text, isStrict: Bool, _ salvage: inout SalvageReport
    ) throws(IngestError) -> Text {
        guard !name.isEmpty else { throw IngestError(.invalidArgument, "name: service name is required") }
        guard !name.utf8.allSatisfy(isNameByte) else { return name }
        guard !isStrict else {
            throw IngestError(.invalidArgument, "name: invalid service name: \(name): character is not allowed")
        }
        salvage.note(.serviceName, "name: \(name)")
        return sanitised(name, isNameByte)
    }

    /// The text with `_` for other characters of ASCII; letters of other scripts are legal in labels and stay.
    private static func sanitised(_ text: Text, _ isAllowed: (UInt8) -> Bool) -> Text {
        Text(utf8: Text(text.string).utf8.map { $0 >= 0x80 || isAllowed($0) ? $0 : UInt8(ascii: "_") })
    }

    /// The text without blanks of any script around it.
    private static func trimmed(_ bytes: some Collection<UInt8>) -> Text {
        let text = Text(utf8: bytes)
        guard text.isValidUTF8 else {
            let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0d).contains(byte) }
            return Text(utf8: text.utf8.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
        }
        let scalars = text.string.unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return .empty }
        return Text(String(scalars[first...last]))
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
