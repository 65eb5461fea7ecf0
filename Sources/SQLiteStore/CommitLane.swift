import Dispatch
import Glibc
import Model
import Store
import Synchronization

/// Takes appends to one file from any task and commits those that wait together, on a queue of its own.
///
/// While one commit syncs, others gather; so a sync is paid once for all of them. Files of other tenants and days have lanes of
/// their own.
///
/// Unchecked because `writer` and `isCheckpointing` are touched only on `queue`, which is serial; everything else is
/// immutable or behind a lock.
final class CommitLane: @unchecked Sendable {
    private struct Append: Sendable {
        let profiles: [NewProfile]
        let done: CheckedContinuation<Void, any Error>
    }

    private struct Waiting: Sendable {
        var appends: [Append] = []
        var isDraining = false
        /// Whether the file is being taken away.
        var isRetired = false
        var commits = 0
        var steps = WriteSteps()
        /// Whether the file is open.
        var isOpen = false
        /// When the first stale bucket of a closed file comes to its end, in nanoseconds; not known before it was opened.
        var nextEnd = Int64.min
        var byteCount = 0
        /// When something was committed last.
        var lastUse = ContinuousClock.now
    }

    let file: PartitionFile
    private let catalogue: FileCatalogue
    private let health: Health
    private let queue: DispatchQueue
    private let waiting = Mutex(Waiting())
    /// Whether the file has free space inside that is to go back to the file system.
    let owesSpace = Atomic(false)
    private var writer: PartitionWriter?
    private(set) var isCheckpointing = false
    /// The log being moved beside commits.
    private let checkpoints = DispatchGroup()

    init(_ file: PartitionFile, catalogue: FileCatalogue, health: Health) {
        self.file = file
        self.catalogue = catalogue
        self.health = health
        queue = DispatchQueue(label: "hearth.sqlite.writer", qos: .userInitiated)
    }

    /// How many transactions were committed; fewer than appends when these came close together.
    var commits: Int { waiting.withLock { $0.commits } }

    /// What the steps of these transactions took.
    var steps: WriteSteps { waiting.withLock { $0.steps } }

    /// When something was committed last; nil while the file is closed.
    var lastUseWhileOpen: ContinuousClock.Instant? { waiting.withLock { $0.isOpen ? $0.lastUse : nil } }

    /// About how many bytes the writer's memory takes.
    var byteCount: Int { waiting.withLock { $0.byteCount } }

