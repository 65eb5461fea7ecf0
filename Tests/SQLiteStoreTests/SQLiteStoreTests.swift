import Glibc
import Model
import SQLiteStore
import Store
import StoreBehaviour
import Synchronization
import Testing

@testable import SQLiteStore

/// A directory of its own for one test, removed afterwards.
func withDirectory(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/hearth-test-XXXXXX".utf8CString)
    let isMade = template.withUnsafeMutableBufferPointer { buffer in
        buffer.baseAddress.map { mkdtemp($0) != nil } ?? false
    }
    try #require(isMade)
    let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { removeAll(directory) }
    try await body(directory)
}

/// Removes a directory with all that is in it.
func removeAll(_ path: String) {
    guard let stream = opendir(path) else {
        unlink(path)
        return
    }
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { removeAll("\(path)/\(name)") }
    }
    closedir(stream)
    rmdir(path)
}

/// A profile with one stack of the given frames.
func sampleProfile(_ frames: [Text], value: Int64, at time: Int64, id: UInt64) -> NewProfile {
    var interner = SymbolInterner()
    let leaf = frames.reduce(UInt32(0)) { parent, frame in
        let function = interner.intern(Function(name: interner.intern(frame)))
        return interner.child(of: parent, at: interner.internLocation(lines: [Line(function: function)]))
    }
    return NewProfile(
        id: ProfileID(high: 0, low: id), series: LabelSet([Label(LabelName.serviceName, "api")]), time: time,
        symbols: interner.table, samples: SampleColumns(stacks: [leaf], values: [value]))
}

private let all = Selection(tenants: [.anonymous], range: .all)

@Suite struct SQLiteStoreTests {
    @Test func `a push of very many days is stored, and few files stay open for it`() async throws {
        try await withDirectory { directory in
            var policy = RollupPolicy()
            policy.interval = .seconds(3600)
            let store = try SQLiteStore(directory: directory, rollups: policy)
            let profiles = (0..<70).map { index in
                sampleProfile(
                    ["a"], value: 1, at: Int64(index) * PartitionFile.nanosecondsPerDay, id: UInt64(index))
            }
            try await store.append(profiles, for: .anonymous)
            await store.lanes.closeBeyond(10)
            #expect(store.lanes.all.count { $0.lastUseWhileOpen != nil } == 10)
            #expect(try await store.profilePoints(for: all).times.count == 70)
            try await store.append(profiles + [sampleProfile(["a"], value: 1, at: 5, id: 1000)], for: .anonymous)
            #expect(try await store.profilePoints(for: all).times.count == 71)
            await store.close()
        }
    }

