import Model
import Store
import Synchronization

/// The writing side of one file: what has been interned, and the connection that commits.
///
/// It lives on its lane's queue. After any error it is thrown away, as its memory may be ahead of the file.
final class PartitionWriter {
    /// A series of the file, on the lane's queue.
    private final class Series {
        let id: Int64
        let service: Service
        /// No profile of the series is later.
        var newest: Int64

        init(id: Int64, service: Service, newest: Int64) {
            self.id = id
            self.service = service
            self.newest = newest
        }
    }

    /// A service's symbols, on the lane's queue.
    final class Service {
        let id: Int64
        var interner: SymbolInterner
        var memo = StackMemo()
        var mark: SymbolChunk.Mark
        var nextSequence: Int64

        init(id: Int64, interner: SymbolInterner, nextSequence: Int64) {
            self.id = id
            self.interner = interner
            self.nextSequence = nextSequence
            mark = SymbolChunk.Mark(interner.table)
        }
    }

    let file: PartitionFile
    let connection: Connection
    var stale: StaleBuckets
    /// Buckets that were found ready and are not rolled up yet.
    var pending: [StaleBuckets.Bucket] = []
    private var series: [LabelSet: Series] = [:]
    private var services: [Text: Service] = [:]
    private var grown: [Service] = []
    /// What the last profile's symbols were found to be; its other sample types come next.
    private var found: Found?
    /// How many pages the log had when it was last moved into the database.
    var checkpointedPages = 0

    private struct Found {
        let source: SharedSymbols
        let service: Service
        /// The stack in this file of each of the profile's stacks, or the largest number if it was not asked for yet.
        var stacks: [UInt32]
        /// The columns of stacks that were put into order last, and that order.
        var columns: [UInt32] = []
        var order: [UInt64] = []
        /// What was brought over of the profile's symbols, if anything of them was new.
        var transfer: SymbolInterner.Transfer?
    }

    init(_ file: PartitionFile) throws {
        self.file = file
        connection = try file.openForWriting()
        connection.takeOverCheckpoints()
        stale = try StaleBuckets(connection)
    }

    /// About how many bytes the connection, the symbols, the series and their indices take.
    var byteCount: Int {
        services.values.reduce(connection.byteCount + series.count * 1024 + stale.touched.count * 96) {
            $0 + $1.interner.byteCount + $1.memo.byteCount
        }
    }

    /// What makes a profile the same one when it comes again.
    private struct Identity: Hashable {
        let series: Int64
        let time: Int64
        let id: ProfileID
    }

    /// Stores profiles in one transaction and returns what each step took; when it returns, they are synced.
    ///
    /// What is there already, as after an answer that did not arrive, is passed over. `now` counts on a clock that never jumps.
    func write(_ profiles: [NewProfile], now: ContinuousClock.Instant) throws -> WriteSteps {
        var steps = WriteSteps()
        var clock = StepClock()
        try connection.writing {
            steps.commit = clock.lap()
            var rows: [(identity: Identity, samples: SampleColumns)] = []
            rows.reserveCapacity(profiles.count)
            var coming: Set<Identity> = []
            for profile in profiles {
                let series = try series(of: profile.series)
                let identity = Identity(series: series.id, time: profile.time, id: profile.id)
                guard coming.insert(identity).inserted, try isNew(identity, in: series) else { continue }
                rows.append((identity, samples(of: profile, in: series.service)))
            }
            steps.intern = clock.lap()
            let blobs = rows.map { SampleBlob.encode($0.samples) }
            steps.encode = clock.lap()
            for (row, blob) in zip(rows, blobs) { try insert(row.identity, row.samples.total, blob, now: now) }
            for service in grown { try writeGrowth(of: service) }
            grown = []
            found = nil
        }
        steps.commit += clock.lap()
        return steps
    }

    /// Whether a series does not have a profile yet.
    private func isNew(_ profile: Identity, in series: Series) throws -> Bool {
        guard profile.time <= series.newest else {
            series.newest = profile.time
            return true
        }
        let probe = try connection.prepare("SELECT 1 FROM profiles WHERE series = ? AND time = ? AND id = ?")
        probe.bind(profile.series, at: 1)
        probe.bind(profile.time, at: 2)
        probe.bind(Self.bytes(profile.id), at: 3)
        defer { probe.reset() }
        return try !probe.step()
    }

    private func insert(
        _ profile: Identity, _ total: Int64, _ samples: [UInt8], now: ContinuousClock.Instant
    ) throws {
        let insert = try connection.prepare(
            "INSERT INTO profiles (series, time, id, total, samples) VALUES (?, ?, ?, ?, ?)")
        insert.bind(profile.series, at: 1)
        insert.bind(profile.time, at: 2)
        insert.bind(Self.bytes(profile.id), at: 3)
        insert.bind(total, at: 4)
        insert.bind(samples, at: 5)
        try insert.run()
        try stale.mark(profile.series, profile.time, now: now, connection)
    }

