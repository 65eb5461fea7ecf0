import Dispatch
public import Model
public import Selectors
public import Store
import Synchronization

/// Keeps profiles in SQLite files, one for each tenant and UTC day, below one directory.
///
/// An append returns when it is synced; appends that wait are committed together. Readers use snapshots beside the writer.
public final class SQLiteStore: ProfileStore {
    private let catalogue: FileCatalogue
    private let writer: GroupCommit
    private let readers = DispatchQueue(label: "hearth.sqlite.readers", qos: .userInitiated, attributes: .concurrent)
    private let isClosed = Mutex(false)
    /// What tenants keep beside their profiles.
    public let documents: any DocumentStore

    /// Opens a data directory, which is created if it is not there.
    ///
    /// Throws ``StoreError`` of code `unusable` where another process holds it or a newer program has written it.
    public init(directory: String) throws(StoreError) {
        catalogue = try FileCatalogue(directory: directory)
        writer = GroupCommit(catalogue: catalogue)
        documents = SQLiteDocuments(directory: directory)
    }

    /// How many transactions were committed since the store was opened.
    public var commits: Int { writer.commits }

    /// Stores profiles; they are on disk when it returns.
    public func append(_ profiles: [NewProfile], for tenant: Tenant) async throws {
        guard !profiles.isEmpty else { return }
        try await writer.append(profiles, for: tenant)
    }

    /// Runs blocking work on the readers' queue; `isCancelled` tells it that nobody waits any more.
    private func read<Result: Sendable>(
        _ body: @escaping @Sendable (_ isCancelled: () -> Bool) throws -> Result
    ) async throws -> Result {
        guard !isClosed.withLock({ $0 }) else { throw StoreError(.closed, "the store is closed") }
        let flag = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (done: CheckedContinuation<Result, any Error>) in
                readers.async { done.resume(with: Swift.Result { try body { flag.isSet } }) }
            }
        } onCancel: {
            flag.set()
        }
    }

    /// The distinct label sets of series that have profiles in the range.
    public func series(
        in range: TimeRange, matching matchers: [LabelMatcher], tenants: [Tenant]
    ) async throws -> [LabelSet] {
        let files = catalogue.files(of: tenants, in: range)
        return try await read { isCancelled in
            var found: Set<LabelSet> = []
            for file in files {
                if isCancelled() { throw CancellationError() }
                found.formUnion(try PartitionReader(file).series(in: range, matching: matchers))
            }
            return found.sorted()
        }
    }

    /// The sums of a selection for each stack, for each file and service that has any.
    public func stackTotals(for selection: Selection) async throws -> [StackTotals] {
        let files = catalogue.files(of: selection.tenants, in: selection.range)
        return try await read { isCancelled in
            try files.flatMap { try PartitionReader($0).stackTotals(for: selection, isCancelled: isCancelled) }
        }
    }

    /// The selected profiles, in ascending order of time.
    public func profilePoints(for selection: Selection) async throws -> ProfilePoints {
        let files = catalogue.files(of: selection.tenants, in: selection.range)
        return try await read { isCancelled in
            var rows: [PartitionReader.Row] = []
            for file in files { rows += try PartitionReader(file).rows(for: selection, isCancelled: isCancelled) }
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
        let files = catalogue.files(of: selection.tenants, in: selection.range)
        return try await read { isCancelled in
            var rows: [PartitionReader.SpanRow] = []
            for file in files { rows += try PartitionReader(file).spanRows(for: selection, isCancelled: isCancelled) }
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
        let files = catalogue.files(of: [tenant], in: .all)
        return try await read { _ in
            var span: ProfileSpan?
            for file in files {
                guard let times = try PartitionReader(file).span() else { continue }
                span = ProfileSpan(
                    oldest: min(span?.oldest ?? times.oldest, times.oldest),
                    newest: max(span?.newest ?? times.newest, times.newest))
            }
            return span
        }
    }

    /// Commits what waits, then closes; later calls throw.
    public func close() async {
        isClosed.withLock { $0 = true }
        await writer.close()
        catalogue.release()
    }
}

/// Whether the task that waits for some work has been cancelled.
private final class CancellationFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() { flag.store(true, ordering: .relaxed) }
}
