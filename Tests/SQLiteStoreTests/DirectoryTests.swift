import Dispatch
import Glibc
import Model
import Selectors
import Store
import Synchronization
import Testing

@testable import SQLiteStore

private let second: Int64 = 1_000_000_000

/// Fills a directory with rolled-up profiles of three series and closes it.
private func fill(_ directory: String) async throws {
    var random = Xorshift(state: 42)
    let store = try SQLiteStore(directory: directory, rollups: atOnce)
    try await store.append((0..<300).map { profile($0, at: Int64($0) * 20 * second, &random) }, for: .anonymous)
    try await store.rollUp(now: .max, policy: atOnce)
    let document = Document(name: "a", modified: 1, content: [1, 2, 3])
    _ = try await store.documents.put(document, in: "settings", of: .anonymous)
    await store.close()
}

/// Runs long work that blocks beside the threads that all tests share.
private func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Result, any Error>) in
        DispatchQueue.global().async { done.resume(with: Swift.Result { try body() }) }
    }
}

/// The lines that a check prints.
private func problems(_ directory: String) async throws -> [String] {
    let (summary, lines) = try await blocking {
        var lines: [String] = []
        let summary = try DirectoryCheck(directory: directory).run { lines.append($0) }
        return (summary, lines)
    }
    // Of many problems of one file the first hundred are printed, and how many more there are.
    #expect(summary.problems > 100 ? lines.count == 101 : lines.count == summary.problems)
    return lines
}

private func file(_ directory: String) -> String { "\(directory)/tenants/anonymous/0.db" }

/// The names and sizes below a directory.
private func listing(_ directory: String) throws -> [String] {
    try FileSystem.entries(of: "\(directory)/tenants/anonymous").map {
        "\($0) \(FileSize.of("\(directory)/tenants/anonymous/\($0)").database)"
    }.sorted()
}

extension LongTests {
    @Suite struct DirectoryCheckTests {
        @Test func `a sound directory has no problems, is counted and is not changed`() async throws {
            try await withDirectory { directory in
                try await fill(directory)
                let before = try listing(directory)
                let summary = try DirectoryCheck(directory: directory).run { _ in }
                #expect(summary.problems == 0 && summary.files == 1 && summary.series == 3 && summary.profiles == 300)
                #expect(summary.samples > 300 && summary.rollups > 10)
                #expect(try listing(directory) == before)
            }
        }

        @Test(
            arguments: [
                ("UPDATE profiles SET samples = x'0011223344556677' WHERE row = 7", "profile row 7: a blob's checksum"),
                ("UPDATE profiles SET total = total + 1 WHERE row = 9", "profile row 9: its total is"),
                ("UPDATE profiles SET time = 99999999999999999 WHERE row = 2", "profile row 2: its time lies outside"),
                ("UPDATE profiles SET id = x'01' WHERE row = 3", "profile row 3: its id has not 16 bytes"),
                ("UPDATE profiles SET series = 77 WHERE row = 4", "profiles row 4: series 77 does not exist"),
                ("UPDATE series SET service = 55 WHERE id = 1", "series 1: service 55 does not exist"),
                ("UPDATE series SET labels = x'00112233445566' WHERE id = 2", "series 2: a blob's checksum"),
                ("DELETE FROM profiles WHERE series = 3", "series 3: has no profiles"),
                ("UPDATE symbols SET chunk = x'00112233445566'", "symbols of service 1, chunk 0: a blob's checksum"),
                (
                    "UPDATE symbols SET sequence = sequence + 1 WHERE service = 2",
                    "symbols of service 2: chunk 0 is missing"
                ),
                ("DELETE FROM symbols WHERE service = 1", "does not exist"),
                ("UPDATE symbols SET service = 66 WHERE service = 2", "symbols of service 66: it does not exist"),
                ("UPDATE rollups SET count = count + 1 WHERE row = 1", "rollups row 1: it counts"),
                (
                    "UPDATE rollups SET sums = (SELECT samples FROM profiles LIMIT 1) WHERE row = 1",
                    "rollups row 1: its sums are not"
                ),
                (
                    "UPDATE rollups SET points = (SELECT points FROM rollups WHERE level = 1 AND row <> r LIMIT 1) "
                        + "FROM (SELECT min(row) AS r FROM rollups WHERE level = 1) WHERE row = r",
                    "its points are not"
                ),
                ("UPDATE rollups SET start = start + 1 WHERE row = 1", "rollups row 1: no bucket begins there"),
                ("INSERT INTO stale SELECT level, series, start FROM rollups WHERE row = 1", "it is marked stale"),
                ("INSERT INTO stale VALUES (0, 88, 0)", "stale buckets of series 88: it does not exist"),
                ("DELETE FROM rollups WHERE level = 2", "the rollup of level 2 at 0 is neither there nor marked stale"),
            ] as [(String, String)])
        func `each kind of damage is found with its row`(_ damage: String, _ expected: String) async throws {
            try await withDirectory { directory in
                try await fill(directory)
                try Connection(file(directory), .write).execute(damage)
                let found = try await problems(directory)
                #expect(found.contains { $0.hasPrefix(file(directory)) && $0.contains(expected) }, "\(found.prefix(5))")
            }
        }

