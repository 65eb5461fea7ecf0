import Model
import Store

extension StoreBehaviour {
    static let samples: [StoreBehaviour] = [
        StoreBehaviour("what was stored comes back") { store in
            try await store.append(
                [checkProfile([CheckSample(stack: "a;b", value: 3), CheckSample(stack: "a", value: 1)], at: 5, id: 1)],
                for: .anonymous)
            try expect(try await stacks(store, everything()), ["a;b": 3, "a": 1], "stacks")
        },
        StoreBehaviour("equal stacks of several profiles, series and services are summed") { store in
            for index in 0..<6 {
                try await store.append(
                    [
                        checkProfile(
                            [
                                CheckSample(stack: "main;work", value: 2),
                                CheckSample(stack: "main;f\(index)", value: 1),
                            ],
                            at: Int64(index), id: UInt64(index), labels: [Label("pod", Text("\(index % 2)"))],
                            service: Text("s\(index % 3)"))
                    ], for: .anonymous)
            }
            let found = try await stacks(store, everything())
            try expect(found["main;work"], 12, "shared stack")
            try expect(found.count, 7, "distinct stacks")
        },
        StoreBehaviour("profiles of many days are read as one") { store in
            let day: Int64 = 86_400_000
            for index in 0..<5 {
                try await store.append(
                    [checkProfile([CheckSample(stack: "a", value: 1)], at: Int64(index) * day + 7, id: UInt64(index))],
                    for: .anonymous)
            }
            try expect(try await stacks(store, everything()), ["a": 5], "five days")
            try expect(
                try await stacks(store, everything(from: day, to: 2 * day + 7)), ["a": 2], "the second and third day")
            let points = try await store.profilePoints(for: everything())
            try expect(points.times.count, 5, "points")
            try expect(points.times, points.times.sorted(), "points in order of time")
        },
        StoreBehaviour("one batch may reach over days and series") { store in
            let day: Int64 = 86_400_000
            try await store.append(
                (0..<4).map {
                    checkProfile(
                        [CheckSample(stack: "a", value: 1)], at: Int64($0) * day, id: UInt64($0),
                        labels: [Label("n", Text("\($0)"))])
                }, for: .anonymous)
            try expect(try await stacks(store, everything()), ["a": 4], "sum")
        },
        StoreBehaviour("places that differ in their line alone stay apart") { store in
            try await store.append(
                [
                    checkProfile([CheckSample(stack: "a:1;b:2", value: 1)], at: 1, id: 1),
                    checkProfile([CheckSample(stack: "a:1;b:3", value: 2)], at: 2, id: 2),
                ], for: .anonymous)
            try expect(try await stacks(store, everything()), ["a:1;b:2": 1, "a:1;b:3": 2], "stacks")
        },
        StoreBehaviour("names that are canonically equal stay apart") { store in
            try await store.append(
                [
                    checkProfile([CheckSample(stack: "caf\u{e9}", value: 1)], at: 1, id: 1),
                    checkProfile([CheckSample(stack: "cafe\u{301}", value: 2)], at: 2, id: 2),
                ], for: .anonymous)
            let totals = try await store.stackTotals(for: everything()).flatMap(\.totals).sorted()
            try expect(totals, [1, 2], "totals")
        },
        StoreBehaviour("sums saturate") { store in
            for index in 0..<3 {
                try await store.append(
                    [checkProfile([CheckSample(stack: "a", value: .max - 1)], at: Int64(index), id: UInt64(index))],
                    for: .anonymous)
            }
            try expect(try await stacks(store, everything()), ["a": .max], "sum")
        },
        StoreBehaviour("a stack of 20 000 frames and 15 000 siblings are kept") { store in
            let deep = (0..<20_000).map { "f\($0 % 13)" }.joined(separator: ";")
            let wide = (0..<15_000).map { CheckSample(stack: "root;c\($0)", value: 1) }
            try await store.append(
                [
                    checkProfile([CheckSample(stack: deep, value: 5)], at: 1, id: 1), checkProfile(wide, at: 2, id: 2),
                ], for: .anonymous)
            let found = try await stacks(store, everything())
            try expect(found[deep], 5, "deep")
            try expect(found.count, 15_001, "wide")
        },
        StoreBehaviour("samples without a stack count in totals") { store in
            try await store.append(
                [checkProfile([CheckSample(stack: "", value: 4), CheckSample(stack: "a", value: 1)], at: 1, id: 1)],
                for: .anonymous)
            try expect(try await store.profilePoints(for: everything()).totals, [5], "total")
        },
        StoreBehaviour("a profile that is stored again is there once") { store in
            let profile = checkProfile([CheckSample(stack: "a", value: 1)], at: 1, id: 9)
            try await store.append([profile], for: .anonymous)
            try await store.append([profile], for: .anonymous)
            try expect(try await stacks(store, everything()), ["a": 1], "sum")
        },
        StoreBehaviour("appends at the same time are all stored, and readers see whole profiles") { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        for index in 0..<20 {
                            try await store.append(
                                [
                                    checkProfile(
                                        [
                                            CheckSample(stack: "a;w\(writer)", value: 1),
                                            CheckSample(stack: "b", value: 1),
                                        ], at: Int64(index), id: UInt64(writer * 100 + index),
                                        labels: [Label("w", Text("\(writer)"))])
                                ], for: .anonymous)
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<20 {
                        let found = try await stacks(store, everything())
                        let total = found.values.reduce(0, +)
                        try expect(total, 2 * (found["b"] ?? 0), "whole profiles")
                    }
                }
                try await group.waitForAll()
            }
            try expect(try await stacks(store, everything())["b"], 80, "all appends")
        },
    ]
}
