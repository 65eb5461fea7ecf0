import Model
import Store
import Testing

@testable import SQLiteStore

@Suite struct MemoryTests {
    private let everything = Selection(tenants: [.anonymous], range: .all)

    @Test func `a query that would pass max-memory fails by its name, and the next one is answered`() async throws {
        try await withDirectory { directory in
            let budget = MemoryBudget(limit: 1 << 20)
            let store = try SQLiteStore(directory: directory, budget: budget)
            try await store.append([sampleProfile(["a", "b"], value: 3, at: 1, id: 1)], for: .anonymous)
            try budget.reserve(budget.limit - budget.reserved, for: "a test")
            await #expect {
                _ = try await store.stackTotals(for: everything)
            } throws: { error in
                (error as? StoreError)?.code == .exhausted && "\(error)".contains("max-memory")
            }
            // What needs no merge goes on.
            #expect(try await store.series(in: .all, matching: [], tenants: [.anonymous]).count == 1)
            budget.release(1 << 19)
            #expect(try await store.stackTotals(for: everything).first?.totals == [3])
            await store.close()
        }
    }

    @Test func `what a query reserves is given back, also when it is cancelled`() async throws {
        try await withDirectory { directory in
            let budget = MemoryBudget(limit: 1 << 20)
            let store = try SQLiteStore(directory: directory, budget: budget)
            for day in 0..<5 as Range<Int64> {
                try await store.append(
                    [sampleProfile(["a"], value: 1, at: day * PartitionFile.nanosecondsPerDay, id: UInt64(day))],
                    for: .anonymous)
            }
            for _ in 0..<20 {
                let query = Task { try await store.stackTotals(for: everything) }
                query.cancel()
                do {
                    _ = try await query.value
                } catch is CancellationError {}
            }
            _ = try await store.stackTotals(for: everything)
            await store.close()
            #expect(budget.reserved == 0)
        }
    }

    @Test func `what a query reserved before it failed is given back`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            for day in 0..<6 as Range<Int64> {
                try await store.append(
                    [sampleProfile(["a"], value: 1, at: day * PartitionFile.nanosecondsPerDay, id: UInt64(day))],
                    for: .anonymous)
            }
            // Room for the sums of some days, and not of all: each has two stacks.
            let budget = MemoryBudget(limit: 40)
            let sums = SelectionSums(
                selection: everything, readers: store.catalogue.files(of: nil, in: .all).map { PartitionReader($0) },
                budget: budget)
            #expect(throws: StoreError.self) { try sums.run() }
            #expect(budget.reserved == 0)
            await store.close()
        }
    }

    @Test func `a list of profiles that would pass max-memory fails by its name`() async throws {
        try await withDirectory { directory in
            let budget = MemoryBudget(limit: 1 << 20)
            let store = try SQLiteStore(directory: directory, budget: budget)
            try await store.append([sampleProfile(["a"], value: 3, at: 1, id: 1)], for: .anonymous)
            try budget.reserve(budget.limit - budget.reserved, for: "a test")
            await #expect {
                _ = try await store.profilePoints(for: everything)
            } throws: { "\($0)".contains("max-memory") }
            await store.close()
        }
    }

    @Test func `pages that connections keep count as caches, for readers and for writers`() async throws {
        try await withDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            try await store.append([sampleProfile(["a"], value: 3, at: 1, id: 1)], for: .anonymous)
            _ = try await store.stackTotals(for: everything)
            let file = try #require(store.catalogue.files(of: nil, in: .all).first)
            file.dropCache()
            #expect(file.cached.byteCount >= 8192)
            file.closeIdle()
            #expect(file.cached.byteCount == 0)
            #expect(try await store.lanes.lane(of: file).perform("looking at") { $0.byteCount } >= 8192)
            await store.close()
        }
    }

    @Test func `caches beyond half of the budget are dropped, and their files answer as before`() async throws {
        try await withDirectory { directory in
            var policy = RollupPolicy()
            policy.interval = .milliseconds(20)
            // Smaller than any cache: nothing may stay for long.
            let store = try SQLiteStore(directory: directory, budget: MemoryBudget(limit: 64 << 10), rollups: policy)
            for round in 0..<200 {
                try await store.append(
                    [sampleProfile(["a", Text("f\(round % 100)")], value: 1, at: 1, id: UInt64(round))],
                    for: .anonymous)
                if round % 10 == 9 {
                    let totals = try await store.stackTotals(for: everything)
                    #expect(totals.first?.totals.reduce(0, +) == Int64(round + 1))
                }
            }
            await store.close()
        }
    }
}
