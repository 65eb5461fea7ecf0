import MemoryStore
import Model
import Store
import Testing

@testable import SQLiteStore

/// A generator whose numbers are the same in each run (xorshift64).
struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

private let second: Int64 = 1_000_000_000
private let day: Int64 = 86_400 * second

/// Everything is over, and nobody writes.
let atOnce: RollupPolicy = {
    var policy = RollupPolicy()
    policy.quiet = .zero
    policy.interval = .seconds(3600)
    return policy
}()

/// A profile of a few of the stacks below `main`, in one of three series.
func profile(_ index: Int, at time: Int64, _ random: inout Xorshift, scale: Int64 = 1) -> NewProfile {
    var interner = SymbolInterner()
    var samples = SampleColumns()
    for frame in 0..<40 where Int.random(in: 0..<4, using: &random) == 0 {
        let names = ["main", "f\(frame % 7)", "g\(frame)"].map { interner.intern(Text($0)) }
        let leaf = names.reduce(UInt32(0)) { parent, name in
            interner.child(
                of: parent, at: interner.internLocation(lines: [Line(function: interner.intern(Function(name: name)))]))
        }
        samples.stacks.append(leaf)
        samples.values.append(Int64.random(in: 1...300, using: &random) * scale)
    }
    if samples.stacks.isEmpty { samples = SampleColumns(stacks: [0], values: [scale]) }
    let order = samples.stacks.indices.sorted { samples.stacks[$0] < samples.stacks[$1] }
    samples.stacks = order.map { samples.stacks[$0] }
    samples.values = order.map { samples.values[$0] }
    let pod = Text("pod-\(index % 3)")
    return NewProfile(
        id: ProfileID(high: 7, low: UInt64(index)),
        series: LabelSet([Label(LabelName.serviceName, index % 3 == 2 ? "b" : "a"), Label("pod", pod)]), time: time,
        symbols: interner.table, samples: samples)
}

/// Sums by the names of a stack.
func sums(_ store: any ProfileStore, _ range: TimeRange) async throws -> [String: Int64] {
    var result: [String: Int64] = [:]
    let selection = Selection(tenants: [.anonymous], range: range)
    for partition in try await store.stackTotals(for: selection) {
        #expect(partition.symbols.isConsistent)
        for (stack, total) in zip(partition.stacks, partition.totals) {
            var path = ""
            var node = Int(stack)
            while node != 0 {
                let location = partition.symbols.locations[Int(partition.symbols.stacks.locations[node])]
                for line in partition.symbols.lines[location.lineRange] {
                    path =
                        partition.symbols.strings[partition.symbols.functions[Int(line.function)].name].string + ";"
                        + path
                }
                node = Int(partition.symbols.stacks.parents[node])
            }
            result[path] = (result[path] ?? 0).saturatingAdd(total)
        }
    }
    return result
}

/// Times with totals by series, in order.
func points(_ store: any ProfileStore, _ range: TimeRange) async throws -> [LabelSet: [[Int64]]] {
    var result: [LabelSet: [[Int64]]] = [:]
    for line in try await store.timelines(for: Selection(tenants: [.anonymous], range: range)) {
        for (time, total) in zip(line.times, line.totals) { result[line.series, default: []].append([time, total]) }
    }
    for (series, rows) in result {
        #expect(zip(rows, rows.dropFirst()).allSatisfy { $0[0] <= $1[0] })
        // Profiles of one time have no order.
        result[series] = rows.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) }
    }
    return result
}

private func rollups(_ directory: String) throws -> Int64 {
    try (0..<3).reduce(0) { count, day in
        let connection = try Connection("\(directory)/tenants/anonymous/\(day).db", .read)
        return count + (try connection.number("SELECT count(*) FROM rollups WHERE sums IS NOT NULL") ?? 0)
    }
}

