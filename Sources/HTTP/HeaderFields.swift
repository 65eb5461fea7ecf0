/// The header fields of a request or an answer, in the order of the wire.
public struct HeaderFields: Sendable {
    /// Names as they came (or will be sent) and values without surrounding blanks.
    public private(set) var fields: [(name: String, value: String)]

    /// Makes fields of pairs.
    public init(_ fields: [(name: String, value: String)] = []) {
        self.fields = fields
    }

    /// The first value of a field, compared without regard to case, or nil.
    public subscript(_ name: String) -> String? {
        fields.first { Self.equal($0.name, name) }?.value
    }

    /// All values of a field, in order.
    public func values(_ name: String) -> [String] {
        fields.filter { Self.equal($0.name, name) }.map(\.value)
    }

    /// Adds a field.
    public mutating func add(_ name: String, _ value: String) {
        fields.append((name, value))
    }

    /// Removes all fields of a name and adds one.
    public mutating func set(_ name: String, _ value: String) {
        fields.removeAll { Self.equal($0.name, name) }
        fields.append((name, value))
    }

    static func equal(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count
            && zip(left.utf8, right.utf8).allSatisfy { Self.lowered($0) == Self.lowered($1) }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    }
}
