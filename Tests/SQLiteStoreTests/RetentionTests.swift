import Glibc
import Model
import Store
import Synchronization
import Testing

@testable import SQLiteStore

private let hour: Int64 = 3_600_000_000_000
private let day = 24 * hour
private let memory: Text = "memory:inuse_space:bytes:space:bytes"
private let cpu: Text = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"

/// What a store reported.
private final class Events: Sendable {
    private let all = Mutex<[StoreEvent]>([])

    func take(_ event: StoreEvent) { all.withLock { $0.append(event) } }

    /// The days that were dropped, as `tenant/day reason`.
    var dropped: [String] {
        all.withLock { $0 }.compactMap { event in
            guard case .dropped(let tenant, let day, let bytes, let reason) = event, bytes > 0 else { return nil }
            return "\(tenant)/\(day) \(reason.rawValue)"
        }
    }

    var holds: Int {
        all.withLock { $0 }.count { event in
            if case .clockHeld = event { return true } else { return false }
        }
    }

    var isFull: Bool? {
        all.withLock { $0 }.compactMap { event -> Bool? in
            switch event {
            case .full: true
            case .roomAgain: false
            default: nil
            }
        }.last
    }
}

private func typed(_ type: Text, at time: Int64, id: UInt64) -> NewProfile {
    var profile = sampleProfile(["main", Text("f\(id % 7)")], value: 1, at: time, id: id)
    profile.series = LabelSet([Label(LabelName.serviceName, "api"), Label(LabelName.profileType, type)])
    return profile
}

/// Runs one round of retention at a time, with clocks that agree.
private func expire(_ store: SQLiteStore, at now: Int64, _ rules: @escaping @Sendable (Tenant) -> RetentionRules) async
{
    let reading = TrustedClock.Reading(wall: now, running: now)
    var clock = TrustedClock(nil, now: reading, patience: day)
    await store.retain(by: rules, &clock, reading)
}

private func times(_ store: SQLiteStore, _ tenant: Tenant = .anonymous, type: Text? = nil) async throws -> [Int64] {
    let profileType = try type.map { try ProfileType(parsing: $0) }
    return try await store.profilePoints(for: Selection(tenants: [tenant], profileType: profileType, range: .all)).times
}

extension LongTests {
    @Suite struct RetentionTests {
        @Test func `a day is dropped once all of it is older than its tenant's retention`() async throws {
            try await withDirectory { directory in
                let events = Events()
                let store = try SQLiteStore(directory: directory, rollups: atOnce, report: events.take)
                let other = Tenant("b")
                for tenant in [Tenant.anonymous, other] {
                    for number in 100..<103 as Range<Int64> {
                        try await store.append(
                            [typed(cpu, at: number * day + 5, id: UInt64(number))], for: tenant)
                    }
                }
                let rules: @Sendable (Tenant) -> RetentionRules = { RetentionRules(age: $0 == other ? 0 : 14 * day) }
                await expire(store, at: 115 * day - 1, rules)
                #expect(events.dropped == [])
                await expire(store, at: 115 * day, rules)
                #expect(events.dropped == ["anonymous/100 age"])
                #expect(access("\(directory)/tenants/anonymous/100.db", F_OK) != 0)
                await expire(store, at: 400 * day, rules)
                #expect(try await times(store) == [])
                #expect(try await times(store, other).count == 3)
                await store.close()
            }
        }

        @Test func `a type with a shorter time leaves hour by hour, and the others stay`() async throws {
            try await withDirectory { directory in
                let store = try SQLiteStore(directory: directory, rollups: atOnce)
                for index in 0..<48 as Range<Int64> {
                    let time = 100 * day + index * hour / 2
                    try await store.append(
                        [
                            typed(cpu, at: time, id: UInt64(2 * index)),
                            typed(memory, at: time, id: UInt64(2 * index + 1)),
                        ],
                        for: .anonymous)
                }
                try await store.rollUp(now: .max, policy: atOnce)
                let rules: @Sendable (Tenant) -> RetentionRules = { _ in
                    RetentionRules(age: 14 * day, types: [RetentionRules.TypeRule(type: "memory", age: day)])
                }
                await expire(store, at: 101 * day + 6 * hour + 59, rules)
                #expect(try await times(store, type: memory).first == 100 * day + 6 * hour)
                #expect(try await times(store, type: cpu).count == 48)
                await expire(store, at: 103 * day, rules)
                #expect(try await times(store, type: memory) == [])
                let types = try await store.labelValues(
                    of: LabelName.profileType, in: .all, matching: [], tenants: [.anonymous])
                #expect(types == [cpu])
                #expect(try await times(store, type: cpu).count == 48)
                await store.close()
                #expect(try DirectoryCheck(directory: directory).run { _ in }.problems == 0)
            }
        }

