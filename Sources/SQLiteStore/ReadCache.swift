import Model
import Store

/// What readers of a file have in memory: its series and symbol tables, as far as they were read.
///
/// Both only grow, so a cache that is ahead of a reader's snapshot does no harm; what is deleted leaves at once and for good.
struct ReadCache: Sendable {
    /// A series with its id in the file.
    struct Series: Sendable {
        let id: Int64
        let service: Int64
        let labels: LabelSet
    }

    /// A service's symbols, with the tree of their names.
    struct Symbols: Sendable {
        fileprivate(set) var table = SymbolTable()
        fileprivate(set) var progress = NameTreeGrower.Progress()
        fileprivate let names: SharedNameTree
        fileprivate var nextSequence: Int64 = 0

        fileprivate init(names: SharedNameTree) {
            self.names = names
        }

        /// Where the stacks end in the tree of names of all days of the service.
        var named: NamedStacks { NamedStacks(tree: names.current, nodeOfStack: progress.nodeOfStack) }
    }

    private(set) var series: [Series] = []
    /// The largest id of a series that was read.
    private var lastID: Int64 = 0
    /// Series that were deleted, which an older snapshot still has.
    private var deleted: Set<Int64> = []
    private var symbols: [Int64: Symbols] = [:]

    /// About how many bytes it takes.
    var byteCount: Int {
        symbols.values.reduce(series.count * 512) { $0 + $1.table.byteCount + $1.progress.byteCount }
    }

    /// Reads the series that are new since the last time.
    mutating func updateSeries(_ connection: Connection, path: String) throws {
        let select = try connection.prepare("SELECT id, service, labels FROM series WHERE id > ? ORDER BY id")
        select.bind(lastID, at: 1)
        defer { select.reset() }
        while try select.step() {
            guard !deleted.contains(select.int64(0)) else { continue }
            do throws(BlobDamage) {
                let labels = try select.withBlob(2) { blob throws(BlobDamage) in try LabelBlob.decode(blob) }
                series.append(Series(id: select.int64(0), service: select.int64(1), labels: labels))
                lastID = select.int64(0)
            } catch {
                throw StoreError(.damaged, "\(path): series \(select.int64(0)): \(error)")
            }
        }
    }

    /// Gives its memory back; it still knows what was deleted, which an older snapshot has.
    mutating func empty() {
        let known = deleted
        self = ReadCache()
        deleted = known
    }

    /// Forgets series and services that were deleted; their ids do not come again.
    mutating func remove(series gone: Set<Int64>, services: Set<Int64>) {
        deleted.formUnion(gone)
        series.removeAll { gone.contains($0.id) }
        for service in services { symbols[service] = nil }
    }

    /// The symbols of a service, with the chunks that are new since the last time.
    mutating func symbols(of service: Int64, _ connection: Connection, in file: PartitionFile) throws -> Symbols {
        // Taken out, so that it grows in place; after an error nothing of it is kept.
        var cached =
            try symbols.removeValue(forKey: service)
            ?? Symbols(
                names: file.names.tree(of: Self.name(of: service, connection), tenant: file.tenant))
        cached.nextSequence = try SymbolChunk.read(
            of: service, from: cached.nextSequence, into: &cached.table, connection, path: file.path)
        cached.names.add(cached.table, &cached.progress)
        symbols[service] = cached
        return cached
    }

    private static func name(of service: Int64, _ connection: Connection) throws -> Text {
        let select = try connection.prepare("SELECT name FROM services WHERE id = ?")
        select.bind(service, at: 1)
        defer { select.reset() }
        return try select.step() ? Text(utf8: select.blob(0)) : .empty
    }
}
