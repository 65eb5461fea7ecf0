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
        let table: SymbolTable
        let progress: NameTreeGrower.Progress
        fileprivate let names: SharedNameTree
        /// The number of the first chunk that was not read.
        fileprivate let nextSequence: Int64

        /// About how many bytes it takes, without the tree of names.
        var byteCount: Int { table.byteCount + progress.byteCount }

        /// Where the stacks end in the tree of names of all days of the service.
        var named: NamedStacks { NamedStacks(tree: names.current, nodeOfStack: progress.nodeOfStack) }
    }

    private(set) var series: [Series] = []
    /// The largest id of a series that was read.
    private var lastID: Int64 = 0
    /// Series that were deleted, which an older snapshot still has.
    private var deleted: Set<Int64> = []
    /// The names and values of labels, each once: series have most of theirs in common, and what is one is soon found to be equal.
    private var texts: Set<Text> = []
    private var symbols: [Int64: Symbols] = [:]

    /// About how many bytes it takes.
    var byteCount: Int {
        symbols.values.reduce(series.count * 512) { $0 + $1.byteCount }
    }

    /// Reads the series that are new since the last time.
    mutating func updateSeries(_ connection: Connection, path: String) throws {
        let select = try connection.prepare("SELECT id, service, labels FROM series WHERE id > ? ORDER BY id")
        select.bind(lastID, at: 1)
        defer { select.reset() }
        while try select.step() {
            guard !deleted.contains(select.int64(0)) else { continue }
            do throws(BlobDamage) {
                let labels = try select.withBlob(2) { blob throws(BlobDamage) in
                    try LabelBlob.decode(blob, sharing: &texts)
                }
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
        texts = []
        for service in services { symbols[service] = nil }
    }

    /// So many stacks that are new go into the tree of names at once: its names are sorted each time.
    private static let stacksAtOnce = 1 << 16

    /// The symbols of a service, with the chunks that are new since the last time.
    ///
    /// There may be very many: `checkCancellation` ends the work by throwing, and the next one goes on from there.
    mutating func symbols(
        of service: Int64, _ connection: Connection, in file: PartitionFile,
        checkCancellation: () throws(CancellationError) -> Void = {}
    ) throws -> Symbols {
        // Taken out, so that it grows in place; after any other error nothing of it is kept.
        var (table, progress, next) = (SymbolTable(), NameTreeGrower.Progress(), Int64(0))
        let names: SharedNameTree
        if let known = symbols.removeValue(forKey: service) {
            (table, progress, next, names) = (known.table, known.progress, known.nextSequence, known.names)
        } else {
            names = file.names.tree(of: try Self.name(of: service, connection), tenant: file.tenant)
        }
        func asFarAsRead() -> Symbols { Symbols(table: table, progress: progress, names: names, nextSequence: next) }
        do {
            next = try SymbolChunk.read(of: service, from: next, into: &table, connection, path: file.path) {
                table, read in
                if table.stacks.count - progress.nodeOfStack.count >= Self.stacksAtOnce { names.add(table, &progress) }
                next = read
                try checkCancellation()
            }
        } catch let error as CancellationError {
            symbols[service] = asFarAsRead()
            throw error
        }
        names.add(table, &progress)
        symbols[service] = asFarAsRead()
        return asFarAsRead()
    }

    /// About how many bytes the symbols of a service take here.
    func byteCount(ofService service: Int64) -> Int { symbols[service]?.byteCount ?? 0 }

    private static func name(of service: Int64, _ connection: Connection) throws -> Text {
        let select = try connection.prepare("SELECT name FROM services WHERE id = ?")
        select.bind(service, at: 1)
        defer { select.reset() }
        return try select.step() ? Text(utf8: select.blob(0)) : .empty
    }
}
