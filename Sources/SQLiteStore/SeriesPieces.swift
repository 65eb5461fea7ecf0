import Model
import Store
import Synchronization

/// A few of the selected series of one file: what one worker reads on one snapshot.
struct SeriesPiece: Sendable {
    let reader: PartitionReader
    /// Which of the files it is.
    let file: Int
    let series: ArraySlice<ReadCache.Series>

    /// The selected series of all files in pieces: few enough that a snapshot pays, and enough for every core.
    ///
    /// Each file's series keep their order, or are put into that of `areInOrder`.
    static func cut(
        _ selection: Selection, in readers: [PartitionReader],
        by areInOrder: ((ReadCache.Series, ReadCache.Series) -> Bool)? = nil
    ) throws -> [SeriesPiece] {
        let series = try readers.map { reader in
            try reader.checkCancellation()
            let series = try reader.series(of: selection)
            return areInOrder.map { series.sorted(by: $0) } ?? series
        }
        let size = max(1, min(32, series.reduce(0) { $0 + $1.count } / (Parallel.width * 4)))
        return series.enumerated().flatMap { file, series in
            stride(from: 0, to: series.count, by: size).map { start in
                SeriesPiece(
                    reader: readers[file], file: file, series: series[start..<min(start + size, series.count)])
            }
        }
    }
}

extension Parallel {
    /// What `body` makes of all pieces, on all cores and in their order.
    static func flatMap<Piece: Sendable, Element: Sendable>(
        _ pieces: [Piece], _ body: @Sendable (Piece) throws -> [Element]
    ) throws -> [Element] {
        let made = Mutex<[Int: [Element]]>([:])
        _ = try run(pieces: pieces.count, makeWorker: {}) { _, piece in
            let elements = try body(pieces[piece])
            made.withLock { $0[piece] = elements }
        }
        return made.withLock { made in pieces.indices.flatMap { made[$0] ?? [] } }
    }
}