        @Test func `a flipped bit that changes an answer is found, wherever it is`() async throws {
            try await withDirectory { directory in
                try await fill(directory)
                func answers(_ directory: String) async throws -> ([String: Int64], [LabelSet: [[Int64]]]) {
                    let store = try SQLiteStore(directory: directory, rollups: atOnce)
                    let result = try await (sums(store, .all), points(store, .all))
                    await store.close()
                    return result
                }
                let expected = try await answers(directory)
                let size = FileSize.of(file(directory)).database
                var random = Xorshift(state: 11)
                var findings = 0
                for round in 0..<40 {
                    let copy = "\(directory)/copy\(round)"
                    for path in ["", "/tenants", "/tenants/anonymous"] { mkdir(copy + path, 0o755) }
                    try FreshDirectory.copy(file(directory), to: file(copy))
                    let descriptor = open(file(copy), O_RDWR)
                    let offset = Int.random(in: 0..<size, using: &random)
                    var byte: UInt8 = 0
                    pread(descriptor, &byte, 1, offset)
                    byte ^= 1 << UInt8.random(in: 0..<8, using: &random)
                    pwrite(descriptor, &byte, 1, offset)
                    close(descriptor)
                    let isFound = try await !problems(copy).isEmpty
                    findings += isFound ? 1 : 0
                    let found = try? await answers(copy)
                    #expect(isFound || found?.0 == expected.0 && found?.1 == expected.1, "bit flipped at \(offset)")
                }
                #expect(findings > 5)
            }
        }

        @Test func `a directory that a server writes to is read from snapshots`() async throws {
            try await withDirectory { directory in
                try await fill(directory)
                let store = try SQLiteStore(directory: directory)
                let writing = Task {
                    var random = Xorshift(state: 6)
                    for index in 1000..<1100 {
                        try await store.append([profile(index, at: Int64(index) * second, &random)], for: .anonymous)
                    }
                }
                for _ in 0..<5 { #expect(try await problems(directory) == []) }
                try await writing.value
                #expect(try await problems(directory) == [])
                await store.close()
            }
        }

        @Test func `a file that was being made when all stopped is no problem, in a copy neither`() async throws {
            try await withDirectory { directory in
                try await fill(directory + "/data")
                let made = "\(directory)/data/tenants/anonymous/9.db"
                close(open(made, O_WRONLY | O_CREAT, 0o644))
                #expect(try await problems(directory + "/data") == [])
                _ = try DirectoryBackup(directory: directory + "/data").run(to: directory + "/copy")
                _ = try DirectoryRestore(backup: directory + "/copy").run(to: directory + "/again") {
                    Issue.record("\($0)")
                }
                let store = try SQLiteStore(directory: directory + "/again")
                try await store.append(
                    [sampleProfile(["a"], value: 1, at: 9 * 86_400 * second, id: 1)], for: .anonymous)
                #expect(try await store.span(of: .anonymous)?.newest == 9 * 86_400 * second)
                await store.close()
            }
        }

        @Test func `what is no data directory is refused`() async throws {
            try await withDirectory { directory in
                #expect {
                    _ = try DirectoryCheck(directory: directory).run { _ in }
                } throws: { "\($0)".contains("is no data directory") }
            }
        }
    }
}

