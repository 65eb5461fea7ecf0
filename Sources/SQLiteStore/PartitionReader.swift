import Model
import Selectors
import Store
import Synchronization

/// Answers questions about one file, each on one snapshot.
struct PartitionReader {
    /// A selected profile.
    struct Row {
        let series: LabelSet
        let time: Int64
        let id: ProfileID
        let total: Int64
    }

    /// A span in a selected profile, whose total is the span's.
    struct SpanRow {
        let profile: Row
        let span: UInt64
        let trace: TraceID
    }

    private struct SpanKey: Hashable {
        let span: UInt64
        let trace: TraceID
    }

    private let file: PartitionFile

    init(_ file: PartitionFile) {
        self.file = file
    }

    private func snapshot<Result>(_ body: (Connection) throws -> Result) throws -> Result {
        do {
            return try file.withReader { connection in try connection.reading { try body(connection) } }
        } catch let error as SQLiteError {
            // 11 and 26 are SQLITE_CORRUPT and SQLITE_NOTADB.
            let isDamaged = error.primaryCode == 11 || error.primaryCode == 26
            throw StoreError(isDamaged ? .damaged : .failed, "\(file.path): \(error)")
        } catch let error as BlobDamage {
            throw StoreError(.damaged, "\(file.path): \(error)")
        }
    }

    private func matching(
        _ matchers: [LabelMatcher], type: ProfileType?, _ connection: Connection
    ) throws -> [ReadCache.Series] {
        let all = try file.cache.withLock { cache in
            try cache.updateSeries(connection, path: file.path)
            return cache.series
        }
        return all.filter { series in
            (type.map { series.labels[LabelName.profileType] == $0.id } ?? true)
                && matchers.allSatisfy { $0.matches(series.labels) }
        }
    }

    func series(in range: TimeRange, matching matchers: [LabelMatcher]) throws -> [LabelSet] {
        let dayStart = file.day.saturatingMultiply(PartitionFile.nanosecondsPerDay)
        let coversDay =
            range.startNanoseconds <= dayStart
            && range.endNanoseconds >= dayStart.saturatingAdd(PartitionFile.nanosecondsPerDay - 1)
        return try snapshot { connection in
            let candidates = try matching(matchers, type: nil, connection)
            if coversDay { return candidates.map(\.labels) }
            let probe = try connection.prepare(
                "SELECT 1 FROM profiles WHERE series = ? AND time BETWEEN ? AND ? LIMIT 1")
            return try candidates.filter { series in
                probe.bind(series.id, at: 1)
                probe.bind(range.startNanoseconds, at: 2)
                probe.bind(range.endNanoseconds, at: 3)
                defer { probe.reset() }
                return try probe.step()
            }.map(\.labels)
        }
    }

    func span() throws -> ProfileSpan? {
        try snapshot { connection in
            let select = try connection.prepare("SELECT count(*), min(time), max(time) FROM profiles")
            defer { select.reset() }
            guard try select.step(), select.int64(0) > 0 else { return nil }
            return ProfileSpan(oldest: select.int64(1), newest: select.int64(2))
        }
    }

    /// Walks the rows of a selection; `body` gets the statement on columns `time, id, service, total, samples`.
    private func forEachProfile(
        _ selection: Selection, _ connection: Connection, isCancelled: () -> Bool,
        _ body: (LabelSet, Statement) throws -> Void
    ) throws {
        let series = try matching(selection.matchers, type: selection.profileType, connection)
        let select = try connection.prepare(
            "SELECT time, id, service, total, samples FROM profiles WHERE series = ? AND time BETWEEN ? AND ?")
        for entry in series {
            select.reset()
            select.bind(entry.id, at: 1)
            select.bind(selection.range.startNanoseconds, at: 2)
            select.bind(selection.range.endNanoseconds, at: 3)
            while try select.step() {
                if isCancelled() { throw CancellationError() }
                if let wanted = selection.profiles, !wanted.contains(Self.id(select)) { continue }
                try body(entry.labels, select)
            }
        }
        select.reset()
    }

    private static func id(_ row: Statement) -> ProfileID {
        row.withBlob(1) { bytes in
            func half(_ start: Int) -> UInt64 {
                bytes.dropFirst(start).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            }
            return ProfileID(high: half(0), low: half(8))
        }
    }

    private func symbols(of service: Int64, _ connection: Connection) throws -> SymbolTable {
        try file.cache.withLock { try $0.symbols(of: service, connection, path: file.path) }
    }

