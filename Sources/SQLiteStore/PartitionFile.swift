import Glibc
import Model
import Store
import Synchronization

/// One tenant's profiles of one UTC day: a database file of its own.
///
/// Retention unlinks whole files, damage stays inside one, and the space comes back.
final class PartitionFile: Sendable {
    let tenant: Tenant
    /// Days since the Unix epoch.
    let day: Int64
    let path: String
    let cache = Mutex(ReadCache())
    private let idle = Mutex<[IdleConnection]>([])
    private let opening = Mutex(Opening())

    /// Held while a connection opens what belongs to the file, and while the file is moved: so that none is of both places.
    private struct Opening: Sendable {
        var isUpToDate = false
        var isSetAside = false
    }

    /// A connection that nobody uses.
    ///
    /// Unchecked because it is only ever held by the pool, under its lock, or by the one reader that took it out.
    private struct IdleConnection: @unchecked Sendable {
        let connection: Connection
    }

    /// The file's day, as times in nanoseconds.
    var interval: Interval {
        let start = day.saturatingMultiply(Self.nanosecondsPerDay)
        return Interval(start: start, end: start.saturatingAdd(Self.nanosecondsPerDay))
    }

    static let nanosecondsPerDay: Int64 = 86_400_000_000_000
    static let schemaVersion: Int64 = 2

    init(tenant: Tenant, day: Int64, directory: String) {
        self.tenant = tenant
        self.day = day
        path = "\(directory)/\(day).db"
    }

    /// The day that a time in nanoseconds lies in.
    static func day(of time: Int64) -> Int64 {
        let day = time / nanosecondsPerDay
        return time % nanosecondsPerDay < 0 ? day - 1 : day
    }

    /// The schema version of the file, 0 where its creation was cut short.
    ///
    /// Reads the header alone where no log can hold a newer one; everything else, SQLite reads and verifies.
    func storedVersion() throws -> Int64 {
        if access(path + "-wal", F_OK) != 0, let version = try headerVersion(), version == Self.schemaVersion {
            return version
        }
        if let reason = try WriteAheadLog(path + "-wal").damage() { throw PartitionDamage(file: self, reason: reason) }
        return try Connection(path, .read).number("PRAGMA user_version") ?? 0
    }

    /// What stands in the first page as the schema version.
    private func headerVersion() throws(StoreError) -> Int64? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open \(path)") }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4)
        guard pread(descriptor, &bytes, 4, 60) == 4 else { return nil }
        return bytes.reduce(0) { $0 << 8 | Int64($1) }
    }

    /// Opens the file for writing and brings its schema up to date; a newer one is refused.
    func openForWriting() throws -> Connection {
        try opening.withLock { state in
            try refuseIfSetAside(state)
            let opened = IdleConnection(connection: try Connection(path, .write))
            try bringUpToDate(opened.connection)
            state.isUpToDate = true
            return opened
        }.connection
    }

    private func openForReading() throws -> IdleConnection {
        try opening.withLock { state in
            try refuseIfSetAside(state)
            if !state.isUpToDate {
                if try storedVersion() < Self.schemaVersion { try bringUpToDate(try Connection(path, .write)) }
                state.isUpToDate = true
            }
            let opened = IdleConnection(connection: try Connection(path, .read))
            // Its log is opened by name at the first read, which must not be later.
            _ = try opened.connection.number("PRAGMA schema_version")
            return opened
        }
    }

    private func refuseIfSetAside(_ state: Opening) throws {
        if state.isSetAside { throw PartitionDamage(file: self, reason: "it was set aside") }
    }

    private func bringUpToDate(_ connection: Connection) throws {
        let version = try connection.number("PRAGMA user_version") ?? 0
        try Self.refuseNewer(version, path)
        if version < Self.schemaVersion { try connection.writing { try Schema.update(connection) } }
    }

    /// Refuses what a newer program has written.
    static func refuseNewer(_ version: Int64, _ path: String) throws(StoreError) {
        guard version > schemaVersion else { return }
        throw StoreError(
            .unusable,
            "\(path) has schema version \(version), this program knows up to \(schemaVersion): use a newer hearth")
    }

    /// Whether it is out of service.
    var isSetAside: Bool { opening.withLock { $0.isSetAside } }

    /// Moves the file and what belongs to it to another name, once; nobody opens it after that.
    ///
    /// Those who have it open go on with what they have, and SQLite leaves the files of a database that has moved alone.
    func setAside(as name: String) throws(StoreError) {
        let result = opening.withLock { state -> Result<Void, StoreError> in
            guard !state.isSetAside else { return .success(()) }
            // What belongs to a database that is gone is SQLite's to remove, so a failure after the first matters little.
            guard rename(path, name) == 0 || errno == ENOENT else { return .failure(.system("rename \(path)")) }
            for suffix in ["-wal", "-shm"] { rename(path + suffix, name + suffix) }
            state.isSetAside = true
            return .success(())
        }
        closeIdle()
        try result.get()
    }

    /// Runs `body` with a reading connection from the pool.
    func withReader<Result>(_ body: (Connection) throws -> Result) throws -> Result {
        let pooled = idle.withLock { $0.popLast() }
        let reader = try pooled ?? openForReading()
        let result = try body(reader.connection)
        // A connection that failed is not trusted again.
        idle.withLock { if $0.count < 4 { $0.append(reader) } }
        return result
    }

    /// Closes the connections that nobody uses.
    func closeIdle() {
        idle.withLock { $0 = [] }
    }

    /// Closes what nobody uses and forgets what was read, so that the next reader sees the file as it is.
    func forget() {
        closeIdle()
        cache.withLock { $0 = ReadCache() }
    }
}