extension LongTests {
    @Suite struct DirectoryBackupTests {
        @Test func `a backup of a running store holds all that was acknowledged before, and whole profiles only`()
            async throws
        {
            try await withDirectory { directory in
                let data = directory + "/data"
                try await fill(data)
                let store = try SQLiteStore(directory: data)
                let writing = Task {
                    var random = Xorshift(state: 6)
                    for index in 1000..<1200 {
                        try await store.append(
                            [profile(index, at: Int64(index % 4) * 86_400 * second, &random)], for: .anonymous)
                    }
                }
                while try await store.span(of: .anonymous)?.newest ?? 0 < 86_400 * second { await Task.yield() }
                let known = try await points(store, .all).values.flatMap { $0 }.count
                _ = try DirectoryBackup(directory: data).run(to: directory + "/copy")
                try await writing.value
                let all = try await points(store, .all).values.flatMap { $0 }.count
                await store.close()
                let (files, bytes) = try DirectoryRestore(backup: directory + "/copy").run(to: directory + "/again") {
                    Issue.record("\($0)")
                }
                #expect(files >= 2 && bytes > 0)
                let again = try SQLiteStore(directory: directory + "/again")
                let copied = try await points(again, .all).values.flatMap { $0 }.count
                #expect(known <= copied && copied <= all)
                #expect(
                    try await again.documents.document(named: "a", in: "settings", of: .anonymous)?.content == [
                        1, 2, 3,
                    ])
                await again.close()
                #expect(try await problems(directory + "/again") == [])
            }
        }

        @Test func `a damaged or incomplete backup is not restored`() async throws {
            try await withDirectory { directory in
                let (data, copy, again) = (directory + "/data", directory + "/copy", directory + "/again")
                try await fill(data)
                _ = try DirectoryBackup(directory: data).run(to: copy)
                try Connection(file(copy), .write).execute("UPDATE profiles SET total = 1 WHERE row = 1")
                var lines: [String] = []
                #expect {
                    _ = try DirectoryRestore(backup: copy).run(to: again) { lines.append($0) }
                } throws: { "\($0)".contains("nothing was restored") }
                #expect(lines.contains { $0.contains("profile row 1") })
                unlink(file(copy))
                lines = []
                #expect(throws: StoreError.self) {
                    _ = try DirectoryRestore(backup: copy).run(to: again) { lines.append($0) }
                }
                #expect(lines.contains { $0.contains("has 0 bytes") })
                unlink(copy + "/manifest")
                #expect {
                    _ = try DirectoryRestore(backup: copy).run(to: again) { _ in }
                } throws: { "\($0)".contains("no complete backup") }
                #expect(access(again, F_OK) != 0)
            }
        }

        @Test func `a target that has something in it is refused and left as it is`() async throws {
            try await withDirectory { directory in
                let (data, copy) = (directory + "/data", directory + "/copy")
                try await fill(data)
                _ = try DirectoryBackup(directory: data).run(to: copy)
                let before = try listing(data)
                for target in [data, copy] {
                    #expect {
                        _ = try DirectoryBackup(directory: data).run(to: target)
                    } throws: { "\($0)".contains("not an empty directory") }
                    #expect {
                        _ = try DirectoryRestore(backup: copy).run(to: target) { _ in }
                    } throws: { "\($0)".contains("not an empty directory") }
                }
                #expect(try listing(data) == before)
            }
        }

        @Test(arguments: ["/etc/passwd", "../../x.db", "tenants/../../x.db"])
        func `a list of files that leads outside is refused`(_ name: String) async throws {
            try await withDirectory { directory in
                try Manifest(entries: [Manifest.Entry(name: name, bytes: 1)]).write(to: directory)
                #expect(throws: StoreError.self) { _ = try Manifest(of: directory) }
            }
        }
    }
}