        @Test
        func `a day goes as a whole when the times of all its types have passed, though some type is kept forever`()
            async throws
        {
            try await withDirectory { directory in
                let events = Events()
                let store = try SQLiteStore(directory: directory, rollups: atOnce, report: events.take)
                try await store.append([typed(memory, at: 100 * day, id: 1)], for: .anonymous)
                try await store.append(
                    [typed(memory, at: 101 * day, id: 2), typed(cpu, at: 101 * day, id: 3)], for: .anonymous)
                await expire(store, at: 110 * day) { _ in
                    RetentionRules(
                        age: 0, types: [RetentionRules.TypeRule(type: memory, age: day)])
                }
                #expect(events.dropped == ["anonymous/100 type"])
                #expect(try await times(store) == [101 * day])
                await store.close()
            }
        }

        @Test func `nothing is deleted because the wall clock jumped`() async throws {
            try await withDirectory { directory in
                let events = Events()
                let store = try SQLiteStore(directory: directory, rollups: atOnce, report: events.take)
                try await store.append([typed(cpu, at: 100 * day, id: 1)], for: .anonymous)
                let rules: @Sendable (Tenant) -> RetentionRules = { _ in RetentionRules(age: 14 * day) }
                var clock = TrustedClock(nil, now: .init(wall: 101 * day, running: 0), patience: day)
                await store.retain(by: rules, &clock, .init(wall: 101 * day + hour, running: hour))
                for step in 2...20 as ClosedRange<Int64> {
                    await store.retain(by: rules, &clock, .init(wall: 500 * day + step * hour, running: step * hour))
                }
                #expect(events.holds == 1 && events.dropped == [] && store.isClockInDoubt)
                #expect(try await times(store) == [100 * day])
                // It was corrected, and later the time has really come.
                await store.retain(by: rules, &clock, .init(wall: 102 * day, running: day))
                #expect(events.dropped == [] && !store.isClockInDoubt)
                for number in 103...115 as ClosedRange<Int64> {
                    await store.retain(by: rules, &clock, .init(wall: number * day, running: (number - 101) * day))
                }
                #expect(events.dropped == ["anonymous/100 age"])
                await store.close()
            }
        }

        @Test func `what a directory knows of the clock outlives the program`() async throws {
            try await withDirectory { directory in
                let store = try SQLiteStore(directory: directory, rollups: atOnce)
                let file = ClockFile(directory: directory)
                #expect(file.read([]) == nil)
                try await store.append([typed(cpu, at: 100 * day, id: 1)], for: .anonymous)
                // Without a memory, a file's last change tells that this time has been.
                let found = try #require(file.read(store.catalogue.files(of: nil, in: .all)))
                #expect(abs(found.wall - WallClock.nanoseconds) < hour && found.distance == 0)
                let memory = TrustedClock.Memory(wall: 12, distance: -3, steady: 4)
                file.write(memory)
                #expect(file.read([]) == memory)
                await store.close()
            }
        }

        @Test func `rules name a type by its name or by its five parts, which go first`() {
            let rules = RetentionRules(
                age: 14,
                types: [.init(type: "memory", age: 3), .init(type: memory, age: 2), .init(type: "mutex", age: 0)])
            #expect(rules.age(of: memory) == 2)
            #expect(rules.age(of: "memory:alloc_space:bytes:space:bytes") == 3)
            #expect(rules.age(of: "mutex:delay:nanoseconds:mutex:count") == nil)
            #expect(rules.age(of: cpu) == 14)
            #expect(rules.longest == nil && rules.shortest == 2)
            #expect(RetentionRules(age: 5, types: [.init(type: "a", age: 9)]).longest == 9)
            #expect(RetentionRules().longest == nil && RetentionRules().shortest == nil)
        }

        @Test func `a file that was set aside goes when its day would have gone`() async throws {
            try await withDirectory { directory in
                var store = try SQLiteStore(directory: directory, rollups: atOnce)
                try await store.append([typed(cpu, at: 100 * day, id: 1)], for: .anonymous)
                await store.close()
                let damaged = "\(directory)/tenants/anonymous/100.db.damaged"
                #expect(rename("\(directory)/tenants/anonymous/100.db", damaged) == 0)
                let events = Events()
                store = try SQLiteStore(directory: directory, rollups: atOnce, report: events.take)
                #expect(store.damaged.count == 1)
                await expire(store, at: 115 * day - 1) { _ in RetentionRules(age: 14 * day) }
                #expect(store.damaged.count == 1 && FileSize.of(damaged).total > 0)
                await expire(store, at: 115 * day) { _ in RetentionRules(age: 14 * day) }
                #expect(store.damaged.isEmpty && FileSize.of(damaged).total == 0)
                #expect(events.dropped == ["anonymous/100 age"])
                await store.close()
            }
        }

