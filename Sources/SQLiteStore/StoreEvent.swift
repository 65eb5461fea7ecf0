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
}
