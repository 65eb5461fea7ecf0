/// A day of the Gregorian calendar, which is continued to before it began.
///
/// Both directions are Howard Hinnant's algorithms, which count from March of the year 0.
public struct CivilDate: Hashable, Sendable, CustomStringConvertible {
    /// The year; 0 is the one before 1.
    public let year: Int64
    /// From 1 to 12.
    public let month: Int64
    /// From 1 on.
    public let day: Int64

    /// Takes a date that the calendar has, of at most a million years; nil for any other.
    public init?(year: Int64, month: Int64, day: Int64) {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (-1_000_000...1_000_000).contains(year), (1...12).contains(month),
            (1...lengths[Int(month) - 1]).contains(day)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The date of a day, counted from 1 January 1970.
    public init(daysSinceEpoch days: Int64) {
        let shifted = days.saturatingAdd(719_468)
        let era = (shifted >= 0 ? shifted : shifted.saturatingSubtract(146_096)) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * march + 2) / 5 + 1
        month = march < 10 ? march + 3 : march - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// The days from 1 January 1970 to this one.
    public var daysSinceEpoch: Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date as `2026-11-25`.
    public var description: String {
        func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(year)-\(padded(month))-\(padded(day))"
    }
}