        @Test func `a file that is copied by somebody stays until that is over`() async throws {
            try await withDirectory { directory in
                let store = try SQLiteStore(directory: directory, rollups: atOnce)
                try await store.append([typed(cpu, at: 100 * day, id: 1)], for: .anonymous)
                var visit: DirectoryVisit? = try DirectoryVisit(directory)
                #expect(visit?.isAlone == false)
                await expire(store, at: 300 * day) { _ in RetentionRules(age: day) }
                #expect(try await times(store).count == 1)
                visit = nil
                await expire(store, at: 300 * day) { _ in RetentionRules(age: day) }
                #expect(try await times(store) == [])
                await store.close()
            }
        }
    }
}

extension LongTests {
    @Suite struct DiskBoundTests {
        /// A profile of many names, so that a day takes some space.
        private func large(_ time: Int64, id: UInt64, frames: Int = 500) -> NewProfile {
            sampleProfile((0..<frames).map { Text("frame \($0) of \(id)") }, value: 1, at: time, id: id)
        }

        @Test func `the oldest days of all tenants go until the rest fits`() async throws {
            try await withDirectory { directory in
                var size = 0
                do {
                    let store = try SQLiteStore(directory: directory, rollups: atOnce)
                    for number in 100..<104 as Range<Int64> {
                        let tenant = Tenant(number % 2 == 0 ? "a" : "b")
                        // Some megabytes, beside which it is little what an open log takes.
                        try await store.append([large(number * day, id: UInt64(number), frames: 30_000)], for: tenant)
                    }
                    await store.close()
                    size = try DirectoryCheck(directory: directory).run { _ in }.bytes
                }
                let events = Events()
                let store = try SQLiteStore(
                    directory: directory, rollups: atOnce, maxDisk: size * 5 / 8, report: events.take)
                await expire(store, at: 104 * day) { _ in RetentionRules() }
                #expect(events.dropped == ["a/100 max_disk", "b/101 max_disk"])
                #expect(store.catalogue.use.size.total <= size * 5 / 8)
                #expect(events.isFull == nil)
                await store.close()
            }
        }

        @Test func `what was set aside takes room too, and goes like a day of its time`() async throws {
            try await withDirectory { directory in
                let events = Events()
                let store = try SQLiteStore(
                    directory: directory, rollups: atOnce, maxDisk: 3_000_000, report: events.take)
                for number in 100..<103 as Range<Int64> {
                    try await store.append([large(number * day, id: UInt64(number), frames: 30_000)], for: .anonymous)
                }
                let files = store.catalogue.files(of: nil, in: .all)
                try await store.lanes.setAside(PartitionDamage(file: files[0], reason: "a test"))
                for file in files { store.catalogue.measure(file) }
                let kept = files.dropFirst().reduce(0) { $0 + FileSize.of($1.path).total }
                let aside = FileSize.of(files[0].path + ".damaged").total
                #expect(aside > 1_000_000 && store.catalogue.use.size.total == kept + aside)
                #expect(kept + aside > 3_000_000)
                await store.bound.makeRoom()
                #expect(store.damaged.isEmpty && events.dropped.first == "anonymous/100 max_disk")
                #expect(FileSize.of(files[0].path + ".damaged").total == 0)
                await store.close()
            }
        }

        @Test func `where only the newest day is left appends are refused by the setting's name, until there is room`()
            async throws
        {
            try await withDirectory { directory in
                let events = Events()
                let store = try SQLiteStore(
                    directory: directory, rollups: atOnce, maxDisk: 300_000, report: events.take)
                var refused: (any Error)?
                var accepted: UInt64 = 0
                for index in 0..<400 where refused == nil {
                    do {
                        try await store.append([large(100 * day, id: UInt64(index))], for: .anonymous)
                        accepted += 1
                    } catch {
                        refused = error
                    }
                }
                let error = try #require(refused as? StoreError)
                #expect(error.code == .full && error.message.contains("max-disk") && accepted > 0)
                #expect(events.isFull == true && events.dropped == [])
                #expect(
                    try await store.profilePoints(for: Selection(tenants: [.anonymous], range: .all)).times.count
                        == Int(accepted))
                let all = Deletion(tenant: .anonymous, matchers: [], start: .min, end: .max)
                _ = try await store.delete(all, dryRun: false)
                try await store.append([large(100 * day, id: 1000)], for: .anonymous)
                await store.bound.makeRoom()
                #expect(events.isFull == false)
                await store.close()
            }
        }
    }
}
