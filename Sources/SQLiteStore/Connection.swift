import CCheckedFile
import CSQLite
import Glibc

/// What libsqlite3 reported, with the statement that it was about.
struct SQLiteError: Error, Sendable, CustomStringConvertible {
    /// The extended result code.
    let code: Int32
    let message: String
    let sql: String
    /// What the operating system reported last, as `errno`; 0 where it had no part.
    var systemError: Int32 = 0

    var description: String {
        "sqlite \(code): \(code == CCHECKED_CORRUPT ? "the checksum of a page does not match" : message) (\(sql))"
    }

    /// The code without its extension.
    var primaryCode: Int32 { code & 0xff }

    /// Whether the file holds what was never written into it, or a part of it cannot be read.
    var isDamage: Bool {
        primaryCode == SQLITE_CORRUPT || primaryCode == SQLITE_NOTADB
            || primaryCode == SQLITE_IOERR && extensionIsOne(of: [.read, .shortRead])
    }

    /// Whether the disk has no room; SQLite calls it an error of input and output where it grows a file by other means.
    var isFull: Bool {
        guard primaryCode == SQLITE_IOERR else { return primaryCode == SQLITE_FULL }
        return extensionIsOne(of: [.write, .truncate, .shmOpen, .shmSize, .shmMap])
            && (systemError == ENOSPC || systemError == EDQUOT)
    }

    /// Whether the disk failed to keep what was written; not for want of room, of memory or of a lock.
    var isDiskFailure: Bool {
        primaryCode == SQLITE_IOERR && !isFull
            && !extensionIsOne(of: [.read, .shortRead, .memory, .lock, .shmLock, .shmMap])
    }

    /// Extensions of SQLITE_IOERR, whose macros Swift does not import.
    private enum Extension: Int32 {
        case read = 1
        case shortRead = 2
        case write = 3
        case truncate = 6
        case memory = 12
        case lock = 15
        case shmOpen = 18
        case shmSize = 19
        case shmLock = 20
        case shmMap = 21
    }

    private func extensionIsOne(of extensions: Set<Extension>) -> Bool {
        Extension(rawValue: code >> 8).map(extensions.contains) ?? false
    }
}

/// One connection to a database file; used by one thread at a time.
final class Connection {
    enum Mode {
        /// Creates the file if it is not there.
        case write
        case read
        /// Changes nothing, not even the log of a stop without warning; `isAtRest` promises that nobody has the file open and
        /// that its log is empty.
        case inspect(isAtRest: Bool)
    }

    private let handle: OpaquePointer
    private var statements: [String: Statement] = [:]
    /// How many pages the log has had since it began anew, written by SQLite after each commit.
    private let logPageCount: UnsafeMutablePointer<Int32>

    /// How many pages the log had after the last commit of this connection, since it began anew.
    var logPages: Int { Int(logPageCount.pointee) }

    init(_ path: String, _ mode: Mode) throws(SQLiteError) {
        var handle: OpaquePointer?
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        var name = path
        switch mode {
        case .write: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        case .read: flags |= SQLITE_OPEN_READWRITE
        case .inspect(let isAtRest):
            flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
            name = "file:" + Self.escaped(path) + (isAtRest ? "?immutable=1" : "")
        }
        guard let layer = cchecked_layer() else {
            throw SQLiteError(
                code: SQLITE_ERROR, message: "the layer of page checksums is missing", sql: "open \(path)")
        }
        let code = sqlite3_open_v2(name, &handle, flags, layer)
        guard code == SQLITE_OK, let handle else {
            let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            let systemError = handle.map { sqlite3_system_errno($0) } ?? 0
            sqlite3_close_v2(handle)
            throw SQLiteError(code: code, message: message, sql: "open \(path)", systemError: systemError)
        }
        self.handle = handle
        logPageCount = .allocate(capacity: 1)
        logPageCount.initialize(to: 0)
        sqlite3_busy_timeout(handle, Self.usualPatience)
        // Debian's SQLite overwrites what is deleted, which nobody here asks for and retention would pay.
        try execute("PRAGMA secure_delete=OFF")
        try execute("PRAGMA temp_store=MEMORY")
        switch mode {
        case .write:
            // These only count for a file that has no page yet, which the last of them makes: rows of a few hundred bytes
            // leave little of a page unused, each page has room for a checksum, and space that is freed can be given back.
            try execute("PRAGMA page_size=8192")
            var reserved = Int32(CCHECKED_RESERVED)
            sqlite3_file_control(handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved)
            try execute("PRAGMA auto_vacuum=INCREMENTAL")
            try execute("PRAGMA journal_mode=WAL")
            // An acknowledged profile is on disk.
            try execute("PRAGMA synchronous=FULL")
            try execute("PRAGMA wal_autocheckpoint=1000")
            try execute("PRAGMA cache_size=-8192")
        case .read:
            try execute("PRAGMA query_only=ON")
            try execute("PRAGMA cache_size=-2048")
        case .inspect:
            try execute("PRAGMA cache_size=-8192")
        }
    }

    /// A path as part of a URI.
    private static func escaped(_ path: String) -> String {
        path.utf8.reduce(into: "") { text, byte in
            let isPlain = byte > 0x20 && byte < 0x7f && !"?#%".utf8.contains(byte)
            if isPlain {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let hex = String(byte, radix: 16)
                text += "%" + (hex.count < 2 ? "0" : "") + hex
            }
        }
    }