    /// Returns when the profiles are synced.
    func append(_ profiles: [NewProfile]) async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            let isFirst = waiting.withLock { waiting in
                guard !waiting.isRetired else { return nil as Bool? }
                waiting.appends.append(Append(profiles: profiles, done: done))
                defer { waiting.isDraining = true }
                return !waiting.isDraining
            }
            switch isFirst {
            case nil: done.resume(throwing: FileIsBusy())
            case true?: queue.async { self.drain() }
            case false?: break
            }
        }
    }

    /// Commits what waits, and comes again for what has come meanwhile: rollups and deletions that wait have a turn in between.
    private func drain() {
        if commitWaiting() { queue.async { self.drain() } }
    }

    /// Commits what waits; whether more has come meanwhile.
    private func commitWaiting() -> Bool {
        let appends = waiting.withLock { waiting in
            defer { waiting.appends = [] }
            return waiting.appends
        }
        if !appends.isEmpty {
            let result = Result { try commit(appends.flatMap(\.profiles)) }
            for append in appends { append.done.resume(with: result) }
            checkpointIfDue()
        }
        return waiting.withLock { waiting in
            waiting.isDraining = !waiting.appends.isEmpty
            return waiting.isDraining
        }
    }

    private func commit(_ profiles: [NewProfile]) throws {
        let now = ContinuousClock.now
        waiting.withLock { $0.lastUse = now }
        let steps = try withWriter("writing") { try $0.write(profiles, now: now) }
        waiting.withLock { waiting in
            waiting.commits += 1
            waiting.steps += steps
        }
        catalogue.measure(file)
    }

    /// Moves the log into the database if it has become long: most of it beside further commits, as it takes syncs of megabytes,
    /// and what these add between two of them.
    ///
    /// A failure shows again, or is remembered by the health.
    private func checkpointIfDue() {
        guard !isCheckpointing, let writer, writer.owesCheckpoint else { return }
        isCheckpointing = true
        let file = file
        // Nobody takes the file away meanwhile.
        file.use.begin()
        checkpoints.enter()
        DispatchQueue.global(qos: .userInitiated).async {
            try? file.withReader { _ = try $0.number("PRAGMA wal_checkpoint(PASSIVE)") }
            file.use.end()
            self.checkpoints.leave()
            self.queue.async {
                self.isCheckpointing = false
                guard self.writer != nil else { return }
                try? self.withWriter("moving the log of") { try $0.checkpoint() }
            }
        }
    }

    /// Runs `body` with the writer, which is opened if it is not, and closed after an error.
    private func withWriter<Result>(_ what: String, _ body: (PartitionWriter) throws -> Result) throws -> Result {
        if let failure = health.failure { throw failure }
        guard !waiting.withLock({ $0.isRetired }) else { throw FileIsBusy() }
        do {
            let result = try body(try openWriter())
            // A sync may have failed where SQLite goes on, as when it moves the log into the file.
            if let failure = health.failure { throw failure }
            return result
        } catch {
            // Readers need the log's index, which the last connection takes with it and a full disk has no room to make.
            if (error as? SQLiteError)?.isFull ?? false { try? file.withReader { _ in } }
            // Its memory may be ahead of the file now.
            writer = nil
            waiting.withLock { $0.isOpen = false }
            if let damage = PartitionDamage(error, in: file) { throw damage }
            throw health.judge(error, "\(what) day \(file.day) of tenant \(file.tenant)")
        }
    }

    private func openWriter() throws -> PartitionWriter {
        if let writer { return writer }
        let opened = try PartitionWriter(file)
        try catalogue.syncDirectory(of: file)
        writer = opened
        waiting.withLock { $0.isOpen = true }
        return opened
    }

    /// Takes over how large the file has become.
    func remeasure() {
        catalogue.measure(file)
    }

    /// Runs work with the writer between commits, on the lane's queue.
    func perform<Result: Sendable>(
        _ what: String, _ body: @escaping @Sendable (PartitionWriter) throws -> Result
    ) async throws -> Result {
        let result = await onQueue { Swift.Result { try self.withWriter(what, body) } }
        await onQueue { self.checkpointIfDue() }
        return try result.get()
    }

    /// Rolls up one batch of buckets; false if there is none that is ready.
    ///
    /// A file that was closed is opened only when one of its buckets has come to its end. `now` is in nanoseconds.
    func rollUp(_ policy: RollupPolicy, now: Int64) async throws -> Bool {
        guard waiting.withLock({ $0.isOpen || $0.nextEnd <= now }) else { return false }
        return try await perform("rolling up") { writer in
            let hasMore = try writer.rollUp(policy, now: now)
            let byteCount = writer.byteCount
            self.waiting.withLock { $0.byteCount = byteCount }
            return hasMore
        }
    }

    /// Closes the file if nobody has written for a while, which also empties its write-ahead log.
    func closeIfIdle(for duration: Duration) async {
        guard waiting.withLock({ $0.isOpen }) else { return }
        await onQueue {
            if ContinuousClock.now - self.waiting.withLock({ $0.lastUse }) >= duration { self.close() }
        }
    }

    /// Closes the file for good, as it is being taken away; what still waits is told to come again.
    func retire() async {
        await onQueue {
            let appends = self.waiting.withLock { waiting in
                waiting.isRetired = true
                defer { waiting.appends = [] }
                return waiting.appends
            }
            for append in appends { append.done.resume(throwing: FileIsBusy()) }
            self.close()
        }
    }

    /// Returns when what waits is committed and the file is closed.
    func finish() async {
        await onQueue {
            while self.commitWaiting() {}
            self.checkpoints.wait()
            self.close()
        }
    }

    private func onQueue<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { (done: CheckedContinuation<Result, Never>) in
            queue.async { done.resume(returning: body()) }
        }
    }

    private func close() {
        let nextEnd = writer?.stale.nextEnd
        writer = nil
        waiting.withLock { waiting in
            waiting.isOpen = false
            waiting.nextEnd = nextEnd ?? waiting.nextEnd
            waiting.byteCount = 0
        }
        catalogue.measure(file)
    }
}
