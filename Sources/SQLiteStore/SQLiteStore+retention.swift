import Model
public import Store
import Synchronization

extension SQLiteStore {
    /// Whether the wall clock has jumped, so that nothing is deleted for its age until it is believed again.
    public var isClockInDoubt: Bool { clockIsInDoubt.load(ordering: .relaxed) }

    /// Deletes what is too old by each tenant's rules, keeps below the bound of the disk, and measures, until cancelled.
    ///
    /// `patience` is for how long a wall clock that has jumped is not believed.
    public func retain(
        by rules: @escaping @Sendable (Tenant) -> RetentionRules, patience: Duration, interval: Duration
    ) async {
        let file = ClockFile(directory: catalogue.directory)
        let nanoseconds = patience.components.seconds.saturatingMultiply(1_000_000_000)
        var clock = TrustedClock(file.read(catalogue.files(of: nil, in: .all)), now: .now, patience: nanoseconds)
        while !Task.isCancelled {
            await retain(by: rules, &clock, .now)
            file.write(clock.memory)
            try? await Task.sleep(for: interval)
        }
    }

    /// One round, at a reading of both clocks.
    func retain(
        by rules: @escaping @Sendable (Tenant) -> RetentionRules, _ clock: inout TrustedClock,
        _ reading: TrustedClock.Reading
    ) async {
        let known = clock.reported
        let isTrusted = clock.isTrusted(reading)
        clockIsInDoubt.store(!isTrusted, ordering: .relaxed)
        clock.reported = clock.distance
        if let distance = clock.distance {
            if distance != known { report(.clockHeld(nanoseconds: distance)) }
        } else if known != nil {
            report(.clockTrusted)
        }
        if isTrusted {
            await Retention(catalogue: catalogue, lanes: lanes, rules: rules, report: report).expire(now: reading.wall)
        }
        let count = catalogue.measureAll()
        await bound.makeRoom()
        let size = catalogue.use.size
        report(.measured(files: count, databaseBytes: size.database, logBytes: size.log))
    }
}
