import Model
import Selectors
import Store

extension StoreBehaviour {
    static let labels: [StoreBehaviour] = [
        StoreBehaviour("series, names and values are distinct and sorted by bytes") { store in
            for (index, pod) in (["b", "a", "b", "\u{e9}"] as [Text]).enumerated() {
                try await store.append(
                    [
                        checkProfile(
                            [CheckSample(stack: "a", value: 1)], at: 1, id: UInt64(index), labels: [Label("pod", pod)])
                    ], for: .anonymous)
            }
            let range = TimeRange(start: 0, end: 10)
            let tenants = [Tenant.anonymous]
            let series = try await store.series(in: range, matching: [], tenants: tenants)
            try expect(series.map { $0["pod"] }, ["a", "b", "\u{e9}"], "series")
            try expect(
                try await store.labelValues(of: "pod", in: range, matching: [], tenants: tenants),
                ["a", "b", "\u{e9}"],
                "values")
            try expect(
                try await store.labelNames(in: range, matching: [], tenants: tenants),
                ["__name__", "__profile_type__", "pod", "service_name"], "names")
            try expect(
                try await store.labelValues(of: "nope", in: range, matching: [], tenants: tenants), [], "no such label")
            try expect(
                try await store.series(in: range, matching: [LabelMatcher("pod", equals: "a")], tenants: tenants).count,
                1, "matched series")
        },
        StoreBehaviour("labels outside the range are not listed") { store in
            try await store.append(
                [checkProfile([CheckSample(stack: "a", value: 1)], at: 5000, id: 1)], for: .anonymous)
            for range in [TimeRange(start: 0, end: 4999), TimeRange(start: 5001, end: 90_000_000)] {
                try expect(
                    try await store.labelNames(in: range, matching: [], tenants: [.anonymous]), [], "names in \(range)")
            }
        },
    ]

    static let lifecycles: [StoreBehaviour] = [
        StoreBehaviour("an empty store answers with nothing") { store in
            try expect(try await stacks(store, everything()), [:], "stacks")
            try expect(try await store.profilePoints(for: everything()).times, [], "points")
            try expect(try await store.spanPoints(for: everything()).times, [], "spans")
            try expect(try await store.span(of: .anonymous), nil, "time span")
            try expect(
                try await store.series(in: .all, matching: [], tenants: [.anonymous, Tenant("b")]), [], "series")
        },
        StoreBehaviour("tenants see their own profiles, and several are read as one") { store in
            for (index, tenant) in ["a", "b"].enumerated() {
                try await store.append(
                    [checkProfile([CheckSample(stack: "f", value: Int64(index + 1))], at: 1, id: UInt64(index))],
                    for: Tenant(tenant))
            }
            for (tenants, expected) in [(["a"], 1), (["b"], 2), (["a", "b"], 3)] as [([String], Int64)] {
                var selection = everything()
                selection.tenants = tenants.map { Tenant($0) }
                try expect(try await stacks(store, selection), ["f": expected], "tenants \(tenants)")
            }
            try expect(try await stacks(store, everything()), [:], "a stranger")
            try expect(try await store.span(of: .anonymous), nil, "a stranger's time span")
        },
        StoreBehaviour("the oldest and newest profile bound a tenant's time") { store in
            let day: Int64 = 86_400_000
            for (index, time) in [3 * day, 5, 9 * day].enumerated() {
                try await store.append(
                    [checkProfile([CheckSample(stack: "a", value: 1)], at: time, id: UInt64(index))], for: .anonymous)
            }
            try expect(
                try await store.span(of: .anonymous),
                ProfileSpan(oldest: 5_000_000, newest: 9 * day * 1_000_000), "time span")
        },
        StoreBehaviour("a closed store says so") { store in
            await store.close()
            do {
                try await store.append(
                    [checkProfile([CheckSample(stack: "a", value: 1)], at: 1, id: 1)], for: .anonymous)
                throw BehaviourFailure(description: "an append after the close was taken")
            } catch let error as StoreError {
                try expect(error.code, .closed, "code")
            }
            do {
                _ = try await store.stackTotals(for: everything())
                throw BehaviourFailure(description: "a question after the close was answered")
            } catch let error as StoreError {
                try expect(error.code, .closed, "code")
            }
        },
    ]
}
