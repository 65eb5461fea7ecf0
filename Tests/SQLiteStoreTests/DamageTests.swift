import CCheckedFile
import Glibc
import Model
import Store
import Synchronization
import Testing

@testable import SQLiteStore

private let all = Selection(tenants: [.anonymous], range: .all)
private let day = PartitionFile.nanosecondsPerDay

/// Changes one byte of a file.
private func flip(_ path: String, at offset: Int) throws {
    let descriptor = open(path, O_RDWR)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var byte: UInt8 = 0
    #expect(pread(descriptor, &byte, 1, offset) == 1)
    byte ^= 0x10
    #expect(pwrite(descriptor, &byte, 1, offset) == 1)
}

private func copy(_ source: String, to target: String) throws {
    let from = open(source, O_RDONLY)
    let into = open(target, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    defer {
        close(from)
        close(into)
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(from, &buffer, buffer.count)
        guard count > 0 else { break }
        #expect(write(into, buffer, count) == count)
    }
}

/// Two days with two profiles each, closed.
private func fill(_ directory: String) async throws {
    let store = try SQLiteStore(directory: directory)
    for index in 0..<4 {
        try await store.append(
            [sampleProfile(["main", Text("f\(index)")], value: 1, at: Int64(index / 2) * day + 5, id: UInt64(index))],
            for: .anonymous)
    }
    await store.close()
}

@Suite struct DamageTests {
    @Test func `a new file has pages of 8 KiB with room for checksums, and gives space back`() async throws {
        try await withDirectory { directory in
            try await fill(directory)
            let connection = try Connection(directory + "/tenants/anonymous/0.db", .read)
            #expect(try connection.number("PRAGMA page_size") == 8192)
            #expect(try connection.number("PRAGMA auto_vacuum") == 2)
            #expect(try connection.number("PRAGMA application_id") == Int64(CCHECKED_APPLICATION_ID))
            #expect(try connection.number("SELECT count(*) FROM profiles") == 2)
        }
    }

    @Test(arguments: ["mapped", "read"])
    func `a changed byte anywhere in a page is noticed, whether the page is mapped or read`(_ way: String) async throws
    {
        try await withDirectory { directory in
            try await fill(directory)
            let path = directory + "/tenants/anonymous/0.db"
            let pages = try #require(try Connection(path, .read).number("PRAGMA page_count"))
            for page in 0..<Int(pages) {
                for offset in [0, 21, 99, 100, 4000, 8183, 8191] {
                    try flip(path, at: page * 8192 + offset)
                    #expect(throws: SQLiteError.self, "page \(page), byte \(offset)") {
                        let connection = try Connection(path, .read)
                        if way == "read" { try connection.execute("PRAGMA mmap_size=0") }
                        // It reads every page, and reports what it finds as rows, unless a page cannot be read.
                        let check = try connection.prepare("PRAGMA integrity_check")
                        #expect(try check.step())
                        if check.blob(0) != Array("ok".utf8) {
                            throw SQLiteError(code: 11, message: "", sql: "")
                        }
                    }
                    try flip(path, at: page * 8192 + offset)
                }
            }
            #expect(try Connection(path, .read).number("SELECT count(*) FROM profiles") == 2)
        }
    }

    @Test func `a damaged day is left out and noted, and the others are answered`() async throws {
        try await withDirectory { directory in
            try await fill(directory)
            let path = directory + "/tenants/anonymous/0.db"
            let pages = try #require(try Connection(path, .read).number("PRAGMA page_count"))
            for page in 2..<Int(pages) { try flip(path, at: page * 8192 + 50) }
            let reports = Mutex<[DamagedPartition]>([])
            let store = try SQLiteStore(directory: directory) { event in
                if case .damaged(let partition) = event { reports.withLock { $0.append(partition) } }
            }
            let gaps = AnswerGaps()
            for _ in 0..<2 {
                let totals = try await AnswerGaps.$current.withValue(gaps) { try await store.stackTotals(for: all) }
                #expect(totals.map(\.totals) == [[1, 1]])
            }
            #expect(gaps.partitions.map(\.path) == [path + ".damaged"])
            #expect(reports.withLock { $0 } == store.damaged)
            let other = AnswerGaps()
            var later = all
            later.range = TimeRange(start: 86_400_000, end: 2 * 86_400_000)
            #expect(
                try await AnswerGaps.$current.withValue(other) { try await store.profilePoints(for: later) }.times.count
                    == 2)
            #expect(other.partitions.isEmpty)
            await store.close()
        }
    }

    @Test func `profiles of a damaged day go to a new file, and a start remembers what is missing`() async throws {
        try await withDirectory { directory in
            try await fill(directory)
            let path = directory + "/tenants/anonymous/0.db"
            for round in 0..<2 {
                try flip(path, at: 8192 + 50)
                try flip(path, at: 4000)
                let store = try SQLiteStore(directory: directory)
                try await store.append(
                    [sampleProfile(["new"], value: 7, at: 9, id: 100 + UInt64(round))], for: .anonymous)
                #expect(try await store.stackTotals(for: all).flatMap(\.totals).sorted() == [1, 1, 7])
                #expect(store.damaged.count == round + 1)
                await store.close()
            }
            let store = try SQLiteStore(directory: directory)
            #expect(Set(store.damaged.map(\.path)) == [path + ".damaged", path + ".damaged.2"])
            await store.close()
        }
    }

    @Test func `what was there is no file of SQLite any more, and the store opens without it`() async throws {
        try await withDirectory { directory in
            try await fill(directory)
            let path = directory + "/tenants/anonymous/0.db"
            try flip(path, at: 3)
            try flip(path, at: 60)
            let store = try SQLiteStore(directory: directory)
            #expect(try await store.profilePoints(for: all).times.count == 2)
            #expect(store.damaged.map(\.path) == [path + ".damaged"])
            await store.close()
        }
    }

    @Test func `a file whose creation was cut short is taken for empty`() async throws {
        try await withDirectory { directory in
            try await fill(directory)
            let path = directory + "/tenants/anonymous/7.db"
            close(open(path, O_CREAT | O_WRONLY, 0o644))
            _ = try Connection(directory + "/tenants/anonymous/8.db", .write)
            let store = try SQLiteStore(directory: directory)
            #expect(try await store.profilePoints(for: all).times.count == 4)
            try await store.append(
                (7...8).map { sampleProfile(["x"], value: 1, at: $0 * day, id: 9) }, for: .anonymous)
            #expect(try await store.profilePoints(for: all).times.count == 6)
            #expect(store.damaged.isEmpty)
            await store.close()
        }
    }

    @Test func `a deletion does not wait for a day that stays closed until the next start`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            try await store.append([sampleProfile(["a"], value: 1, at: 1, id: 1)], for: .anonymous)
            let file = try #require(store.catalogue.files(of: nil, in: .all).first)
            // As where a damaged file could not be moved out of the way.
            #expect(store.catalogue.leave(file, because: "a test") != nil)
            store.catalogue.state.withLock { $0.closed[file.key] = StoreError(.failed, "it could not be renamed") }
            let all = Deletion(tenant: .anonymous, matchers: [], start: .min, end: .max)
            #expect(try await store.delete(all, dryRun: false) == DeletedCounts())
            #expect(store.catalogue.oldestDamaged == nil)
            await store.close()
        }
    }

    @Test func `damage in what a log had synced is noticed, and a torn end behind it is dropped`() async throws {
        try await withDirectory { directory in
            let path = directory + "/x.db"
            let connection = try Connection(path, .write)
            try connection.execute("CREATE TABLE t (x BLOB)")
            for _ in 0..<4 { try connection.execute("INSERT INTO t VALUES (randomblob(9000))") }
            let log = directory + "/copy"
            try copy(path + "-wal", to: log)
            #expect(try WriteAheadLog(log).damage() == nil)
            var status = stat()
            stat(log, &status)
            for offset in [33, 60, 5000] {
                try flip(log, at: offset)
                #expect(try WriteAheadLog(log).damage()?.contains("commits lie behind") ?? false)
                try flip(log, at: offset)
            }
            try flip(log, at: 17)
            #expect(try WriteAheadLog(log).damage()?.contains("header") ?? false)
            try flip(log, at: 17)
            // The last commit was synced, as the mark behind it says.
            try flip(log, at: Int(status.st_size) - 100)
            #expect(try WriteAheadLog(log).damage()?.contains("synced") ?? false)
            // Without the mark, it may be one that a cut of power has torn.
            try flip(log, at: Int(status.st_size) - 10)
            #expect(try WriteAheadLog(log).damage() == nil)
            try flip(log, at: Int(status.st_size) - 100)
            #expect(try WriteAheadLog(log).damage() == nil)
            truncate(log, status.st_size - 100)
            #expect(try WriteAheadLog(log).damage() == nil)
            #expect(try WriteAheadLog(directory + "/none").damage() == nil)
        }
    }

    @Test func `a log that began anew, or goes on after a rollback, is marked where it ends`() async throws {
        try await withDirectory { directory in
            let path = directory + "/x.db"
            let log = directory + "/copy"
            func lastFrame() -> Int {
                var status = stat()
                stat(log, &status)
                return Int(status.st_size) - 100
            }
            var connection: Connection? = try Connection(path, .write)
            try connection?.execute("CREATE TABLE t (x BLOB)")
            for _ in 0..<9 { try connection?.execute("INSERT INTO t VALUES (randomblob(9000))") }
            // Frames of the round before stay behind the new ones.
            _ = try connection?.number("PRAGMA wal_checkpoint(RESTART)")
            try connection?.execute("INSERT INTO t VALUES (randomblob(9000))")
            try copy(path + "-wal", to: log)
            #expect(try WriteAheadLog(log).damage() == nil)
            try flip(log, at: 32 + 24 + 100)
            #expect(try WriteAheadLog(log).damage()?.contains("synced") ?? false)

            // What spills into the log and is taken back goes over the mark, and the next commit goes over that.
            _ = try connection?.number("PRAGMA wal_checkpoint(TRUNCATE)")
            try connection?.execute("PRAGMA cache_size=2")
            try connection?.execute("INSERT INTO t VALUES (randomblob(9000))")
            try connection?.execute("BEGIN")
            for _ in 0..<9 { try connection?.execute("INSERT INTO t VALUES (randomblob(9000))") }
            try connection?.execute("ROLLBACK")
            try copy(path + "-wal", to: log)
            #expect(try WriteAheadLog(log).damage() == nil)
            for _ in 0..<9 { try connection?.execute("INSERT INTO t VALUES (randomblob(9000))") }
            // Another connection goes on with a log that it has not begun.
            let other = try Connection(path, .write)
            connection = nil
            for _ in 0..<9 { try other.execute("INSERT INTO t VALUES (randomblob(9000))") }
            try copy(path + "-wal", to: log)
            #expect(try WriteAheadLog(log).damage() == nil)
            try flip(log, at: lastFrame())
            #expect(try WriteAheadLog(log).damage()?.contains("synced") ?? false)
        }
    }

    /// Codes of SQLite with an `errno`, and what they mean.
    private static let judged: [(Int32, Int32, StoreError.Code)] = [
        (13, 0, .full), (778, ENOSPC, .full), (4874, ENOSPC, .full), (1034, EIO, .unhealthy), (778, EIO, .unhealthy),
        (3082, 0, .failed), (5, 0, .failed), (14, EMFILE, .failed), (11, 0, .damaged), (25611, 0, .damaged),
        (26, 0, .damaged), (266, EIO, .damaged), (522, 0, .damaged),
    ]

    @Test(arguments: judged)
    func `an error of SQLite is judged by what it means`(_ code: Int32, _ number: Int32, _ judged: StoreError.Code) {
        let health = Health()
        let error = SQLiteError(code: code, message: "", sql: "", systemError: number)
        #expect((health.judge(error, "writing") as? StoreError)?.code == judged)
        // Only a disk that failed ends acknowledgements.
        #expect((health.failure != nil) == (judged == .unhealthy))
    }
}
