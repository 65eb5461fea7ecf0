import Model
import Store

/// Deletes what has become too old, by the rules of each tenant.
///
/// A day goes as a whole once all of it is older than what applies to any of its series. Where some types have a shorter time,
/// their profiles are deleted from the files that stay, hour by hour.
struct Retention: Sendable {
    let catalogue: FileCatalogue
    let lanes: CommitLanes
    let rules: @Sendable (Tenant) -> RetentionRules
    let report: @Sendable (StoreEvent) -> Void

    /// Deletes what is too old at a time, in nanoseconds.
    ///
    /// What fails is reported, and tried again with the next call.
    func expire(now: Int64) async {
        expireDamaged(now: now)
        for file in catalogue.files(of: nil, in: .all) where !Task.isCancelled {
            do {
                try await lanes.twice { try await expire(file, rules(file.tenant), now: now) }
            } catch is FileIsBusy {
                continue
            } catch is CancellationError {
                return
            } catch let damage as PartitionDamage {
                do { try await lanes.setAside(damage) } catch { report(.failed("\(damage): \(error)")) }
            } catch {
                report(.failed("retention of day \(file.day) of tenant \(file.tenant): \(error)"))
            }
        }
    }

    private func expireDamaged(now: Int64) {
        do {
            let removed = try catalogue.removeDamaged { partition in
                let end = partition.day.saturatingAdd(1).saturatingMultiply(PartitionFile.nanosecondsPerDay)
                return Self.isOver(end, rules(partition.tenant).longest, now)
            }
            for (partition, bytes) in removed {
                report(.dropped(tenant: partition.tenant, day: partition.day, bytes: bytes, reason: .age))
            }
        } catch {
            report(.failed("retention of damaged files: \(error)"))
        }
    }

    private static func isOver(_ end: Int64, _ age: Int64?, _ now: Int64) -> Bool {
        age.map { end.saturatingAdd($0) <= now } ?? false
    }

    private func expire(_ file: PartitionFile, _ rules: RetentionRules, now: Int64) async throws {
        let interval = file.interval
        if Self.isOver(interval.end, rules.longest, now) { return try await drop(file, .age) }
        guard !rules.types.isEmpty, Self.isOver(interval.start, rules.shortest, now) else { return }
        let (isWhole, cuts) = try plan(file, rules, now: now)
        if isWhole {
            // A profile of a type that is kept longer may have come since.
            return try await drop(file, .type) { try Self.isOver($0, rules, now: now) }
        }
        for (end, series) in cuts {
            let lane = try lanes.lane(of: file)
            let done = try await lane.delete(FileDeletion(series: series, start: .min, end: end))
            guard done.profiles > 0 else { continue }
            report(
                .deleted(
                    tenant: file.tenant, day: file.day, profiles: done.profiles, bytes: done.bytes, reason: .type))
        }
    }

    /// Whether the file can go as a whole, and else which series have something that is too old, by the last time of that.
    private func plan(
        _ file: PartitionFile, _ rules: RetentionRules, now: Int64
    ) throws -> (isWhole: Bool, cuts: [Int64: [Int64]]) {
        let reader = PartitionReader(file)
        let lease = catalogue.lease(of: [file.tenant], in: file.range)
        defer { withExtendedLifetime(lease) {} }
        guard lease.files.contains(where: { $0 === file }) else { throw FileIsBusy() }
        return try reader.snapshot { connection in
            let all = try reader.matching([], type: nil, connection)
            let ages = all.map { rules.age(of: $0.labels[LabelName.profileType]) }
            guard !Self.isOver(file, ages, now: now) else { return (true, [:]) }
            var cuts: [Int64: [Int64]] = [:]
            let probe = try connection.prepare("SELECT 1 FROM profiles WHERE series = ? AND time <= ? LIMIT 1")
            for (series, age) in zip(all, ages) {
                guard let age else { continue }
                // By whole hours, so that no bucket is summed up again each time.
                let end = RollupLevel.hour.start(of: now.saturatingAdd(-age)).saturatingAdd(-1)
                probe.bind(series.id, at: 1)
                probe.bind(end, at: 2)
                if try probe.step() { cuts[end, default: []].append(series.id) }
                probe.reset()
            }
            return (false, cuts)
        }
    }

    private static func isOver(_ file: PartitionFile, _ rules: RetentionRules, now: Int64) throws -> Bool {
        let reader = PartitionReader(file)
        let all = try reader.snapshot { try reader.matching([], type: nil, $0) }
        return isOver(file, all.map { rules.age(of: $0.labels[LabelName.profileType]) }, now: now)
    }

    /// Whether a file has series and all of them are too old, by the age that applies to each.
    private static func isOver(_ file: PartitionFile, _ ages: [Int64?], now: Int64) -> Bool {
        !ages.isEmpty && ages.allSatisfy { isOver(file.interval.end, $0, now) }
    }

    private func drop(
        _ file: PartitionFile, _ reason: StoreEvent.Reason,
        ifStill isStillMeant: (PartitionFile) throws -> Bool = { _ in true }
    ) async throws {
        guard let bytes = try await lanes.drop(file, ifStill: isStillMeant) else { return }
        report(.dropped(tenant: file.tenant, day: file.day, bytes: bytes, reason: reason))
    }
}
