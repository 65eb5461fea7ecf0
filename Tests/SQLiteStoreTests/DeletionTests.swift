import MemoryStore
import Model
import Selectors
import Store
import Synchronization
import Testing

@testable import SQLiteStore

private let second: Int64 = 1_000_000_000
private let day: Int64 = 86_400 * second

/// The bytes of a day's file with its log.
private func bytes(_ directory: String, _ day: Int64) -> Int {
    FileSize.of("\(directory)/tenants/anonymous/\(day).db").total
}

extension LongTests {
    @Suite struct DeletionTests {
        @Test(arguments: [1, 2, 3, 4] as [UInt64])
        func `after any deletions and rollups, answers are those of the profiles that are left`(_ seed: UInt64)
            async throws
        {
            try await withDirectory { directory in
                var random = Xorshift(state: seed &* 0x9e37_79b9_7f4a_7c15)
                let store = try SQLiteStore(directory: directory, rollups: atOnce)
                let model = MemoryStore()
                var index = 0
                for round in 0..<8 {
                    var batch: [NewProfile] = []
                    for _ in 0..<(round == 0 ? 900 : 40) {
                        batch.append(profile(index, at: Int64.random(in: 0..<2 * day, using: &random), &random))
                        index += 1
                    }
                    try await store.append(batch, for: .anonymous)
                    try await model.append(batch, for: .anonymous)
                    if round % 2 == 0 { try await store.rollUp(now: .max, policy: atOnce) }
                    let bounds = [
                        Int64.random(in: 0..<2 * day, using: &random), .random(in: 0..<2 * day, using: &random),
                    ]
                    .sorted()
                    let pod = Int.random(in: 0..<4, using: &random)
                    let deletion = Deletion(
                        tenant: .anonymous,
                        matchers: pod == 3 ? [] : [LabelMatcher("pod", equals: Text("pod-\(pod)"))],
                        // Seldom more than a few hours, so that something is left.
                        start: bounds[0], end: min(bounds[1], bounds[0] + day / 4))
                    let dry = try await store.delete(deletion, dryRun: true)
                    let done = try await store.delete(deletion, dryRun: false)
                    #expect(dry == done)
                    let expected = try await model.delete(deletion, dryRun: false)
                    #expect(done.series == expected.series && done.profiles == expected.profiles)
                    if round % 3 == 2 { try await store.rollUp(now: .max, policy: atOnce) }
                    for _ in 0..<8 {
                        let times = (0..<2).map { _ in
                            let time = Int64.random(in: 0..<2 * day, using: &random)
                            let level = RollupLevel.allCases.randomElement(using: &random) ?? .day
                            return level.start(of: time) / 1_000_000
                        }.sorted()
                        let range = TimeRange(start: times[0], end: times[1])
                        let (found, wanted) = (try await sums(store, range), try await sums(model, range))
                        #expect(found == wanted)
                        let (lines, wantedLines) = (try await points(store, range), try await points(model, range))
                        #expect(lines == wantedLines)
                    }
                }
                await store.close()
                var problems: [String] = []
                let summary = try DirectoryCheck(directory: directory).run { problems.append($0) }
                #expect(problems == [] && summary.rollups > 50)
            }
        }

        @Test func `the space of deleted profiles goes back to the file system`() async throws {
            try await withDirectory { directory in
                var random = Xorshift(state: 3)
                let store = try SQLiteStore(directory: directory, rollups: atOnce)
                for start in stride(from: 0, to: 6000, by: 500) {
                    try await store.append(
                        (start..<start + 500).map { profile($0, at: Int64($0) * second, &random) }, for: .anonymous)
                }
                let before = bytes(directory, 0)
                let deletion = Deletion(
                    tenant: .anonymous, matchers: [LabelMatcher("pod", equals: "pod-1")], start: .min, end: .max)
                let counts = try await store.delete(deletion, dryRun: false)
                #expect(counts.profiles == 2000)
                #expect(bytes(directory, 0) < before - counts.bytes)
                #expect(store.catalogue.use.size.total == bytes(directory, 0))
                await store.close()
            }
        }