    func stackTotals(for selection: Selection, isCancelled: () -> Bool) throws -> [StackTotals] {
        try snapshot { connection in
            var tables: [Int64: SymbolTable] = [:]
            var sums: [Int64: [Int64]] = [:]
            var passes: [Int64: [Bool]] = [:]
            let takesAll = selection.spans == nil && selection.traces == nil
            try forEachProfile(selection, connection, isCancelled: isCancelled) { _, row in
                let service = row.int64(2)
                if tables[service] == nil {
                    let table = try symbols(of: service, connection)
                    tables[service] = table
                    sums[service] = [Int64](repeating: 0, count: table.stacks.count)
                    passes[service] = selection.stacks.isEmpty ? [] : selection.stacks.passes(in: table)
                }
                // Taken out, so that the sums are added to in place.
                var dense = sums[service] ?? []
                sums[service] = nil
                defer { sums[service] = dense }
                try row.withBlob(4) { blob in
                    if takesAll {
                        try SampleBlob.add(blob, to: &dense)
                    } else {
                        let samples = try SampleBlob.decode(blob)
                        for index in samples.stacks.indices where Self.takes(index, of: samples, selection) {
                            let stack = Int(samples.stacks[index])
                            guard stack < dense.count else {
                                throw BlobDamage(description: "a blob names a stack that does not exist")
                            }
                            dense[stack] = dense[stack].saturatingAdd(samples.values[index])
                        }
                    }
                }
            }
            return tables.sorted { $0.key < $1.key }.compactMap { service, table in
                let dense = sums[service] ?? []
                let pass = passes[service] ?? []
                var totals = StackTotals(symbols: table, stacks: [], totals: [])
                for stack in dense.indices where dense[stack] != 0 && (pass.isEmpty || pass[stack]) {
                    totals.stacks.append(UInt32(stack))
                    totals.totals.append(dense[stack])
                }
                return totals.stacks.isEmpty ? nil : totals
            }
        }
    }

    private static func takes(_ index: Int, of samples: SampleColumns, _ selection: Selection) -> Bool {
        (selection.spans?.contains(samples.spans.isEmpty ? 0 : samples.spans[index]) ?? true)
            && (selection.traces?.contains(samples.traces.isEmpty ? .none : samples.traces[index]) ?? true)
    }

    /// The samples of a row that the selection takes, for selections that look into profiles.
    private func samples(
        _ row: Statement, _ selection: Selection, _ connection: Connection, passes: inout [Int64: [Bool]]
    ) throws -> (SampleColumns, [Int]) {
        let samples = try row.withBlob(4) { try SampleBlob.decode($0) }
        var pass: [Bool] = []
        if !selection.stacks.isEmpty {
            let service = row.int64(2)
            if passes[service] == nil {
                passes[service] = selection.stacks.passes(in: try symbols(of: service, connection))
            }
            pass = passes[service] ?? []
        }
        let taken = samples.stacks.indices.filter { index in
            let stack = Int(samples.stacks[index])
            return Self.takes(index, of: samples, selection) && (pass.isEmpty || stack < pass.count && pass[stack])
        }
        return (samples, taken)
    }

    func rows(for selection: Selection, isCancelled: () -> Bool) throws -> [Row] {
        let isWhole = selection.spans == nil && selection.traces == nil && selection.stacks.isEmpty
        return try snapshot { connection in
            var rows: [Row] = []
            var passes: [Int64: [Bool]] = [:]
            try forEachProfile(selection, connection, isCancelled: isCancelled) { series, row in
                var total = row.int64(3)
                if !isWhole {
                    let (samples, taken) = try samples(row, selection, connection, passes: &passes)
                    guard !taken.isEmpty else { return }
                    total = taken.reduce(0) { $0.saturatingAdd(samples.values[$1]) }
                }
                rows.append(Row(series: series, time: row.int64(0), id: Self.id(row), total: total))
            }
            return rows
        }
    }

    func spanRows(for selection: Selection, isCancelled: () -> Bool) throws -> [SpanRow] {
        try snapshot { connection in
            var rows: [SpanRow] = []
            var passes: [Int64: [Bool]] = [:]
            try forEachProfile(selection, connection, isCancelled: isCancelled) { series, row in
                let (samples, taken) = try samples(row, selection, connection, passes: &passes)
                guard !samples.spans.isEmpty else { return }
                var sums: [SpanKey: Int64] = [:]
                for index in taken where samples.spans[index] != 0 {
                    let key = SpanKey(
                        span: samples.spans[index], trace: samples.traces.isEmpty ? .none : samples.traces[index])
                    sums[key] = sums[key, default: 0].saturatingAdd(samples.values[index])
                }
                for (key, sum) in sums.sorted(by: { $0.key.span < $1.key.span }) {
                    rows.append(
                        SpanRow(
                            profile: Row(series: series, time: row.int64(0), id: Self.id(row), total: sum),
                            span: key.span, trace: key.trace))
                }
            }
            return rows
        }
    }
}
