import Model
public import Store

extension SQLiteStore {
    /// Deletes profiles; their space goes back to the file system.
    ///
    /// A day that is meant as a whole is dropped.
    public func delete(_ deletion: Deletion, dryRun: Bool) async throws -> DeletedCounts {
        var counts = DeletedCounts()
        var series: Set<LabelSet> = []
        // Who takes a file away may still think better of it, so what is there afterwards is looked for again.
        while try await !delete(deletion, dryRun: dryRun, &counts, &series) {}
        return counts
    }

    /// Deletes what is found; false where some of it was being taken away by somebody else.
    private func delete(
        _ deletion: Deletion, dryRun: Bool, _ counts: inout DeletedCounts, _ series: inout Set<LabelSet>
    ) async throws -> Bool {
        try await catalogue.untilQuiet(deletion.tenant)
        let matches = try await read([deletion.tenant], deletion.range) { readers in
            try readers.map { try $0.count(deletion) }
        }
        func note(_ labels: some Sequence<LabelSet>, _ profiles: Int, _ bytes: Int) {
            series.formUnion(labels)
            counts.series = series.count
            counts.profiles += profiles
            counts.bytes += bytes
        }
        var isDone = true
        for match in matches where match.profiles > 0 {
            guard !dryRun else {
                note(match.series.values, match.profiles, match.bytes)
                continue
            }
            do {
                if match.isWholeFile, let bytes = try await lanes.drop(match.file) {
                    report(
                        .dropped(tenant: deletion.tenant, day: match.file.day, bytes: bytes, reason: .request))
                    note(match.series.values, match.profiles, match.bytes)
                    continue
                }
                let done = try await lanes.twice {
                    try await lanes.lane(of: match.file).delete(
                        FileDeletion(series: Array(match.series.keys), start: deletion.start, end: deletion.end))
                }
                report(
                    .deleted(
                        tenant: deletion.tenant, day: match.file.day, profiles: done.profiles, bytes: done.bytes,
                        reason: .request))
                note(done.touched.compactMap { match.series[$0] }, done.profiles, done.bytes)
            } catch let damage as PartitionDamage {
                try await lanes.setAside(damage)
                AnswerGaps.current?.note(catalogue.damaged(of: [deletion.tenant], in: deletion.range))
            } catch is FileIsBusy {
                isDone = false
            }
        }
        return isDone
    }
}

extension PartitionReader {
    /// What a deletion finds in one file.
    struct DeletionMatch: Sendable {
        let file: PartitionFile
        /// Whether everything in the file is meant, whatever comes in meanwhile.
        let isWholeFile: Bool
        /// The series that have something, by their id.
        var series: [Int64: LabelSet] = [:]
        var profiles = 0
        var bytes = 0
    }

    func count(_ deletion: Deletion) throws -> DeletionMatch {
        let day = file.interval
        var match = DeletionMatch(
            file: file,
            isWholeFile: deletion.matchers.isEmpty && deletion.start <= day.start && deletion.end >= day.end - 1)
        try snapshot { connection in
            let select = try connection.prepare(
                "SELECT count(*), coalesce(sum(length(samples)), 0) FROM profiles "
                    + "WHERE series = ? AND time >= ? AND time <= ?")
            for series in try matching(deletion.matchers, type: nil, connection) {
                try checkCancellation()
                select.bind(series.id, at: 1)
                select.bind(deletion.start, at: 2)
                select.bind(deletion.end, at: 3)
                guard try select.step(), select.int64(0) > 0 else {
                    select.reset()
                    continue
                }
                match.series[series.id] = series.labels
                match.profiles += Int(select.int64(0))
                match.bytes += Int(select.int64(1))
                select.reset()
            }
        }
        return match
    }
}