@Suite struct RollupTests {
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `answers are those of the profiles themselves, whenever they arrive and whatever has been rolled up`(
        _ seed: UInt64
    ) async throws {
        try await withDirectory { directory in
            var random = Xorshift(state: seed &* 0x9e37_79b9_7f4a_7c15)
            let store = try SQLiteStore(directory: directory, rollups: atOnce)
            let model = MemoryStore()
            var index = 0
            for round in 0..<6 {
                // The first round fills every hour; later ones come late and in any order.
                let count = round == 0 ? 900 : Int.random(in: 1..<60, using: &random)
                var batch: [NewProfile] = []
                for _ in 0..<count {
                    let time = Int64.random(in: 0..<3 * day, using: &random)
                    let aligned = Bool.random(using: &random) ? time : RollupLevel.fiveMinutes.start(of: time)
                    // Some values are so large that sums saturate.
                    let scale: Int64 = Int.random(in: 0..<200, using: &random) == 0 ? 1 << 54 : 10_000_000
                    batch.append(profile(index, at: aligned, &random, scale: scale))
                    index += 1
                }
                for start in stride(from: 0, to: batch.count, by: 50) {
                    let part = Array(batch[start..<min(start + 50, batch.count)])
                    try await store.append(part, for: .anonymous)
                    try await model.append(part, for: .anonymous)
                }
                if round % 2 == 0 { try await store.rollUp(now: .max, policy: atOnce) }
                for _ in 0..<12 {
                    let bounds = (0..<2).map { _ -> Int64 in
                        let time = Int64.random(in: -day..<4 * day, using: &random)
                        let level = RollupLevel.allCases.randomElement(using: &random) ?? .day
                        return Bool.random(using: &random) ? time / 1_000_000 : level.start(of: time) / 1_000_000
                    }.sorted()
                    let range = TimeRange(start: bounds[0], end: bounds[1])
                    let (found, expected) = (try await sums(store, range), try await sums(model, range))
                    #expect(found == expected)
                    let (line, modelLine) = (try await points(store, range), try await points(model, range))
                    #expect(line == modelLine)
                }
            }
            #expect(try rollups(directory) > 100)
            await store.close()
        }
    }

    @Test func `a late profile takes away what does not hold it, and only that`() async throws {
        try await withDirectory { directory in
            var random = Xorshift(state: 99)
            let store = try SQLiteStore(directory: directory, rollups: atOnce)
            for index in 0..<720 {
                try await store.append(
                    [profile(0, at: Int64(index) * 30 * second, &random)].map {
                        var profile = $0
                        profile.id.low = UInt64(index)
                        return profile
                    }, for: .anonymous)
            }
            try await store.rollUp(now: .max, policy: atOnce)
            func counts() throws -> [Int64] {
                let connection = try Connection("\(directory)/tenants/anonymous/0.db", .read)
                return try RollupLevel.allCases.map {
                    try connection.number("SELECT count(*) FROM rollups WHERE level = \($0.rawValue)") ?? 0
                }
            }
            #expect(try counts() == [72, 6, 1])
            var late = profile(0, at: 1000 * second, &random)
            late.id.low = 10_000
            try await store.append([late], for: .anonymous)
            #expect(try counts() == [71, 5, 0])
            try await store.rollUp(now: .max, policy: atOnce)
            #expect(try counts() == [72, 6, 1])
            await store.close()
        }
    }

    @Test func `what an earlier run left stale is rolled up by the next one's background`() async throws {
        try await withDirectory { directory in
            var random = Xorshift(state: 5)
            var store = try SQLiteStore(directory: directory, rollups: atOnce)
            try await store.append((0..<60).map { profile($0, at: Int64($0) * 10 * second, &random) }, for: .anonymous)
            await store.close()
            func count() throws -> Int64 {
                try Connection("\(directory)/tenants/anonymous/0.db", .read).number("SELECT count(*) FROM rollups") ?? 0
            }
            #expect(try count() == 0)
            store = try SQLiteStore(directory: directory)
            let deadline = ContinuousClock.now + .seconds(30)
            while try count() == 0, ContinuousClock.now < deadline { await Task.yield() }
            #expect(try count() > 0)
            await store.close()
        }
    }

    @Test func `times before 1970 fall into the buckets that hold them`() {
        for level in RollupLevel.allCases {
            #expect(level.start(of: -1) == -level.width)
            #expect(level.start(of: -level.width) == -level.width)
            #expect(level.start(of: level.width - 1) == 0)
        }
    }
}
