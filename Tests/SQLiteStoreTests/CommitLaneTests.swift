import Model
import Store
import Synchronization
import Testing

@testable import SQLiteStore

private let everything = Selection(tenants: [.anonymous], range: .all)

private final class Flag: Sendable {
    private let state = Atomic(false)

    var isSet: Bool { state.load(ordering: .relaxed) }

    func set() { state.store(true, ordering: .relaxed) }
}

extension LongTests {
    @Suite struct CommitLaneTests {
        @Test func `work that waits has its turn while appends never cease`() async throws {
            try await withDirectory { directory in
                let store = try SQLiteStore(directory: directory)
                try await store.append([sampleProfile(["a"], value: 1, at: 1, id: 1)], for: .anonymous)
                let lane = try #require(store.lanes.all.first)
                let isOver = Flag()
                let appended = try await withThrowingTaskGroup(of: Int.self) { group in
                    for writer in 0..<4 {
                        group.addTask {
                            var count = 0
                            while !isOver.isSet, count < 5000 {
                                count += 1
                                let id = UInt64(writer * 10_000 + count)
                                try await store.append(
                                    [sampleProfile(["a"], value: 1, at: Int64(id), id: id)], for: .anonymous)
                            }
                            return count
                        }
                    }
                    for _ in 0..<5 { _ = try await lane.perform("asking") { _ in true } }
                    isOver.set()
                    return try await group.reduce(0, +)
                }
                #expect(appended < 4 * 5000)
                await store.close()
            }
        }

        @Test func `the log is moved into the database once it is long, and begins anew`() async throws {
            try await withDirectory { directory in
                let store = try SQLiteStore(directory: directory)
                var id: UInt64 = 0
                // Names of a few hundred bytes each, so that megabytes come together soon.
                let padding = String(repeating: "x", count: 400)
                func appendSome() async throws {
                    let first = id
                    id += 500
                    try await store.append(
                        (first..<id).map {
                            sampleProfile([Text("\(padding)\($0)")], value: 1, at: Int64($0), id: $0)
                        }, for: .anonymous)
                }
                try await appendSome()
                let file = try #require(store.catalogue.files(of: nil, in: .all).first)
                let small = FileSize.of(file.path).database
                var rounds = 0
                while FileSize.of(file.path).database < small + (4 << 20), rounds < 300 {
                    try await appendSome()
                    rounds += 1
                }
                #expect(rounds < 300)
                let log = FileSize.of(file.path).log
                for _ in 0..<20 { try await appendSome() }
                #expect(FileSize.of(file.path).log < log + (8 << 20))
                #expect(try await store.stackTotals(for: everything).first?.totals.reduce(0, +) == Int64(id))
                await store.close()
            }
        }

        @Test func `a profile that comes twice is stored once, in one append, in two and after opening again`()
            async throws
        {
            try await withDirectory { directory in
                var store = try SQLiteStore(directory: directory)
                let old = sampleProfile(["a"], value: 1, at: 5, id: 1)
                let new = sampleProfile(["a"], value: 1, at: 9, id: 2)
                try await store.append([new, old, new, old], for: .anonymous)
                try await store.append([old, new], for: .anonymous)
                await store.close()
                store = try SQLiteStore(directory: directory)
                try await store.append([new], for: .anonymous)
                try await store.append([old, sampleProfile(["a"], value: 1, at: 9, id: 3)], for: .anonymous)
                #expect(try await store.profilePoints(for: everything).times == [5, 9, 9])
                await store.close()
            }
        }

        @Test func `the lane of a day that began anew is not given to who knew its old file`() async throws {
            try await withDirectory { directory in
                let store = try SQLiteStore(directory: directory)
                try await store.append([sampleProfile(["a"], value: 1, at: 1, id: 1)], for: .anonymous)
                let old = try #require(store.catalogue.files(of: nil, in: .all).first)
                #expect(try await store.lanes.drop(old) != nil)
                try await store.append([sampleProfile(["b"], value: 1, at: 1, id: 2)], for: .anonymous)
                #expect(throws: FileIsBusy.self) { try store.lanes.lane(of: old) }
                await store.close()
            }
        }

        @Test func `a file that is no longer meant when nobody writes it any more stays and is served`() async throws {
            try await withDirectory { directory in
                let store = try SQLiteStore(directory: directory)
                try await store.append([sampleProfile(["a"], value: 1, at: 1, id: 1)], for: .anonymous)
                let file = try #require(store.catalogue.files(of: nil, in: .all).first)
                #expect(try await store.lanes.drop(file, ifStill: { _ in false }) == nil)
                try await store.append([sampleProfile(["a"], value: 1, at: 2, id: 2)], for: .anonymous)
                #expect(try await store.profilePoints(for: everything).times == [1, 2])
                #expect(store.catalogue.use.size.total == FileSize.of(file.path).total)
                await store.close()
            }
        }

        @Test func `the store says what its commits took`() async throws {
            try await withDirectory { directory in
                let store = try SQLiteStore(directory: directory)
                #expect(store.writeSteps == WriteSteps())
                try await store.append([sampleProfile(["a"], value: 1, at: 1, id: 1)], for: .anonymous)
                let steps = store.writeSteps
                #expect(steps.intern > 0 && steps.encode > 0 && steps.commit > 0)
                await store.close()
            }
        }
    }
}
