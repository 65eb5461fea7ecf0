import Model
import Selectors
import Store

/// A deletion of the checks' tenant, in milliseconds.
private func deletion(_ selector: Text, from start: Int64, to end: Int64) throws -> Deletion {
    Deletion(
        tenant: .anonymous, matchers: try Selector.parse(selector), start: start * 1_000_000, end: end * 1_000_000)
}

/// Three profiles of each of two pods at 1, 2 and 3 s.
private func fill(_ store: any ProfileStore) async throws {
    for (index, pod) in (["a", "b"] as [Text]).enumerated() {
        for second in 1...3 {
            try await store.append(
                [
                    checkProfile(
                        [CheckSample(stack: "main;\(pod)", value: Int64(second))], at: Int64(second) * 1000,
                        id: UInt64(index * 10 + second), labels: [Label("pod", pod)])
                ], for: .anonymous)
        }
    }
}

extension StoreBehaviour {
    static let deletions: [StoreBehaviour] = [
        StoreBehaviour("what is deleted is gone from every answer, and the rest stays") { store in
            try await fill(store)
            let counts = try await store.delete(deletion("{pod=\"a\"}", from: 2000, to: 3000), dryRun: false)
            try expect(counts.series, 1, "series")
            try expect(counts.profiles, 2, "profiles")
            try expect(counts.bytes > 0, true, "bytes")
            try expect(try await stacks(store, everything()), ["main;a": 1, "main;b": 6], "stacks")
            try expect(try await store.profilePoints(for: everything()).times.count, 4, "points")
            let lines = try await store.timelines(for: everything())
            try expect(lines.flatMap(\.totals).sorted(), [1, 1, 2, 3], "timelines")
            try expect(
                try await store.labelValues(
                    of: "pod", in: TimeRange(start: 2000, end: 3000), matching: [], tenants: [.anonymous]), ["b"],
                "pods of the range")
            try expect(
                try await store.labelValues(of: "pod", in: .all, matching: [], tenants: [.anonymous]), ["a", "b"],
                "pods of all time")
        },
        StoreBehaviour("a dry run deletes nothing and counts the same") { store in
            try await fill(store)
            let meant = try deletion("{}", from: 1000, to: 2000)
            let dry = try await store.delete(meant, dryRun: true)
            try expect(dry.series, 2, "series")
            try expect(dry.profiles, 4, "profiles")
            try expect(try await stacks(store, everything()), ["main;a": 6, "main;b": 6], "stacks")
            try expect(try await store.delete(meant, dryRun: false), dry, "counts")
            try expect(try await store.delete(meant, dryRun: true), DeletedCounts(), "counts afterwards")
        },
        StoreBehaviour("both ends of a deletion are inside, to the nanosecond") { store in
            try await fill(store)
            var meant = try deletion("{pod=\"a\"}", from: 1000, to: 2000)
            meant.start += 1
            meant.end -= 1
            try expect(try await store.delete(meant, dryRun: false).profiles, 0, "between two")
            meant.start -= 1
            meant.end += 1
            try expect(try await store.delete(meant, dryRun: false).profiles, 2, "from one to the next")
        },
        StoreBehaviour("a series without profiles is listed no more, and comes back with its next profile") { store in
            try await fill(store)
            _ = try await store.delete(deletion("{pod=\"b\"}", from: 0, to: 9000), dryRun: false)
            try expect(
                try await store.labelValues(of: "pod", in: .all, matching: [], tenants: [.anonymous]), ["a"], "pods")
            try expect(try await store.series(in: .all, matching: [], tenants: [.anonymous]).count, 1, "series")
            try await store.append(
                [
                    checkProfile(
                        [CheckSample(stack: "new;stack", value: 5)], at: 1500, id: 77, labels: [Label("pod", "c")]),
                    checkProfile(
                        [CheckSample(stack: "main;b", value: 7)], at: 1500, id: 12, labels: [Label("pod", "b")]
                    ),
                ], for: .anonymous)
            try expect(
                try await stacks(store, everything()), ["main;a": 6, "new;stack": 5, "main;b": 7], "stacks")
            try expect(
                try await store.labelValues(of: "pod", in: .all, matching: [], tenants: [.anonymous]), ["a", "b", "c"],
                "pods")
        },
        StoreBehaviour("a service whose last series was deleted begins anew") { store in
            try await store.append(
                [
                    checkProfile([CheckSample(stack: "old;one", value: 1)], at: 1, id: 1, service: "gone"),
                    checkProfile([CheckSample(stack: "kept", value: 2)], at: 1, id: 2, service: "stays"),
                ], for: .anonymous)
            try expect(try await stacks(store, everything()), ["old;one": 1, "kept": 2], "before")
            _ = try await store.delete(deletion("{service_name=\"gone\"}", from: 0, to: 5), dryRun: false)
            try expect(try await stacks(store, everything()), ["kept": 2], "after")
            for (index, service) in (["next", "gone"] as [Text]).enumerated() {
                try await store.append(
                    [
                        checkProfile(
                            [CheckSample(stack: "\(service);x", value: 4)], at: 2, id: UInt64(10 + index),
                            service: service)
                    ], for: .anonymous)
            }
            try expect(try await stacks(store, everything()), ["kept": 2, "next;x": 4, "gone;x": 4], "anew")
        },
        StoreBehaviour("everything of a tenant can be deleted, and other tenants keep theirs") { store in
            try await fill(store)
            try await store.append(
                [checkProfile([CheckSample(stack: "other", value: 9)], at: 2000, id: 99)], for: Tenant("b"))
            let all = Deletion(tenant: .anonymous, matchers: [], start: .min, end: .max)
            let dry = try await store.delete(all, dryRun: true)
            try expect(dry.profiles, 6, "profiles")
            try expect(try await store.delete(all, dryRun: false), dry, "counts")
            try expect(try await stacks(store, everything()), [:], "stacks")
            try expect(try await store.span(of: .anonymous), nil, "time span")
            try expect(
                try await store.series(in: .all, matching: [], tenants: [.anonymous, Tenant("b")]).count, 1, "series")
            try await fill(store)
            try expect(try await stacks(store, everything()), ["main;a": 6, "main;b": 6], "sent again")
        },
        StoreBehaviour("readers, writers and deletions at the same time see no error") { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for index in 0..<60 {
                        try await store.append(
                            [
                                checkProfile(
                                    [CheckSample(stack: "a", value: 1), CheckSample(stack: "b", value: 1)],
                                    at: Int64(index), id: UInt64(index), labels: [Label("pod", Text("\(index % 5)"))])
                            ], for: .anonymous)
                    }
                }
                group.addTask {
                    for round in 0..<12 {
                        let meant =
                            round % 4 == 3
                            ? Deletion(tenant: .anonymous, matchers: [], start: .min, end: .max)
                            : try deletion(Text("{pod=\"\(round % 5)\"}"), from: 0, to: 1000)
                        _ = try await store.delete(meant, dryRun: false)
                    }
                }
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<8 {
                            let found = try await stacks(store, everything())
                            try expect(found["a"], found["b"], "whole profiles")
                            _ = try await store.timelines(for: everything())
                            _ = try await store.series(in: .all, matching: [], tenants: [.anonymous])
                            _ = try await store.span(of: .anonymous)
                        }
                    }
                }
                try await group.waitForAll()
            }
            _ = try await store.delete(
                Deletion(tenant: .anonymous, matchers: [], start: .min, end: .max), dryRun: false)
            try expect(try await stacks(store, everything()), [:], "after the last deletion")
        },
    ]
}
