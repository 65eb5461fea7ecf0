import Dispatch
public import Model
public import Selectors
public import Store
import Synchronization

/// Keeps profiles in SQLite files, one for each tenant and UTC day, below one directory.
///
/// An append returns when it is synced; appends that wait are committed together. Readers use snapshots beside the writers.
/// In the background, profiles are summed up over buckets of time, so that long ranges read few rows.
public final class SQLiteStore: ProfileStore {
    let catalogue: FileCatalogue
    let lanes: CommitLanes
    let bound: DiskBound
    let report: @Sendable (StoreEvent) -> Void
    private let budget: MemoryBudget
    private let readers = DispatchQueue(label: "hearth.sqlite.readers", qos: .userInitiated, attributes: .concurrent)
    let clockIsInDoubt = Atomic(false)
    private let isClosed = Mutex(false)
    private let background: Task<Void, Never>
    /// What tenants keep beside their profiles.
    public let documents: any DocumentStore

    /// What caches, merges and answers take their memory from.
    public var memory: MemoryBudget { budget }

    /// Opens a data directory, which is created if it is not there.
    ///
    /// Throws ``StoreError`` of code `unusable` where another process holds it or a newer program has written it.
    ///
    /// `maxDisk` bounds the bytes of all files, 0 for any; `report` is told what the store does by itself.
    public init(
        directory: String, budget: MemoryBudget = MemoryBudget(limit: 1 << 30), rollups: RollupPolicy = RollupPolicy(),
        maxDisk: Int = 0, report: @escaping @Sendable (StoreEvent) -> Void = { _ in }
    ) throws(StoreError) {
        catalogue = try FileCatalogue(directory: directory) { report(.damaged($0)) }
        lanes = CommitLanes(catalogue: catalogue)
        self.budget = budget
        self.report = report
        bound = DiskBound(limit: maxDisk, catalogue: catalogue, lanes: lanes, report: report)
        if maxDisk > 0 { _ = catalogue.measureAll() }
        documents = SQLiteDocuments(directory: directory, health: lanes.health)
        let maintenance = Maintenance(catalogue: catalogue, lanes: lanes, policy: rollups, budget: budget)
        background = Task.detached(priority: .utility) { await maintenance.run() }
    }

    /// How many transactions were committed since the store was opened.
    public var commits: Int { lanes.commits }

    /// What these took, step by step, for files that have not gone since.
    public var writeSteps: WriteSteps { lanes.steps }

    /// Why nothing can be stored any more.
    public var failure: StoreError? { lanes.health.failure }

    /// What was set aside because it is damaged.
    public var damaged: [DamagedPartition] { catalogue.state.withLock { $0.damaged } }

    /// Stores profiles; they are on disk when it returns.
    public func append(_ profiles: [NewProfile], for tenant: Tenant) async throws {
        guard !profiles.isEmpty else { return }
        guard !isClosed.withLock({ $0 }) else { throw StoreError(.closed, "the store is closed") }
        try await bound.requireRoom()
        let days = Dictionary(grouping: profiles) { PartitionFile.day(of: $0.time) }
        guard days.count > 1 else {
            for (day, profiles) in days { try await lanes.append(profiles, tenant: tenant, day: day) }
            return
        }
        // All are waited for, so that the answer comes after the last commit.
        var failure: (any Error)?
        var waiting = Array(days)[...]
        while !waiting.isEmpty {
            let next = waiting.prefix(Self.daysAtOnce)
            waiting = waiting.dropFirst(Self.daysAtOnce)
            failure = await append(next, for: tenant) ?? failure
            if !waiting.isEmpty { await lanes.closeBeyond(Maintenance.mostOpen) }
        }
        if let failure { throw failure }
    }

    /// So many days are written side by side: each opens a file.
    private static let daysAtOnce = 64

