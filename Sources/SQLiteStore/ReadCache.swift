import Model
import Store

/// What readers of a file have in memory: its series and symbol tables, as far as they were read.
///
/// Both only grow, so a cache that is ahead of a reader's snapshot does no harm.
struct ReadCache: Sendable {
    /// A series with its id in the file.
    struct Series: Sendable {
        let id: Int64
        let labels: LabelSet
    }

    private struct Symbols: Sendable {
        var table = SymbolTable()
        var nextSequence: Int64 = 0
    }

    private(set) var series: [Series] = []
    private var symbols: [Int64: Symbols] = [:]

    /// Reads the series that are new since the last time.
    mutating func updateSeries(_ connection: Connection, path: String) throws {
        let select = try connection.prepare("SELECT id, labels FROM series WHERE id > ? ORDER BY id")
        select.bind(series.last?.id ?? 0, at: 1)
        defer { select.reset() }
        while try select.step() {
            do throws(BlobDamage) {
                let labels = try select.withBlob(1) { blob throws(BlobDamage) in try LabelBlob.decode(blob) }
                series.append(Series(id: select.int64(0), labels: labels))
            } catch {
                throw StoreError(.damaged, "\(path): series \(select.int64(0)): \(error)")
            }
        }
    }

    /// The symbol table of a service, with the chunks that are new since the last time.
    mutating func symbols(of service: Int64, _ connection: Connection, path: String) throws -> SymbolTable {
        var cached = symbols.removeValue(forKey: service) ?? Symbols()
        let select = try connection.prepare(
            "SELECT sequence, chunk FROM symbols WHERE service = ? AND sequence >= ? ORDER BY sequence")
        select.bind(service, at: 1)
        select.bind(cached.nextSequence, at: 2)
        defer { select.reset() }
        while try select.step() {
            do throws(BlobDamage) {
                try select.withBlob(1) { chunk throws(BlobDamage) in try SymbolChunk.decode(chunk, into: &cached.table)
                }
            } catch {
                throw StoreError(.damaged, "\(path): symbols of service \(service): \(error)")
            }
            cached.nextSequence = select.int64(0) + 1
        }
        symbols[service] = cached
        return cached.table
    }
}