    /// After so many pages the log is moved into the database.
    private static let checkpointPages = 2000
    /// From so many on, readers on older snapshots have kept the log from beginning anew for too long.
    private static let longLog = 8000

    /// Whether the log has grown by some megabytes since it was last moved into the database.
    var owesCheckpoint: Bool {
        let pages = connection.logPages
        if pages < checkpointedPages { checkpointedPages = 0 }
        return pages - checkpointedPages >= Self.checkpointPages
    }

    /// Moves what is left of the log into the database, so that it can begin anew with the next commit.
    ///
    /// A log that is long already waits a moment for readers on older snapshots.
    func checkpoint() throws {
        checkpointedPages = connection.logPages
        guard checkpointedPages >= Self.longLog else {
            _ = try connection.number("PRAGMA wal_checkpoint(PASSIVE)")
            return
        }
        connection.setPatience(250)
        defer { connection.setPatience(Connection.usualPatience) }
        _ = try connection.number("PRAGMA wal_checkpoint(RESTART)")
    }

    /// The samples of a profile under the ids that its stacks have in this file, in ascending order.
    private func samples(of profile: NewProfile, in service: Service) -> SampleColumns {
        let samples = profile.samples
        var known =
            found.flatMap { $0.source === profile.source && $0.service === service ? $0 : nil }
            ?? Found(
                source: profile.source, service: service,
                stacks: [UInt32](repeating: .max, count: profile.source.stackHashes.count))
        found = nil
        defer { found = known }
        let stacks = find(samples.stacks, of: profile, in: service, &known)
        let hasIDs = !samples.spans.isEmpty || !samples.traces.isEmpty
        guard !hasIDs else { return Self.sorted(samples, stacks, order: Self.order(stacks, of: samples)) }
        if known.columns != stacks {
            known.columns = stacks
            known.order = Self.order(stacks, of: samples)
        }
        return Self.sorted(samples, stacks, order: known.order)
    }

    /// Finds the ids of some stacks of a profile in this file; only those that are new are built.
    ///
    /// `found` has what the profile's stacks are in this file, as far as they were asked for before.
    private func find(
        _ wanted: [UInt32], of profile: NewProfile, in service: Service, _ found: inout Found
    ) -> [UInt32] {
        let hashes = profile.source.stackHashes
        var ids: [UInt32] = []
        ids.reserveCapacity(wanted.count)
        var unknown: [(place: Int, index: Int?)] = []
        // Samples are mostly in the order of their stacks.
        var guess = 0
        for (place, stack) in wanted.enumerated() {
            let index = hashes.index(of: stack, guess: guess)
            guess = (index ?? guess) + 1
            if let index, found.stacks[index] == .max {
                found.stacks[index] = service.memo[hashes.hashes[index]] ?? .max
            }
            ids.append(index.map { found.stacks[$0] } ?? .max)
            if ids[place] == .max { unknown.append((place, index)) }
        }
        guard !unknown.isEmpty else { return ids }
        var transfer = found.transfer ?? SymbolInterner.Transfer(of: profile.symbols)
        found.transfer = nil
        let interned = service.interner.intern(unknown.map { wanted[$0.place] }, of: profile.symbols, &transfer)
        found.transfer = transfer
        for (stack, id) in zip(unknown, interned) {
            ids[stack.place] = id
            guard let index = stack.index else { continue }
            found.stacks[index] = id
            let hash = hashes.hashes[index]
            if service.memo[hash] == nil { service.memo.insert(id, for: hash) }
        }
        if !grown.contains(where: { $0 === service }) { grown.append(service) }
        return ids
    }