    @Test func `a question that waits for a reader ends at once when it is cancelled`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            try await store.append([sampleProfile(["a"], value: 1, at: 1, id: 1)], for: .anonymous)
            let isReading = Mutex(false)
            let mayEnd = Mutex(false)
            let query = Task {
                try await store.read([.anonymous], .all) { _ in
                    isReading.withLock { $0 = true }
                    // Busy with what cannot be ended, as one call of SQLite.
                    while !mayEnd.withLock({ $0 }) { usleep(1000) }
                }
            }
            while !isReading.withLock({ $0 }) { await Task.yield() }
            query.cancel()
            await #expect(throws: CancellationError.self) { try await query.value }
            mayEnd.withLock { $0 = true }
            await store.close()
        }
    }

    @Test func `sums of stacks that a filter does not know pass nothing`() throws {
        var sums = StackSums(stackCount: 10)
        for stack in 1..<10 as Range<UInt32> { try sums.add(Int64(stack), at: stack) }
        #expect(sums.columns(where: [false, true, false, true]).stacks == [1, 3])
        #expect(sums.columns().totals == [1, 2, 3, 4, 5, 6, 7, 8, 9])
    }

    @Test func `reading a service's symbols ends when nobody waits, and goes on from there`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            // A chunk for each.
            for index in 0..<6 {
                try await store.append(
                    [sampleProfile(["main", Text("f\(index)")], value: 1, at: 1, id: UInt64(index))], for: .anonymous)
            }
            let file = try #require(store.catalogue.files(of: nil, in: .all).first)
            func read(most: Int) throws -> (symbols: ReadCache.Symbols?, chunks: Int) {
                var chunks = 0
                let symbols = try file.withReader { connection in
                    try? file.cache.withLock { cache in
                        try cache.symbols(of: 1, connection, in: file) { () throws(CancellationError) in
                            chunks += 1
                            if chunks == most { throw CancellationError() }
                        }
                    }
                }
                return (symbols, chunks)
            }
            file.dropCache()
            let first = try read(most: 2)
            #expect(first.symbols == nil && first.chunks == 2)
            let second = try read(most: .max)
            #expect(second.chunks == 4)
            #expect(second.symbols?.table.stacks.count == 8 && second.symbols?.named.nodeOfStack.count == 8)
            #expect(try await store.stackTotals(for: all).first?.totals == [1, 1, 1, 1, 1, 1])
            await store.close()
        }
    }

    @Test(arguments: StoreBehaviour.all)
    func `the SQLite engine behaves as an engine must`(_ behaviour: StoreBehaviour) async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            try await behaviour.check(store)
            await store.close()
        }
    }

    @Test func `what was stored is there after opening again, and grows on`() async throws {
        try await withDirectory { directory in
            for round in 0..<3 {
                let store = try SQLiteStore(directory: directory)
                try await store.append(
                    [sampleProfile(["main", Text("f\(round)")], value: 1, at: 1_000_000, id: UInt64(round))],
                    for: .anonymous)
                let totals = try await store.stackTotals(for: all)
                #expect(totals.count == 1)
                #expect(totals[0].totals == [Int64](repeating: 1, count: round + 1))
                // main is stored once, and each round added one frame.
                #expect(totals[0].symbols.stacks.count == round + 3)
                await store.close()
            }
        }
    }

    @Test func `a directory that another holder has open is refused by its name`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            #expect {
                _ = try SQLiteStore(directory: directory)
            } throws: { error in
                (error as? StoreError)?.code == .unusable && "\(error)".contains(directory)
            }
            await store.close()
        }
    }

    @Test func `a file of a newer schema is refused with both versions`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            try await store.append([sampleProfile(["a"], value: 1, at: 0, id: 1)], for: .anonymous)
            await store.close()
            try Connection(directory + "/tenants/anonymous/0.db", .write).execute("PRAGMA user_version = 99")
            #expect {
                _ = try SQLiteStore(directory: directory)
            } throws: { error in
                (error as? StoreError)?.code == .unusable && "\(error)".contains("schema version 99")
                    && "\(error)".contains("up to 2")
            }
        }
    }

    @Test(arguments: ["profiles SET samples", "symbols SET chunk", "series SET labels"])
    func `a file with damaged blobs is set aside, and its reason is kept`(_ column: String) async throws {
        try await withDirectory { directory in
            var store = try SQLiteStore(directory: directory)
            try await store.append([sampleProfile(["a", "b"], value: 1, at: 0, id: 1)], for: .anonymous)
            await store.close()
            let path = directory + "/tenants/anonymous/0.db"
            try Connection(path, .write).execute("UPDATE \(column) = x'00112233445566778899'")
            store = try SQLiteStore(directory: directory)
            #expect(store.damaged.isEmpty)
            #expect(try await store.stackTotals(for: all).isEmpty)
            #expect(store.damaged.map(\.path) == [path + ".damaged"])
            #expect(store.damaged.first?.reason.contains("checksum") ?? false)
            await store.close()
        }
    }

    @Test func `appends that wait together are committed together`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        try await store.append(
                            [sampleProfile(["a"], value: 1, at: 0, id: UInt64(index))], for: .anonymous)
                    }
                }
                try await group.waitForAll()
            }
            #expect(store.commits < 200)
            #expect(try await store.profilePoints(for: all).times.count == 200)
            await store.close()
        }
    }

    @Test func `a commit is synced and write-ahead`() async throws {
        try await withDirectory { directory in
            let connection = try Connection(directory + "/x.db", .write)
            #expect(try connection.number("PRAGMA synchronous") == 2)
            #expect(try connection.number("PRAGMA secure_delete") == 0)
            let mode = try connection.prepare("PRAGMA journal_mode")
            #expect(try mode.step() && mode.blob(0) == Array("wal".utf8))
        }
    }

    @Test func `a transaction that fails leaves nothing`() async throws {
        try await withDirectory { directory in
            let connection = try Connection(directory + "/x.db", .write)
            try connection.execute("CREATE TABLE t (x INTEGER NOT NULL)")
            #expect(throws: SQLiteError.self) {
                try connection.writing {
                    try connection.execute("INSERT INTO t VALUES (1)")
                    try connection.execute("INSERT INTO t VALUES (NULL)")
                }
            }
            #expect(try connection.number("SELECT count(*) FROM t") == 0)
        }
    }

    @Test func `an error carries its statement`() async throws {
        try await withDirectory { directory in
            let connection = try Connection(directory + "/x.db", .write)
            #expect {
                try connection.execute("SELECT nonsense")
            } throws: { error in
                "\(error)".contains("SELECT nonsense") && "\(error)".contains("no such column")
            }
        }
    }
}