    /// Stores what belongs to several days; returns one of the errors, if there was any.
    private func append(
        _ days: ArraySlice<(key: Int64, value: [NewProfile])>, for tenant: Tenant
    ) async -> (any Error)? {
        let lanes = lanes
        return await withTaskGroup(of: (any Error)?.self) { group in
            for (day, profiles) in days {
                group.addTask {
                    do {
                        try await lanes.append(profiles, tenant: tenant, day: day)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(nil) { $0 ?? $1 }
        }
    }

    /// Rolls up everything that is ready now, without waiting for the background.
    ///
    /// `now` is a time in nanoseconds at which buckets that have ended are over.
    func rollUp(now: Int64, policy: RollupPolicy) async throws {
        for file in catalogue.files(of: nil, in: .all) {
            let lane = try lanes.lane(of: file)
            while try await lane.rollUp(policy, now: now) {}
        }
    }

    /// Answers a question from the files of a range, in the way of `run`; what is damaged is left out and noted.
    func read<Result: Sendable>(
        _ tenants: [Tenant], _ range: TimeRange, _ body: @escaping @Sendable ([PartitionReader]) throws -> Result
    ) async throws -> Result {
        var suspects: [PartitionFile] = []
        while true {
            do {
                let result = try await run(tenants, range, body)
                AnswerGaps.current?.note(catalogue.damaged(of: tenants, in: range))
                return result
            } catch let damage as PartitionDamage {
                // What is read anew and wrong again is wrong in the file.
                if suspects.contains(where: { $0 === damage.file }) {
                    try await lanes.setAside(damage)
                } else {
                    damage.file.forget()
                    suspects.append(damage.file)
                }
            }
        }
    }

    /// Runs blocking work on the readers' queue over the files of a range, which stay in place until it ends.
    ///
    /// The readers know when nobody waits any more.
    private func run<Result: Sendable>(
        _ tenants: [Tenant], _ range: TimeRange, _ body: @escaping @Sendable ([PartitionReader]) throws -> Result
    ) async throws -> Result {
        guard !isClosed.withLock({ $0 }) else { throw StoreError(.closed, "the store is closed") }
        let lease = catalogue.lease(of: tenants, in: range)
        let reading = CancellableRead<Result>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (done: CheckedContinuation<Result, any Error>) in
                guard reading.begin(done) else { return }
                readers.async {
                    guard !reading.isCancelled else { return }
                    reading.end(
                        with: Swift.Result { try body(lease.files.map { PartitionReader($0) { reading.isCancelled } }) }
                    )
                }
            }
        } onCancel: {
            reading.cancel()
        }
    }

    /// The distinct label sets of series that have profiles in the range.
    public func series(
        in range: TimeRange, matching matchers: [LabelMatcher], tenants: [Tenant]
    ) async throws -> [LabelSet] {
        return try await read(tenants, range) { readers in
            // A file has each series once.
            if readers.count == 1 { return try readers[0].series(in: range, matching: matchers).sorted() }
            var found: Set<LabelSet> = []
            for reader in readers {
                try reader.checkCancellation()
                found.formUnion(try reader.series(in: range, matching: matchers))
            }
            return found.sorted()
        }
    }

    /// The names of all labels of series that have profiles in the range.
    public func labelNames(
        in range: TimeRange, matching matchers: [LabelMatcher], tenants: [Tenant]
    ) async throws -> [Text] {
        try await distinct(in: range, matching: matchers, tenants: tenants) { set, found in
            for label in set.labels { found.insert(label.name) }
        }
    }

    /// The values of a label over the series that have profiles in the range.
    public func labelValues(
        of name: Text, in range: TimeRange, matching matchers: [LabelMatcher], tenants: [Tenant]
    ) async throws -> [Text] {
        try await distinct(in: range, matching: matchers, tenants: tenants) { set, found in
            let value = set[name]
            if !value.isEmpty { found.insert(value) }
        }
    }

    private func distinct(
        in range: TimeRange, matching matchers: [LabelMatcher], tenants: [Tenant],
        _ add: @escaping @Sendable (LabelSet, inout Set<Text>) -> Void
    ) async throws -> [Text] {
        try await read(tenants, range) { readers in
            var found: Set<Text> = []
            for reader in readers {
                try reader.checkCancellation()
                for set in try reader.series(in: range, matching: matchers) { add(set, &found) }
            }
            return found.sorted()
        }
    }

    /// The sums of a selection for each stack, for each file and service that has any.
    public func stackTotals(for selection: Selection) async throws -> [StackTotals] {
        let budget = budget
        return try await read(selection.tenants, selection.range) { readers in
            try SelectionSums(
                selection: selection, readers: readers, budget: budget
            ).run()
        }
    }

    /// The times and totals of the selected profiles, series by series.
    public func timelines(for selection: Selection) async throws -> [SeriesTimeline] {
        guard selection.takesSums && selection.stacks.isEmpty else {
            return SeriesTimeline.lines(of: try await profilePoints(for: selection))
        }
        let memory = MemoryReservation(budget)
        return try await read(selection.tenants, selection.range) { readers in
            try Parallel.flatMap(try SeriesPiece.cut(selection, in: readers)) { piece in
                let interval = piece.reader.interval(of: selection.range)
                return try piece.reader.snapshot { connection in
                    try piece.series.compactMap { series in
                        try piece.reader.checkCancellation()
                        var points = PointColumns()
                        try SeriesReader(connection: connection).addPoints(
                            of: series.id, in: interval, coarsest: .day, to: &points)
                        guard !points.times.isEmpty else { return nil }
                        try memory.take(points.times.count * 16, for: "the timeline of a query")
                        return SeriesTimeline(series: series.labels, times: points.times, totals: points.totals)
                    }
                }
            }
        }
    }

    /// The selected profiles, in ascending order of time.
    public func profilePoints(for selection: Selection) async throws -> ProfilePoints {
        let memory = MemoryReservation(budget)
        return try await read(selection.tenants, selection.range) { readers in
            let rows = try Parallel.flatMap(try SeriesPiece.cut(selection, in: readers)) {
                try $0.reader.rows(of: $0.series, selection, memory)
            }
            var points = ProfilePoints()
            var index: [LabelSet: UInt32] = [:]
            for row in rows.sorted(by: { $0.time < $1.time }) {
                points.seriesIndices.append(Self.index(of: row.series, in: &points.series, known: &index))
                points.times.append(row.time)
                points.ids.append(row.id)
                points.totals.append(row.total)
            }
            return points
        }
    }

    /// The spans of the selected profiles, in ascending order of the profiles' time.
    public func spanPoints(for selection: Selection) async throws -> SpanPoints {
        let memory = MemoryReservation(budget)
        return try await read(selection.tenants, selection.range) { readers in
            let rows = try Parallel.flatMap(try SeriesPiece.cut(selection, in: readers)) {
                try $0.reader.spanRows(of: $0.series, selection, memory)
            }
            var points = SpanPoints()
            var index: [LabelSet: UInt32] = [:]
            for row in rows.sorted(by: { $0.profile.time < $1.profile.time }) {
                points.seriesIndices.append(Self.index(of: row.profile.series, in: &points.series, known: &index))
                points.times.append(row.profile.time)
                points.ids.append(row.profile.id)
                points.spans.append(row.span)
                points.traces.append(row.trace)
                points.totals.append(row.profile.total)
            }
            return points
        }
    }

    private static func index(
        of series: LabelSet, in all: inout [LabelSet], known: inout [LabelSet: UInt32]
    ) -> UInt32 {
        if let index = known[series] { return index }
        all.append(series)
        known[series] = UInt32(all.count - 1)
        return UInt32(all.count - 1)
    }

    /// The oldest and newest profile of a tenant.
    public func span(of tenant: Tenant) async throws -> ProfileSpan? {
        try await read([tenant], .all) { readers in
            // Files come in the order of their days; one without any profile tells nothing.
            func first(_ readers: some Sequence<PartitionReader>) throws -> ProfileSpan? {
                for reader in readers { if let span = try reader.span() { return span } }
                return nil
            }
            guard let oldest = try first(readers), let newest = try first(readers.reversed()) else { return nil }
            return ProfileSpan(oldest: oldest.oldest, newest: newest.newest)
        }
    }

    /// Commits what waits, then closes; later calls throw.
    public func close() async {
        isClosed.withLock { $0 = true }
        background.cancel()
        await background.value
        // A question that was cancelled has its answer before its reader has ended.
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            readers.async(flags: .barrier) { done.resume() }
        }
        await lanes.close()
        catalogue.release()
    }
}