    private static func bytes(_ id: ProfileID) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { bytes, count in
            for index in 0..<8 {
                bytes[index] = UInt8(truncatingIfNeeded: id.high >> UInt64(56 - 8 * index))
                bytes[8 + index] = UInt8(truncatingIfNeeded: id.low >> UInt64(56 - 8 * index))
            }
            count = 16
        }
    }

    /// Where the samples lie in ascending order of their stacks, then of their spans and traces: a stack above an index each.
    private static func order(_ stacks: [UInt32], of samples: SampleColumns) -> [UInt64] {
        var order = stacks.indices.map { UInt64(stacks[$0]) << 32 | UInt64($0) }
        guard !samples.spans.isEmpty || !samples.traces.isEmpty else {
            order.sortByUpperHalf()
            return order
        }
        order.sort { left, right in
            guard left >> 32 == right >> 32 else { return left < right }
            return key(samples, Int(left & 0xffff_ffff)) < key(samples, Int(right & 0xffff_ffff))
        }
        return order
    }

    /// The samples under their new ids, in the given order; what has become equal is summed.
    private static func sorted(_ samples: SampleColumns, _ stacks: [UInt32], order: [UInt64]) -> SampleColumns {
        let hasIDs = !samples.spans.isEmpty || !samples.traces.isEmpty
        var sorted = SampleColumns()
        sorted.stacks.reserveCapacity(stacks.count)
        sorted.values.reserveCapacity(stacks.count)
        var previous: Int?
        for entry in order {
            let index = Int(entry & 0xffff_ffff)
            if let last = previous, stacks[last] == stacks[index], !hasIDs || key(samples, last) == key(samples, index)
            {
                let end = sorted.values.count - 1
                sorted.values[end] = sorted.values[end].saturatingAdd(samples.values[index])
                continue
            }
            previous = index
            sorted.stacks.append(stacks[index])
            sorted.values.append(samples.values[index])
            if !samples.spans.isEmpty { sorted.spans.append(samples.spans[index]) }
            if !samples.traces.isEmpty { sorted.traces.append(samples.traces[index]) }
        }
        return sorted
    }

    private static func key(_ samples: SampleColumns, _ index: Int) -> (UInt64, UInt64, UInt64) {
        let trace = samples.traces.isEmpty ? TraceID.none : samples.traces[index]
        return (samples.spans.isEmpty ? 0 : samples.spans[index], trace.high, trace.low)
    }

    private func writeGrowth(of service: Service) throws {
        let now = SymbolChunk.Mark(service.interner.table)
        guard now != service.mark else { return }
        let insert = try connection.prepare("INSERT INTO symbols (service, sequence, chunk) VALUES (?, ?, ?)")
        insert.bind(service.id, at: 1)
        insert.bind(service.nextSequence, at: 2)
        insert.bind(SymbolChunk.encode(service.interner.table, since: service.mark), at: 3)
        try insert.run()
        service.nextSequence += 1
        service.mark = now
    }

    private func series(of labels: LabelSet) throws -> Series {
        if let known = series[labels] { return known }
        let service = try service(labels[LabelName.serviceName])
        let blob = LabelBlob.encode(labels)
        let select = try connection.prepare("SELECT id FROM series WHERE labels = ?")
        select.bind(blob, at: 1)
        defer { select.reset() }
        let found: Series
        if try select.step() {
            let id = select.int64(0)
            found = Series(id: id, service: service, newest: try newest(ofSeries: id))
        } else {
            let id = try nextID(after: "SELECT max(id) FROM series")
            let insert = try connection.prepare("INSERT INTO series (labels, service, id) VALUES (?, ?, ?)")
            insert.bind(blob, at: 1)
            insert.bind(service.id, at: 2)
            insert.bind(id, at: 3)
            try insert.run()
            found = Series(id: id, service: service, newest: .min)
        }
        series[labels] = found
        return found
    }

    private func newest(ofSeries id: Int64) throws -> Int64 {
        let select = try connection.prepare("SELECT max(time) FROM profiles WHERE series = ?")
        select.bind(id, at: 1)
        defer { select.reset() }
        return try select.step() && !select.isNull(0) ? select.int64(0) : .min
    }

    /// An id that nothing in the file has or had.
    private func nextID(after largest: String) throws -> Int64 {
        max(try connection.number(largest) ?? 0, file.largestDeletedID.withLock { $0 }) + 1
    }

    /// Forgets series and services that were deleted.
    func forget(series ids: Set<Int64>, services serviceIDs: Set<Int64>) {
        series = series.filter { !ids.contains($0.value.id) }
        services = services.filter { !serviceIDs.contains($0.value.id) }
    }

    /// How many stacks a service has.
    func stackCount(ofService id: Int64) throws -> Int {
        if let known = services.values.first(where: { $0.id == id }) { return known.interner.table.stacks.count }
        let select = try connection.prepare("SELECT name FROM services WHERE id = ?")
        select.bind(id, at: 1)
        guard try select.step() else {
            select.reset()
            throw StoreError(.damaged, "\(file.path): service \(id) is missing")
        }
        let name = Text(utf8: select.blob(0))
        select.reset()
        return try service(name).interner.table.stacks.count
    }

    private func service(_ name: Text) throws -> Service {
        if let known = services[name] { return known }
        var id: Int64 = 0
        let find = try connection.prepare("SELECT id FROM services WHERE name = ?")
        find.bind(name.utf8, at: 1)
        if try find.step() { id = find.int64(0) }
        find.reset()
        if id == 0 {
            id = try nextID(after: "SELECT max(id) FROM services")
            let insert = try connection.prepare("INSERT INTO services (name, id) VALUES (?, ?)")
            insert.bind(name.utf8, at: 1)
            insert.bind(id, at: 2)
            try insert.run()
        }
        var table = SymbolTable()
        let next = try SymbolChunk.read(of: id, from: 0, into: &table, connection, path: file.path)
        let service = Service(id: id, interner: SymbolInterner(continuing: table), nextSequence: next)
        services[name] = service
        return service
    }
}
