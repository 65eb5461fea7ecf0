import Synchronization

/// A part of the data that is kept but not served, because it is not what was written there.
public struct DamagedPartition: Hashable, Sendable {
    /// Whose profiles it holds.
    public var tenant: Tenant
    /// Which profiles: those of this UTC day, in days since the Unix epoch.
    public var day: Int64
    /// Where it lies now.
    public var path: String
    /// How the damage was noticed, on one line.
    public var reason: String

    /// Makes a description.
    public init(tenant: Tenant, day: Int64, path: String, reason: String) {
        self.tenant = tenant
        self.day = day
        self.path = path
        self.reason = reason
    }
}

/// What the answer to a request lacks, gathered while it is worked out.
///
/// Who answers requests binds `current` around one; engines note there what they left out.
public final class AnswerGaps: Sendable {
    /// The gaps of the request that the current task works on.
    @TaskLocal public static var current: AnswerGaps?

    private let noted = Mutex<Set<DamagedPartition>>([])

    /// Begins with none.
    public init() {}

    /// Notes partitions that should have had a part in the answer.
    public func note(_ partitions: [DamagedPartition]) {
        guard !partitions.isEmpty else { return }
        noted.withLock { $0.formUnion(partitions) }
    }

    /// What was noted, by path.
    public var partitions: [DamagedPartition] { noted.withLock { $0.sorted { $0.path < $1.path } } }
}
