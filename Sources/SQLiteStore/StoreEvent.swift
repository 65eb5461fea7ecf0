public import Store

/// Something that a store did by itself and that an operator wants to know.
public enum StoreEvent: Sendable {
    /// Why data was deleted.
    public enum Reason: String, Sendable {
        /// All of a day had become older than every retention that applies.
        case age
        /// Some profile types had become older than their own retention.
        case type
        /// The bytes of all files passed the bound.
        case maxDisk = "max_disk"
        /// Somebody asked for it.
        case request
    }

    /// A tenant's day was dropped as a whole.
    case dropped(tenant: Tenant, day: Int64, bytes: Int, reason: Reason)
    /// Profiles were deleted from a tenant's day; `bytes` counts their samples.
    case deleted(tenant: Tenant, day: Int64, profiles: Int, bytes: Int, reason: Reason)
    /// The files were measured.
    case measured(files: Int, databaseBytes: Int, logBytes: Int)
    /// The wall clock has moved by so many nanoseconds that nobody saw pass; nothing is deleted for its age for now.
    case clockHeld(nanoseconds: Int64)
    /// The wall clock is believed again.
    case clockTrusted
    /// All that may be dropped was, and the bound is still passed: appends are refused.
    case full(bytes: Int, limit: Int)
    /// Appends are taken again.
    case roomAgain
    /// A part of the data is damaged and set aside; told once for each, and again at each start.
    case damaged(DamagedPartition)
    /// Something in the background did not work and is tried again.
    case failed(String)

    /// A day since the Unix epoch as `2026-11-25`.
    public static func date(ofDay day: Int64) -> String {
        // Days to the civil calendar, counted from March of year 0 (Howard Hinnant's algorithm).
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let date = dayOfYear - (153 * month + 2) / 5 + 1
        let civil = month < 10 ? month + 3 : month - 9
        func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(yearOfEra + era * 400 + (civil <= 2 ? 1 : 0))-\(padded(civil))-\(padded(date))"
    }
}
