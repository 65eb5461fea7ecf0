import Model
import Store

/// The sums of a selection over several files, worked out on all cores.
///
/// The work is cut by series: each worker takes the next few, reads them on a snapshot of its own and adds to sums of its own,
/// which are added up at the end. A series is read by one worker on one snapshot, so each of its profiles counts once.
struct SelectionSums: Sendable {
    let selection: Selection
    let readers: [PartitionReader]
    let budget: MemoryBudget

    /// A service in one of the files.
    private struct Partition: Hashable {
        let file: Int
        let service: Int64
    }

    /// What one worker has summed up.
    ///
    /// Unchecked because `Parallel` hands each worker to one thread, and they are read only after all have ended.
    private final class Worker: @unchecked Sendable {
        var sums: [Partition: StackSums] = [:]
        var symbols: [Partition: ReadCache.Symbols] = [:]
        let memory: MemoryReservation

        init(_ budget: MemoryBudget) {
            memory = MemoryReservation(budget)
        }

        /// Makes room for the sums of all stacks of a partition.
        func makeRoom(_ stackCount: Int, for partition: Partition) throws {
            var known = sums.removeValue(forKey: partition) ?? StackSums(stackCount: 0)
            try memory.take(max(0, stackCount - known.stackCount) * 8, for: "merging the samples of a query")
            known.grow(to: stackCount)
            sums[partition] = known
        }
    }

    func run() throws -> [StackTotals] {
        // The series of a service side by side, as they share their symbols.
        let work = try SeriesPiece.cut(selection, in: readers) { ($0.service, $0.id) < ($1.service, $1.id) }
        guard !work.isEmpty else { return [] }
        let workers = try Parallel.run(pieces: work.count, makeWorker: { Worker(budget) }) { worker, piece in
            try add(work[piece], to: worker)
        }
        let merged = workers[0]
        for worker in workers.dropFirst() {
            for (partition, sums) in worker.sums {
                if merged.sums[partition] == nil {
                    merged.sums[partition] = sums
                } else {
                    merged.sums[partition]?.add(sums)
                }
                // The one that has read more knows all stacks of the other.
                let own = worker.symbols[partition]
                if (merged.symbols[partition]?.table.stacks.count ?? -1) < (own?.table.stacks.count ?? 0) {
                    merged.symbols[partition] = own
                }
            }
        }
        let memory = workers.map(\.memory)
        let order = merged.sums.keys.sorted { ($0.file, $0.service) < ($1.file, $1.service) }
        return order.compactMap { partition in
            guard let symbols = merged.symbols[partition], let sums = merged.sums[partition] else { return nil }
            let passes = selection.stacks.isEmpty ? [] : selection.stacks.passes(in: symbols.table)
            let (stacks, totals) = sums.columns(where: passes)
            guard !stacks.isEmpty else { return nil }
            var found = StackTotals(symbols: symbols.table, stacks: stacks, totals: totals, named: symbols.named)
            found.memory = memory
            return found
        }
    }

    private func add(_ work: SeriesPiece, to worker: Worker) throws {
        let reader = work.reader
        let interval = reader.interval(of: selection.range)
        try reader.snapshot { connection in
            var known: Set<Int64> = []
            for series in work.series {
                let partition = Partition(file: work.file, service: series.service)
                // The snapshot names no stack that a table read on it lacks.
                if !known.contains(series.service) {
                    known.insert(series.service)
                    let symbols = try reader.symbols(of: series.service, connection, from: worker.memory)
                    // Where the service has been deleted meanwhile, what was summed up needs the table of before.
                    if symbols.table.stacks.count > worker.symbols[partition]?.table.stacks.count ?? 0 {
                        worker.symbols[partition] = symbols
                    }
                    try worker.makeRoom(symbols.table.stacks.count, for: partition)
                }
                // Taken out, so that the sums are added to in place.
                var sums = worker.sums.removeValue(forKey: partition) ?? StackSums(stackCount: 0)
                defer { worker.sums[partition] = sums }
                if selection.takesSums {
                    try SeriesReader(connection: connection).forEachSum(
                        of: series.id, in: interval, coarsest: .day
                    ) { blob in
                        try reader.checkCancellation()
                        try SampleBlob.add(blob, to: &sums)
                    }
                } else {
                    try reader.forEachSample(of: series, selection, connection) {
                        try sums.add($1, at: $0)
                    }
                }
            }
        }
    }
}