@Suite struct SampleBlobTests {
    private func columns(_ count: Int, withIDs: Bool) -> SampleColumns {
        var samples = SampleColumns()
        for index in 0..<count {
            samples.stacks.append(UInt32(index * 7))
            samples.values.append(Int64(index) * 1_000_003 + 1)
            if withIDs {
                samples.spans.append(UInt64(index % 3) << 60)
                samples.traces.append(TraceID(high: UInt64(index % 2), low: .max))
            }
        }
        return samples
    }

    @Test(arguments: [(0, false), (1, true), (500, false), (500, true)])
    func `samples come back from their blob`(_ count: Int, _ withIDs: Bool) throws {
        let samples = columns(count, withIDs: withIDs)
        let blob = SampleBlob.encode(samples)
        #expect(try blob.withUnsafeBufferPointer { try SampleBlob.decode($0) } == samples)
        var sums = StackSums(stackCount: count * 7 + 1)
        try blob.withUnsafeBufferPointer { try SampleBlob.add($0, to: &sums) }
        #expect(sums.columns().totals.reduce(0, +) == samples.total)
    }

    @Test func `changed bytes are found by the checksum`() {
        let blob = SampleBlob.encode(columns(50, withIDs: true))
        for index in blob.indices {
            var changed = blob
            changed[index] ^= 0x10
            #expect(throws: BlobDamage.self) { try changed.withUnsafeBufferPointer { _ = try SampleBlob.decode($0) } }
        }
    }

    @Test func `blobs with a right checksum and wrong content are refused, or read as what can be written again`() {
        let blob = Array(SampleBlob.encode(columns(50, withIDs: true)).dropLast(4))
        var random = SplitMix(state: 7)
        var (read, refused) = (0, 0)
        for _ in 0..<5000 {
            var changed = blob
            for _ in 0..<3 {
                changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            var writer = BlobWriter()
            writer.append(changed)
            let sealed = writer.sealed()
            var sums = StackSums(stackCount: 400)
            let isAdded = sealed.withUnsafeBufferPointer { (try? SampleBlob.add($0, to: &sums)) != nil }
            guard let samples = sealed.withUnsafeBufferPointer({ try? SampleBlob.decode($0) }) else {
                // Sums need no spans, so that they may be read where samples are not.
                refused += 1
                continue
            }
            read += 1
            #expect(isAdded == samples.stacks.allSatisfy { $0 < 400 })
            // Nobody writes negative values.
            guard samples.values.allSatisfy({ $0 >= 0 }) else { continue }
            let again = SampleBlob.encode(samples).withUnsafeBufferPointer { try? SampleBlob.decode($0) }
            #expect(again == samples)
        }
        #expect(read > 100 && refused > 100)
    }

    @Test func `samples read as symbols or labels are refused`() {
        let blob = SampleBlob.encode(columns(50, withIDs: true))
        blob.withUnsafeBufferPointer { bytes in
            var table = SymbolTable()
            #expect(throws: BlobDamage.self) { try SymbolChunk.decode(bytes, into: &table) }
            #expect(throws: BlobDamage.self) { try LabelBlob.decode(bytes) }
        }
    }
}

/// A small repeatable generator.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