        @Test func `a day that is deleted as a whole is unlinked, and its next profile begins a new file`() async throws
        {
            try await withDirectory { directory in
                let store = try SQLiteStore(directory: directory, rollups: atOnce)
                for index in 0..<2 {
                    try await store.append(
                        [sampleProfile(["a"], value: 1, at: Int64(index) * day + 5, id: UInt64(index))], for: .anonymous
                    )
                }
                let deletion = Deletion(tenant: .anonymous, matchers: [], start: 0, end: day - 1)
                #expect(try await store.delete(deletion, dryRun: false).profiles == 1)
                #expect(bytes(directory, 0) == 0 && bytes(directory, 1) > 0)
                try await store.append([sampleProfile(["b"], value: 4, at: 7, id: 9)], for: .anonymous)
                let range = TimeRange(start: 0, end: 1000)
                #expect(try await sums(store, range) == ["b;": 4])
                await store.close()
            }
        }

        @Test func `a file goes only when those who read it have ended, and appends to its day wait for that`()
            async throws
        {
            try await withDirectory { directory in
                let store = try SQLiteStore(directory: directory, rollups: atOnce)
                try await store.append([sampleProfile(["a"], value: 1, at: 5, id: 1)], for: .anonymous)
                var lease: FileLease? = store.catalogue.lease(of: [.anonymous], in: .all)
                let file = try #require(lease?.files.first)
                let dropping = Task { try await store.lanes.drop(file) }
                while !file.use.isLeaving { await Task.yield() }
                // New questions do not see it any more, the reader that was there still does.
                #expect(try await store.profilePoints(for: Selection(tenants: [.anonymous], range: .all)).times == [])
                #expect(try PartitionReader(file).span() == ProfileSpan(oldest: 5, newest: 5))
                let appending = Task {
                    try await store.append([sampleProfile(["b"], value: 2, at: 6, id: 2)], for: .anonymous)
                }
                #expect(bytes(directory, 0) > 0)
                withExtendedLifetime(lease) {}
                lease = nil
                #expect(try await dropping.value ?? 0 > 0)
                try await appending.value
                #expect(try await store.profilePoints(for: Selection(tenants: [.anonymous], range: .all)).times == [6])
                await store.close()
            }
        }

        @Test func `a reader's memory of deleted series never passes to new ones`() async throws {
            try await withDirectory { directory in
                let store = try SQLiteStore(directory: directory, rollups: atOnce)
                var random = Xorshift(state: 8)
                try await store.append([profile(0, at: 5, &random), profile(1, at: 5, &random)], for: .anonymous)
                let selection = Selection(tenants: [.anonymous], range: .all)
                _ = try await store.stackTotals(for: selection)
                let last = Deletion(
                    tenant: .anonymous, matchers: [LabelMatcher("pod", equals: "pod-1")], start: .min, end: .max)
                _ = try await store.delete(last, dryRun: false)
                try await store.append([profile(2, at: 5, &random)], for: .anonymous)
                let pods = try await store.profilePoints(for: selection).series.map { $0["pod"] }
                #expect(pods.sorted() == ["pod-0", "pod-2"])
                // An older snapshot still has the series, which must not come back into the memory that all share.
                let file = try #require(store.catalogue.files(of: nil, in: .all).first)
                try PartitionReader(file).snapshot { connection in
                    _ = try connection.number("SELECT count(*) FROM series")
                    try Connection(file.path, .write).execute("DELETE FROM profiles WHERE series = 3")
                    file.cache.withLock { $0.remove(series: [3], services: []) }
                    file.dropCache()
                    let found = try PartitionReader(file).matching([], type: nil, connection).map { $0.labels["pod"] }
                    #expect(found == ["pod-0"])
                }
                let ids = try Connection("\(directory)/tenants/anonymous/0.db", .read).number(
                    "SELECT max(id) FROM series")
                #expect(ids == 3)
                await store.close()
            }
        }

        @Test func `a log whose database is gone is removed at the start, and so is half a compacted copy`()
            async throws
        {
            try await withDirectory { directory in
                var store = try SQLiteStore(directory: directory, rollups: atOnce)
                try await store.append([sampleProfile(["a"], value: 1, at: 5, id: 1)], for: .anonymous)
                await store.close()
                let folder = "\(directory)/tenants/anonymous"
                try FreshDirectory.copy(folder + "/0.db", to: folder + "/7.db-wal")
                try FreshDirectory.copy(folder + "/0.db", to: folder + "/0.db.compact")
                store = try SQLiteStore(directory: directory, rollups: atOnce)
                #expect(FileSize.of(folder + "/7.db").total == 0)
                #expect(FileSize.of(folder + "/0.db.compact").total == 0)
                #expect(FileSize.of(folder + "/0.db").total > 0)
                await store.close()
            }
        }
    }
}
