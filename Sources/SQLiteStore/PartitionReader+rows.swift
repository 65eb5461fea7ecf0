import Model
import Store

/// Questions that need single profiles: their ids, or their samples one by one.
extension PartitionReader {
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

    /// Walks the rows of a selection; `body` gets the statement on columns `time, id, total, samples`.
    private func forEachProfile(
        _ series: some Sequence<ReadCache.Series>, _ selection: Selection, _ connection: Connection, withSamples: Bool,
        _ body: (ReadCache.Series, Statement) throws -> Void
    ) throws {
        let interval = interval(of: selection.range)
        // Without the samples, the index has all that is asked.
        let select = try connection.prepare(
            "SELECT time, id, total\(withSamples ? ", samples" : "") FROM profiles "
                + "WHERE series = ? AND time >= ? AND time < ?")
        for entry in series {
            select.reset()
            select.bind(entry.id, at: 1)
            select.bind(interval.start, at: 2)
            select.bind(interval.end, at: 3)
            while try select.step() {
                try checkCancellation()
                if let wanted = selection.profiles, !wanted.contains(Self.id(select)) { continue }
                try body(entry, select)
            }
        }
        select.reset()
    }

    private static func id(_ row: Statement) -> ProfileID {
        row.withBlob(1) { bytes in
            var id = ProfileID(high: 0, low: 0)
            for byte in bytes.prefix(8) { id.high = id.high << 8 | UInt64(byte) }
            for byte in bytes.dropFirst(8).prefix(8) { id.low = id.low << 8 | UInt64(byte) }
            return id
        }
    }

    private static func takes(_ index: Int, of samples: SampleColumns, _ selection: Selection) -> Bool {
        selection.takes(
            span: samples.spans.isEmpty ? 0 : samples.spans[index],
            trace: samples.traces.isEmpty ? .none : samples.traces[index])
    }

    /// Calls `body` with the stack and value of each sample of a series that a selection takes.
    func forEachSample(
        of series: ReadCache.Series, _ selection: Selection, _ connection: Connection,
        _ body: (UInt32, Int64) throws -> Void
    ) throws {
        try forEachProfile([series], selection, connection, withSamples: true) { _, row in
            let samples = try row.withBlob(3) { try SampleBlob.decode($0) }
            for index in samples.stacks.indices where Self.takes(index, of: samples, selection) {
                try body(samples.stacks[index], samples.values[index])
            }
        }
    }

    /// The samples of a row that the selection takes, for selections that look into profiles.
    private func samples(
        _ row: Statement, _ service: Int64, _ selection: Selection, _ connection: Connection,
        passes: inout [Int64: [Bool]]
    ) throws -> (SampleColumns, [Int]) {
        let samples = try row.withBlob(3) { try SampleBlob.decode($0) }
        var pass: [Bool] = []
        if !selection.stacks.isEmpty {
            if passes[service] == nil {
                passes[service] = selection.stacks.passes(in: try symbols(of: service, connection).table)
            }
            pass = passes[service] ?? []
        }
        let taken = samples.stacks.indices.filter { index in
            let stack = Int(samples.stacks[index])
            return Self.takes(index, of: samples, selection) && (pass.isEmpty || stack < pass.count && pass[stack])
        }
        return (samples, taken)
    }

    /// How many rows memory is taken for at once; few, as a question about many series is cut into many pieces.
    private static let rowsAtOnce = 64

    /// Takes memory for further rows, and for the answer that is made of them.
    private static func makeRoom<Row>(for rows: [Row], _ memory: MemoryReservation) throws {
        guard rows.count % rowsAtOnce == 0 else { return }
        try memory.take(rowsAtOnce * 2 * MemoryLayout<Row>.stride, for: "listing the profiles of a query")
    }

    /// The selected profiles of some series, series by series.
    func rows(
        of series: ArraySlice<ReadCache.Series>, _ selection: Selection, _ memory: MemoryReservation
    ) throws -> [Row] {
        let isWhole = selection.takesWholeProfiles
        return try snapshot { connection in
            var rows: [Row] = []
            var passes: [Int64: [Bool]] = [:]
            try forEachProfile(series, selection, connection, withSamples: !isWhole) { series, row in
                var total = row.int64(2)
                if !isWhole {
                    let (samples, taken) = try samples(row, series.service, selection, connection, passes: &passes)
                    guard !taken.isEmpty else { return }
                    total = taken.reduce(0) { $0.saturatingAdd(samples.values[$1]) }
                }
                try Self.makeRoom(for: rows, memory)
                rows.append(Row(series: series.labels, time: row.int64(0), id: Self.id(row), total: total))
            }
            return rows
        }
    }

    /// The spans of the selected profiles of some series, series by series.
    func spanRows(
        of series: ArraySlice<ReadCache.Series>, _ selection: Selection, _ memory: MemoryReservation
    ) throws -> [SpanRow] {
        try snapshot { connection in
            var rows: [SpanRow] = []
            var passes: [Int64: [Bool]] = [:]
            try forEachProfile(series, selection, connection, withSamples: true) { series, row in
                let (samples, taken) = try samples(row, series.service, selection, connection, passes: &passes)
                guard !samples.spans.isEmpty else { return }
                var sums: [SpanKey: Int64] = [:]
                for index in taken where samples.spans[index] != 0 {
                    let key = SpanKey(
                        span: samples.spans[index], trace: samples.traces.isEmpty ? .none : samples.traces[index])
                    sums[key] = sums[key, default: 0].saturatingAdd(samples.values[index])
                }
                for (key, sum) in sums.sorted(by: { $0.key.span < $1.key.span }) {
                    try Self.makeRoom(for: rows, memory)
                    rows.append(
                        SpanRow(
                            profile: Row(series: series.labels, time: row.int64(0), id: Self.id(row), total: sum),
                            span: key.span, trace: key.trace))
                }
            }
            return rows
        }
    }
}

extension Selection {
    /// Whether profiles are taken with all their samples, or not at all.
    var takesWholeProfiles: Bool { spans == nil && traces == nil && stacks.isEmpty }

    /// Whether rollups can answer: nothing is asked of single profiles or samples.
    ///
    /// A filter of stacks works on sums.
    var takesSums: Bool { spans == nil && traces == nil && profiles == nil }
}