    /// Copies all of the database, as it is at one moment, into a new file.
    func copy(to path: String) throws(SQLiteError) {
        var target: OpaquePointer?
        let code = sqlite3_open_v2(
            path, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE, cchecked_layer())
        defer { sqlite3_close_v2(target) }
        guard code == SQLITE_OK, let target else { throw SQLiteError(code: code, message: "cannot open", sql: path) }
        guard let backup = sqlite3_backup_init(target, "main", handle, "main") else {
            throw SQLiteError(
                code: sqlite3_extended_errcode(target), message: String(cString: sqlite3_errmsg(target)),
                sql: "copy to \(path)")
        }
        // All pages in one step, and so from one snapshot; writers go on beside it.
        var result = sqlite3_backup_step(backup, -1)
        var attempts = 0
        while (result == SQLITE_BUSY || result == SQLITE_LOCKED) && attempts < 100 {
            sqlite3_sleep(50)
            attempts += 1
            result = sqlite3_backup_step(backup, -1)
        }
        let finish = sqlite3_backup_finish(backup)
        guard result == SQLITE_DONE, finish == SQLITE_OK else {
            throw SQLiteError(
                code: result == SQLITE_DONE ? finish : result, message: String(cString: sqlite3_errmsg(target)),
                sql: "copy to \(path)")
        }
    }

    deinit {
        statements = [:]
        sqlite3_close_v2(handle)
        logPageCount.deallocate()
    }

    /// About how many bytes the pages take that it keeps.
    var byteCount: Int {
        var (current, highest): (Int32, Int32) = (0, 0)
        let code = sqlite3_db_status(handle, SQLITE_DBSTATUS_CACHE_USED, &current, &highest, 0)
        return code == SQLITE_OK ? Int(current) : 0
    }

    /// Leaves it to the caller to move the log into the database; without this, SQLite does so within a commit.
    func takeOverCheckpoints() {
        sqlite3_wal_hook(
            handle,
            { count, _, _, pages in
                count?.assumingMemoryBound(to: Int32.self).pointee = pages
                return SQLITE_OK
            }, logPageCount)
    }

    /// Runs a statement without parameters and without rows.
    func execute(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code, sql) }
    }

    /// A prepared statement, kept for the next time.
    func prepare(_ sql: String) throws(SQLiteError) -> Statement {
        if let known = statements[sql] {
            known.reset()
            return known
        }
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw error(code, sql) }
        let statement = Statement(prepared, connection: handle, sql: sql)
        statements[sql] = statement
        return statement
    }

    /// Runs `body` in a transaction that takes the write lock at once, and rolls back if it throws.
    func writing<Result>(_ body: () throws -> Result) throws -> Result {
        try prepare("BEGIN IMMEDIATE").run()
        do {
            let result = try body()
            try prepare("COMMIT").run()
            return result
        } catch {
            try? execute("ROLLBACK")
            throw error
        }
    }

    /// Runs `body` on one snapshot of the file.
    func reading<Result>(_ body: () throws -> Result) throws -> Result {
        try prepare("BEGIN").run()
        defer {
            for statement in statements.values { statement.reset() }
            try? prepare("COMMIT").run()
        }
        return try body()
    }

    /// The first column of a statement's first row.
    func number(_ sql: String) throws(SQLiteError) -> Int64? {
        let statement = try prepare(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.int64(0) : nil
    }

    /// The number of rows that the last statement changed.
    var changes: Int { Int(sqlite3_changes(handle)) }

    /// How long a statement waits for other connections, in milliseconds.
    func setPatience(_ milliseconds: Int32) {
        sqlite3_busy_timeout(handle, milliseconds)
    }

    /// How long a statement waits for others where nobody says otherwise, in milliseconds.
    static let usualPatience: Int32 = 5000

    private func error(_ code: Int32, _ sql: String) -> SQLiteError {
        SQLiteError(
            code: code, message: String(cString: sqlite3_errmsg(handle)), sql: sql,
            systemError: sqlite3_system_errno(handle))
    }
}

/// A prepared statement; parameters count from 1, columns from 0.
final class Statement {
    private let handle: OpaquePointer
    private let connection: OpaquePointer
    private let sql: String

    fileprivate init(_ handle: OpaquePointer, connection: OpaquePointer, sql: String) {
        self.handle = handle
        self.connection = connection
        self.sql = sql
    }

    deinit { sqlite3_finalize(handle) }

    func bind(_ value: Int64, at index: Int32) {
        sqlite3_bind_int64(handle, index, value)
    }

    func bind(_ bytes: [UInt8], at index: Int32) {
        _ = bytes.withUnsafeBytes { csqlite_bind_blob(handle, index, $0.baseAddress, Int32(clamping: $0.count)) }
    }

    func bind(text: String, at index: Int32) {
        _ = csqlite_bind_text(handle, index, text)
    }

    /// Goes to the next row; false at the end.
    func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let error = SQLiteError(
                code: code, message: String(cString: sqlite3_errmsg(connection)), sql: sql,
                systemError: sqlite3_system_errno(connection))
            sqlite3_reset(handle)
            throw error
        }
    }

    /// Runs a statement that gives no rows, and makes it ready for the next time.
    func run() throws(SQLiteError) {
        _ = try step()
        sqlite3_reset(handle)
    }

    func reset() {
        sqlite3_reset(handle)
    }

    func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// Calls `body` with a blob where SQLite holds it; the bytes live until the next step.
    func withBlob<Result, Failure: Error>(
        _ column: Int32, _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let count = Int(sqlite3_column_bytes(handle, column))
        let bytes = sqlite3_column_blob(handle, column)?.assumingMemoryBound(to: UInt8.self)
        return try body(UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
    }

    /// A copy of a blob.
    func blob(_ column: Int32) -> [UInt8] { withBlob(column) { Array($0) } }

    /// Whether a column has no value.
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func bindNull(at index: Int32) { sqlite3_bind_null(handle, index) }
}