extension LongTests {
    @Suite struct DirectoryCompactionTests {
        @Test func `a compaction gives space back, sums up what is ready and changes no answer`() async throws {
            try await withDirectory { directory in
                var random = Xorshift(state: 42)
                var store = try SQLiteStore(directory: directory, rollups: atOnce)
                for start in stride(from: 0, to: 1000, by: 20) {
                    try await store.append(
                        (start..<start + 20).map { profile($0, at: Int64($0) * 20 * second, &random) }, for: .anonymous)
                }
                let service = Selection(
                    tenants: [.anonymous], matchers: [LabelMatcher(LabelName.serviceName, equals: "b")], range: .all)
                let expected = try await store.profilePoints(for: service).totals
                await store.close()
                // What nothing refers to, and free space inside.
                try Connection(file(directory), .write).execute("DELETE FROM profiles WHERE series < 3")
                let (before, after) = try await DirectoryCompaction(directory: directory).run { _ in }
                #expect(after < before && after == FileSize.of(file(directory)).total)
                #expect(try await problems(directory) == [])
                #expect(try Connection(file(directory), .read).number("SELECT count(*) FROM rollups") ?? 0 > 10)
                #expect(try Connection(file(directory), .read).number("PRAGMA auto_vacuum") == 2)
                store = try SQLiteStore(directory: directory, rollups: atOnce)
                #expect(try await store.profilePoints(for: service).totals == expected)
                let names = try await store.labelValues(
                    of: LabelName.serviceName, in: .all, matching: [], tenants: [.anonymous])
                #expect(names == ["b"] && expected.count == 333)
                await store.close()
            }
        }

        @Test func `a directory in use is not compacted`() async throws {
            try await withDirectory { directory in
                try await fill(directory)
                let store = try SQLiteStore(directory: directory)
                await #expect {
                    _ = try await DirectoryCompaction(directory: directory).run { _ in }
                } throws: { "\($0)".contains("in use by another process") }
                await store.close()
            }
        }
    }
}

extension LongTests {
    @Suite struct StartTests {
        @Test func `a start reads a few bytes of each file and opens none as a database`() async throws {
            try await withDirectory { directory in
                try await fill(directory)
                // Files whose first bytes are right and whose rest is not there.
                var header = [UInt8](repeating: 0, count: 100)
                let source = open(file(directory), O_RDONLY)
                #expect(read(source, &header, 100) == 100)
                close(source)
                for day in 1...300 {
                    let descriptor = open("\(directory)/tenants/anonymous/\(day).db", O_WRONLY | O_CREAT, 0o644)
                    #expect(write(descriptor, header, 100) == 100)
                    close(descriptor)
                }
                let catalogue = try FileCatalogue(directory: directory)
                #expect(catalogue.files(of: nil, in: .all).count == 301)
                catalogue.release()
                let store = try SQLiteStore(directory: directory)
                #expect(try await sums(store, TimeRange(start: 0, end: 86_399_999)).isEmpty == false)
                await store.close()
            }
        }

        @Test func `a question about many days leaves few of their files open`() async throws {
            try await withDirectory { directory in
                try await fill(directory)
                try await blocking {
                    for day in 1...200 {
                        try FreshDirectory.copy(file(directory), to: "\(directory)/tenants/anonymous/\(day).db")
                    }
                }
                let store = try SQLiteStore(directory: directory)
                _ = try await store.span(of: .anonymous)
                // Other tests have files of their own open at the same time, each of which may be over by one.
                #expect(PartitionFile.idleCount.load(ordering: .relaxed) <= PartitionFile.mostIdle + 16)
                await store.close()
            }
        }

        @Test func `a file of an older schema is brought up to date when it is first read`() async throws {
            try await withDirectory { directory in
                mkdir(directory + "/tenants", 0o755)
                mkdir(directory + "/tenants/anonymous", 0o755)
                try OldSchema.write(to: file(directory))
                let store = try SQLiteStore(directory: directory)
                #expect(try await sums(store, .all) == ["main;": 3])
                #expect(try await store.labelNames(in: .all, matching: [], tenants: [.anonymous]) == ["service_name"])
                await store.close()
                #expect(try Connection(file(directory), .read).number("PRAGMA user_version") == 2)
            }
        }
    }
}
