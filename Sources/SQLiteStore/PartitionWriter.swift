import Model
import Store

/// The writing side of one file: what has been interned, and the connection that commits.
///
/// It lives on the writer's queue. After any error it is thrown away, as its memory may be ahead of the file.
final class PartitionWriter {
    private let file: PartitionFile
    private let connection: Connection
    private var seriesIDs: [LabelSet: Int64] = [:]
    private var services: [Text: Service] = [:]

    private final class Service {
        let id: Int64
        var interner: SymbolInterner
        var mark: SymbolChunk.Mark
        var nextSequence: Int64

        init(id: Int64, interner: SymbolInterner, nextSequence: Int64) {
            self.id = id
            self.interner = interner
            self.nextSequence = nextSequence
            mark = SymbolChunk.Mark(interner.table)
        }
    }

    init(_ file: PartitionFile) throws {
        self.file = file
        connection = try file.openForWriting()
    }

    /// Stores profiles in one transaction; when it returns, they are synced.
    func write(_ profiles: [NewProfile]) throws {
        try connection.writing {
            var touched: Set<Text> = []
            for profile in profiles {
                let name = profile.series[LabelName.serviceName]
                let service = try service(name)
                touched.insert(name)
                try insert(profile, service)
            }
            for name in touched {
                if let service = services[name] { try writeGrowth(of: service) }
            }
        }
    }

    private func insert(_ profile: NewProfile, _ service: Service) throws {
        let stacks = service.interner.intern(profile.samples.stacks, of: profile.symbols)
        let samples = Self.sorted(profile.samples, stacks)
        let series = try seriesID(profile.series)
        let insert = try connection.prepare(
            "INSERT OR IGNORE INTO profiles (series, time, id, service, total, samples) VALUES (?, ?, ?, ?, ?, ?)")
        insert.bind(series, at: 1)
        insert.bind(profile.time, at: 2)
        insert.bind(Self.bytes(profile.id), at: 3)
        insert.bind(service.id, at: 4)
        insert.bind(samples.total, at: 5)
        insert.bind(SampleBlob.encode(samples), at: 6)
        try insert.run()
    }

    private static func bytes(_ id: ProfileID) -> [UInt8] {
        [id.high, id.low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * $0)) } }
    }

    /// The samples under their new ids, in ascending order; what has become equal is summed.
    private static func sorted(_ samples: SampleColumns, _ stacks: [UInt32]) -> SampleColumns {
        let hasIDs = !samples.spans.isEmpty || !samples.traces.isEmpty
        var sorted = SampleColumns()
        sorted.stacks.reserveCapacity(stacks.count)
        sorted.values.reserveCapacity(stacks.count)
        let order = stacks.indices.sorted { left, right in
            if stacks[left] != stacks[right] || !hasIDs { return stacks[left] < stacks[right] }
            let (leftIDs, rightIDs) = (ids(samples, left), ids(samples, right))
            return (leftIDs.0, leftIDs.1.high, leftIDs.1.low) < (rightIDs.0, rightIDs.1.high, rightIDs.1.low)
        }
        var previous: Int?
        for index in order {
            if let last = previous, stacks[last] == stacks[index], !hasIDs || ids(samples, last) == ids(samples, index)
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

    private static func ids(_ samples: SampleColumns, _ index: Int) -> (UInt64, TraceID) {
        (samples.spans.isEmpty ? 0 : samples.spans[index], samples.traces.isEmpty ? .none : samples.traces[index])
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

    private func seriesID(_ labels: LabelSet) throws -> Int64 {
        if let known = seriesIDs[labels] { return known }
        let id = try id(of: LabelBlob.encode(labels), in: "series", column: "labels")
        seriesIDs[labels] = id
        return id
    }

    private func id(of blob: [UInt8], in table: String, column: String) throws -> Int64 {
        let select = try connection.prepare("SELECT id FROM \(table) WHERE \(column) = ?")
        select.bind(blob, at: 1)
        defer { select.reset() }
        if try select.step() { return select.int64(0) }
        let insert = try connection.prepare("INSERT INTO \(table) (\(column)) VALUES (?)")
        insert.bind(blob, at: 1)
        try insert.run()
        return connection.lastInsertID
    }

    private func service(_ name: Text) throws -> Service {
        if let known = services[name] { return known }
        let id = try id(of: name.utf8, in: "services", column: "name")
        var table = SymbolTable()
        var next: Int64 = 0
        let select = try connection.prepare("SELECT sequence, chunk FROM symbols WHERE service = ? ORDER BY sequence")
        select.bind(id, at: 1)
        defer { select.reset() }
        while try select.step() {
            next = select.int64(0) + 1
            do throws(BlobDamage) {
                try select.withBlob(1) { chunk throws(BlobDamage) in try SymbolChunk.decode(chunk, into: &table) }
            } catch {
                throw StoreError(.damaged, "\(file.path): symbols of service \(name): \(error)")
            }
        }
        let service = Service(id: id, interner: SymbolInterner(continuing: table), nextSequence: next)
        services[name] = service
        return service
    }
}
