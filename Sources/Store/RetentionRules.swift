public import Model

/// How old profiles of a tenant may become.
public struct RetentionRules: Hashable, Sendable {
    /// An age for the profile types of a name, such as `memory`, or for one type by its five parts.
    public struct TypeRule: Hashable, Sendable {
        /// The name or the five parts.
        public var type: Text
        /// The age in nanoseconds; 0 keeps the profiles forever.
        public var age: Int64

        /// Makes a rule.
        public init(type: Text, age: Int64) {
            self.type = type
            self.age = age
        }
    }

    /// The age where no rule of a type says otherwise, in nanoseconds; 0 keeps the profiles forever.
    public var age: Int64
    /// The ages of some types; one type's own rule goes before that of its name.
    public var types: [TypeRule]

    /// Makes rules; without any, profiles are kept forever.
    public init(age: Int64 = 0, types: [TypeRule] = []) {
        self.age = age
        self.types = types
    }

    /// The age of a profile type, given by its five parts; nil where its profiles are kept forever.
    public func age(of type: Text) -> Int64? {
        let name = Text(utf8: Array(type.utf8.prefix { $0 != UInt8(ascii: ":") }))
        let rule = types.first { $0.type == type } ?? types.first { $0.type == name }
        let age = rule?.age ?? age
        return age > 0 ? age : nil
    }

    /// The longest age that any type has; nil where some type is kept forever.
    public var longest: Int64? {
        let ages = types.map(\.age) + [age]
        return ages.contains { $0 <= 0 } ? nil : ages.max()
    }

    /// The shortest age that some type has; nil where all are kept forever.
    public var shortest: Int64? {
        (types.map(\.age) + [age]).filter { $0 > 0 }.min()
    }
}
