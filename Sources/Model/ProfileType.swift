/// What a profile measures, written `name:sampleType:sampleUnit:periodType:periodUnit`.
///
/// Any part may be empty; a profile without a period ends in `::`.
public struct ProfileType: Hashable, Comparable, Sendable {
    /// The profile family, such as `process_cpu`.
    public let name: Text
    /// The sample type, such as `cpu`.
    public let sampleType: Text
    /// The unit of the values, such as `nanoseconds`.
    public let sampleUnit: Text
    /// The type of the sampling period, or empty.
    public let periodType: Text
    /// The unit of the sampling period, or empty.
    public let periodUnit: Text
    /// The five parts joined by colons.
    public let id: Text

    /// Makes a profile type of its parts.
    public init(name: Text, sampleType: Text, sampleUnit: Text, periodType: Text, periodUnit: Text) {
        self.name = name
        self.sampleType = sampleType
        self.sampleUnit = sampleUnit
        self.periodType = periodType
        self.periodUnit = periodUnit
        id = Text(
            utf8: Array([name, sampleType, sampleUnit, periodType, periodUnit].map(\.utf8).joined(separator: [0x3a])))
    }

    /// Parses five parts, or six of which the last (`delta`) is ignored.
    ///
    /// Throws ``ProfileTypeError`` for any other number of parts.
    public init(parsing id: Text) throws(ProfileTypeError) {
        let parts = id.utf8.split(separator: 0x3a, omittingEmptySubsequences: false).map { Text(utf8: Array($0)) }
        guard parts.count == 5 || parts.count == 6 else {
            throw ProfileTypeError(text: id, partCount: parts.count)
        }
        self.init(
            name: parts[0], sampleType: parts[1], sampleUnit: parts[2], periodType: parts[3], periodUnit: parts[4])
    }

    /// Orders by ``id``.
    public static func < (left: ProfileType, right: ProfileType) -> Bool { left.id < right.id }
}

/// A text that is no profile type.
public struct ProfileTypeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text that was given.
    public let text: Text
    /// The number of parts that it has.
    public let partCount: Int

    /// One line that names the wanted form.
    public var description: String {
        "profile-type selection must be of the form <name>:<sample-type>:<sample-unit>:<period-type>:<period-unit>"
            + "(:delta), got(\(partCount)): \"\(text)\""
    }
}
