import Model
import Selectors
import Store
import Synchronization

/// Answers questions about one file, each on one snapshot.
struct PartitionReader: Sendable {
    let file: PartitionFile
    private let isCancelled: @Sendable () -> Bool

    /// Reads a file until `isCancelled` says that nobody waits any more.
    init(_ file: PartitionFile, isCancelled: @escaping @Sendable () -> Bool = { false }) {
        self.file = file
        self.isCancelled = isCancelled
    }

    /// Ends the work on a question that nobody waits for any more.
    func checkCancellation() throws(CancellationError) {
        if isCancelled() { throw CancellationError() }
    }

    func snapshot<Result>(_ body: (Connection) throws -> Result) throws -> Result {
        do {
            return try file.withReader { connection in try connection.reading { try body(connection) } }
        } catch {
            if let damage = PartitionDamage(error, in: file) { throw damage }
            guard let error = error as? SQLiteError else { throw error }
            throw StoreError(error.isFull ? .full : .failed, "\(file.path): \(error)")
        }
    }

    /// The series that a selection takes; of a type only, unless nil.
    func matching(
        _ matchers: [LabelMatcher], type: ProfileType?, _ connection: Connection
    ) throws -> [ReadCache.Series] {
        let all = try file.cache.withLock { cache in
            try cache.updateSeries(connection, path: file.path)
            return cache.series
        }
        let typeID = type?.id
        var checked = 0
        return try all.filter { series in
            checked += 1
            if checked % 1024 == 0 { try checkCancellation() }
            return (typeID.map { series.labels[LabelName.profileType] == $0 } ?? true)
                && matchers.allSatisfy { $0.matches(series.labels) }
        }
    }

    /// The series that a selection takes.
    func series(of selection: Selection) throws -> [ReadCache.Series] {
        try snapshot { try matching(selection.matchers, type: selection.profileType, $0) }
    }

    func series(in range: TimeRange, matching matchers: [LabelMatcher]) throws -> [LabelSet] {
        let wanted = interval(of: range)
        let isWholeDay = wanted == file.interval
        return try snapshot { connection in
            let candidates = try matching(matchers, type: nil, connection)
            if isWholeDay { return candidates.map(\.labels) }
            let probe = try connection.prepare(
                "SELECT 1 FROM profiles WHERE series = ? AND time >= ? AND time < ? LIMIT 1")
            return try candidates.filter { series in
                try checkCancellation()
                probe.bind(series.id, at: 1)
                probe.bind(wanted.start, at: 2)
                probe.bind(wanted.end, at: 3)
                defer { probe.reset() }
                return try probe.step()
            }.map(\.labels)
        }
    }

    /// The part of a range that lies in the file's day.
    func interval(of range: TimeRange) -> Interval {
        Interval(
            start: max(range.startNanoseconds, file.interval.start),
            end: min(range.endNanoseconds.saturatingAdd(1), file.interval.end))
    }

    /// The times of the first and the last profile, by two seeks a series.
    func span() throws -> ProfileSpan? {
        try snapshot { connection in
            let first = try connection.prepare("SELECT min(time) FROM profiles WHERE series = ?")
            let last = try connection.prepare("SELECT max(time) FROM profiles WHERE series = ?")
            func time(_ select: Statement, _ series: Int64) throws -> Int64? {
                select.bind(series, at: 1)
                defer { select.reset() }
                return try select.step() && !select.isNull(0) ? select.int64(0) : nil
            }
            var span: ProfileSpan?
            for series in try matching([], type: nil, connection) {
                try checkCancellation()
                guard let oldest = try time(first, series.id), let newest = try time(last, series.id) else { continue }
                span = ProfileSpan(
                    oldest: min(span?.oldest ?? oldest, oldest), newest: max(span?.newest ?? newest, newest))
            }
            return span
        }
    }

    /// The symbols of a service; what they take beyond what was in memory before is taken from `memory`.
    func symbols(
        of service: Int64, _ connection: Connection, from memory: MemoryReservation? = nil
    ) throws -> ReadCache.Symbols {
        let (symbols, known) = try file.cache.withLock { cache in
            let known = cache.byteCount(ofService: service)
            return (
                try cache.symbols(of: service, connection, in: file, checkCancellation: checkCancellation), known
            )
        }
        try memory?.take(symbols.byteCount - known, for: "reading the symbols of a service")
        return symbols
    }
}
