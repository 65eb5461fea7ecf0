import Model
import Store
import Synchronization

/// One tenant's profiles of one UTC day: a database file of its own.
///
/// Retention unlinks whole files, damage stays inside one, and the space comes back.
final class PartitionFile: Sendable {
    /// What tells files apart.
    struct Key: Hashable, Sendable {
        let tenant: Tenant
        let day: Int64
    }

    let tenant: Tenant
    /// Days since the Unix epoch.
    let day: Int64
    let path: String
    let names: NameTrees
    let cache = Mutex(ReadCache())
    /// When somebody last read it.
    private let lastRead = Mutex(ContinuousClock.now)
    /// Who reads it.
    let use = FileUse()
    /// How large it was when it was last measured; nil once it has been taken away.
    let size = Mutex<FileSize?>(FileSize())
    /// The largest id of a series or service that was deleted.
    ///
    /// No id comes twice, so that what readers have in memory or on an older snapshot never means something else.
    let largestDeletedID = Mutex<Int64>(0)
    /// Whether its schema is known to be this program's.
    private let isCurrent = Mutex(false)
    private let idle = Mutex<[IdleConnection]>([])
    /// How many connections nobody uses, over all files.
    ///
    /// Each takes three descriptors, so that a question about a year of days must not leave one for each.
    static let idleCount = Atomic(0)
    static let mostIdle = 128

    /// A connection that nobody uses.
    ///
    /// Unchecked because it is only ever held by the pool, under its lock, or by the one reader that took it out.
    private struct IdleConnection: @unchecked Sendable {
        let connection: Connection
        var since = ContinuousClock.now
        /// About how many bytes it takes.
        var byteCount = 0
    }

    /// The file's day, as times in nanoseconds.
    var interval: Interval {
        let start = day.saturatingMultiply(Self.nanosecondsPerDay)
        return Interval(start: start, end: start.saturatingAdd(Self.nanosecondsPerDay))
    }

    static let nanosecondsPerDay: Int64 = 86_400_000_000_000

    deinit { closeIdle() }

    /// The trees of names that it shares with others; a file that is looked at alone has its own.
    init(tenant: Tenant, day: Int64, directory: String, names: NameTrees = NameTrees()) {
        self.names = names
        self.tenant = tenant
        self.day = day
        path = "\(directory)/\(day).db"
    }

    /// The day as a range of milliseconds.
    var range: TimeRange {
        TimeRange(start: interval.start / 1_000_000, end: interval.end / 1_000_000 - 1)
    }

    var key: Key { Key(tenant: tenant, day: day) }

    /// The day that a time in nanoseconds lies in.
    static func day(of time: Int64) -> Int64 {
        let day = time / nanosecondsPerDay
        return time % nanosecondsPerDay < 0 ? day - 1 : day
    }

    /// Opens the file for writing and brings its schema up to date; a newer one is refused.
    func openForWriting() throws -> Connection {
        let connection = try Connection(path, .write)
        try bringUpToDate(connection)
        isCurrent.withLock { $0 = true }
        return connection
    }

    /// Throws for the schema of a newer program.
    func refuseNewer(_ version: Int64) throws(StoreError) {
        guard version > Schema.version else { return }
        throw StoreError(
            .unusable,
            "\(path) has schema version \(version), this program knows up to \(Schema.version): use a newer hearth")
    }

    /// Opens the file for reading; one of an older program is brought up to date the first time.
    private func openForReading() throws -> Connection {
        // One brings it up to date, which may take long, and others wait.
        try isCurrent.withLock { isCurrent in
            guard !isCurrent else { return }
            if try Connection(path, .read).number("PRAGMA user_version") != Schema.version {
                try bringUpToDate(try Connection(path, .write))
            }
            isCurrent = true
        }
        return try Connection(path, .read)
    }

    private func bringUpToDate(_ connection: Connection) throws {
        let version = try connection.number("PRAGMA user_version") ?? 0
        try refuseNewer(version)
        if version < Schema.version { try connection.writing { try Schema.update(connection) } }
    }

    /// The schema version of the file, 0 where its creation was cut short.
    ///
    /// The header alone tells where no log can hold a newer one, so that a start takes the same short time however much there
    /// is; everything else SQLite reads and verifies.
    func storedVersion() throws -> Int64 {
        if FileSize.of(path).log == 0, let version = try DatabaseHeader.userVersion(of: path),
            version == Schema.version
        {
            return version
        }
        if let reason = try WriteAheadLog(path + "-wal").damage() { throw PartitionDamage(file: self, reason: reason) }
        return try Connection(path, .read).number("PRAGMA user_version") ?? 0
    }

    /// Runs `body` with a reading connection from the pool.
    func withReader<Result>(_ body: (Connection) throws -> Result) throws -> Result {
        let pooled = idle.withLock { idle in
            if !idle.isEmpty { Self.idleCount.subtract(1, ordering: .relaxed) }
            return idle.popLast()
        }
        var reader = try pooled ?? IdleConnection(connection: openForReading())
        let result = try body(reader.connection)
        // A connection that failed is not trusted again.
        reader.since = .now
        reader.byteCount = reader.connection.byteCount
        let freed = reader
        lastRead.withLock { $0 = freed.since }
        idle.withLock { idle in
            guard idle.count < 4, Self.idleCount.load(ordering: .relaxed) < Self.mostIdle else { return }
            Self.idleCount.add(1, ordering: .relaxed)
            idle.append(freed)
        }
        return result
    }

    /// When somebody last read the file, and about how many bytes are kept in memory for the next one.
    var cached: (lastRead: ContinuousClock.Instant, byteCount: Int) {
        let pages = idle.withLock { $0.reduce(0) { $0 + $1.byteCount } }
        return (lastRead.withLock { $0 }, cache.withLock { $0.byteCount } + pages)
    }

    /// Closes what nobody uses and forgets what was read, so that the next reader sees the file as it is.
    func forget() {
        closeIdle()
        dropCache()
    }

    /// Forgets what is kept in memory for readers.
    func dropCache() {
        cache.withLock { $0.empty() }
    }

    /// Closes the connections that nobody uses.
    func closeIdle() {
        closeIdle(unusedFor: .zero)
    }

    /// Closes the connections that nobody has used for a while, as each takes three descriptors and a cache.
    func closeIdle(unusedFor duration: Duration) {
        let now = ContinuousClock.now
        idle.withLock { idle in
            let before = idle.count
            idle.removeAll { now - $0.since >= duration }
            Self.idleCount.subtract(before - idle.count, ordering: .relaxed)
        }
    }
}
