import Model
import Selectors
import Store

extension StoreBehaviour {
    static let selections: [StoreBehaviour] = [
        StoreBehaviour("both ends of a range are inside, to the nanosecond") { store in
            var half = checkProfile([CheckSample(stack: "half", value: 1)], at: 0, id: 2)
            half.time = 5_500_000
            try await store.append(
                [checkProfile([CheckSample(stack: "a", value: 1)], at: 5, id: 1), half], for: .anonymous)
            try expect(try await stacks(store, everything(from: 5, to: 5)), ["a": 1], "exactly")
            try expect(try await stacks(store, everything(from: 4, to: 5)), ["a": 1], "end inside")
            try expect(try await stacks(store, everything(from: 5, to: 6)), ["a": 1, "half": 1], "start inside")
            try expect(try await stacks(store, everything(from: 6, to: 9)), [:], "after")
        },
        StoreBehaviour("a range of all time overflows nothing") { store in
            try await store.append([checkProfile([CheckSample(stack: "a", value: 1)], at: 5, id: 1)], for: .anonymous)
            try expect(try await stacks(store, everything(from: .min, to: .max)), ["a": 1], "stacks")
        },
        StoreBehaviour("matchers select by labels, and a missing label is empty") { store in
            try await store.append(
                [
                    checkProfile([CheckSample(stack: "a", value: 1)], at: 1, id: 1, labels: [Label("pod", "1")]),
                    checkProfile([CheckSample(stack: "b", value: 2)], at: 1, id: 2),
                ], for: .anonymous)
            for (selector, expected) in [
                ("{pod=\"1\"}", ["a": 1]), ("{pod=\"\"}", ["b": 2]), ("{pod=~\".+\"}", ["a": 1]),
                ("{pod!=\"1\"}", ["b": 2]), ("{pod=\"1\",pod=\"2\"}", [:]), ("{}", ["a": 1, "b": 2]),
            ] as [(Text, [String: Int64])] {
                var selection = everything()
                selection.matchers = try Selector.parse(selector)
                try expect(try await stacks(store, selection), expected, "\(selector)")
            }
        },
        StoreBehaviour("other profile types stay out") { store in
            try await store.append([checkProfile([CheckSample(stack: "a", value: 1)], at: 1, id: 1)], for: .anonymous)
            var selection = everything()
            selection.profileType = ProfileType(
                name: "memory", sampleType: "", sampleUnit: "", periodType: "", periodUnit: "")
            try expect(try await stacks(store, selection), [:], "another type")
            selection.profileType = nil
            try expect(try await stacks(store, selection), ["a": 1], "any type")
        },
        StoreBehaviour("spans, traces and profile ids select samples") { store in
            let trace = TraceID(high: 1, low: 2)
            try await store.append(
                [
                    checkProfile(
                        [
                            CheckSample(stack: "a", value: 1, span: 0xa1, trace: trace),
                            CheckSample(stack: "a", value: 2, span: 0xa2), CheckSample(stack: "b", value: 4),
                        ], at: 1, id: 1),
                    checkProfile([CheckSample(stack: "b", value: 8)], at: 2, id: 2),
                ], for: .anonymous)
            var selection = everything()
            selection.spans = [0xa1, 0xff]
            try expect(try await stacks(store, selection), ["a": 1], "span")
            try expect(try await store.profilePoints(for: selection).totals, [1], "points of a span")
            selection.spans = nil
            selection.traces = [trace]
            try expect(try await stacks(store, selection), ["a": 1], "trace")
            selection.traces = nil
            selection.profiles = [ProfileID(high: 1, low: 2)]
            try expect(try await stacks(store, selection), ["b": 8], "profile")
            try expect(try await stacks(store, everything()), ["a": 3, "b": 12], "everything")
        },
        StoreBehaviour("a span or trace of 0 is none, which nobody can ask for") { store in
            try await store.append(
                [
                    checkProfile([CheckSample(stack: "a", value: 1)], at: 1, id: 1),
                    checkProfile(
                        [
                            CheckSample(stack: "b", value: 2),
                            CheckSample(stack: "c", value: 4, span: 0xa1, trace: TraceID(high: 1, low: 2)),
                        ], at: 2, id: 2),
                ], for: .anonymous)
            var selection = everything()
            selection.spans = [0]
            try expect(try await stacks(store, selection), [:], "span")
            try expect(try await store.profilePoints(for: selection).totals, [], "points")
            selection.spans = nil
            selection.traces = [.none]
            try expect(try await stacks(store, selection), [:], "trace")
        },
        StoreBehaviour("spans are listed with their sums, those without are left out") { store in
            try await store.append(
                [
                    checkProfile(
                        [
                            CheckSample(stack: "a", value: 1, span: 0xa1),
                            CheckSample(stack: "b", value: 2, span: 0xa1),
                            CheckSample(stack: "b", value: 4, span: 0xb2), CheckSample(stack: "c", value: 8),
                        ], at: 3, id: 1)
                ], for: .anonymous)
            let points = try await store.spanPoints(for: everything())
            try expect(points.spans, [0xa1, 0xb2], "spans")
            try expect(points.totals, [3, 4], "totals")
            try expect(points.times, [3_000_000, 3_000_000], "times")
        },
        StoreBehaviour("a call site keeps stacks that begin with it") { store in
            try await store.append(
                [
                    checkProfile(
                        [
                            CheckSample(stack: "main;foo;bar", value: 1), CheckSample(stack: "main;foo", value: 2),
                            CheckSample(stack: "foo", value: 4),
                        ], at: 1, id: 1)
                ], for: .anonymous)
            var selection = everything()
            selection.stacks = StackFilter(callSite: ["main", "foo"])
            try expect(try await stacks(store, selection), ["main;foo;bar": 1, "main;foo": 2], "stacks")
            try expect(try await store.profilePoints(for: selection).totals, [3], "points")
        },
        StoreBehaviour("points name each profile's series, time, id and total") { store in
            try await store.append(
                [
                    checkProfile([CheckSample(stack: "a", value: 2)], at: 9, id: 2, labels: [Label("pod", "2")]),
                    checkProfile([CheckSample(stack: "a", value: 1)], at: 3, id: 1, labels: [Label("pod", "1")]),
                ], for: .anonymous)
            let points = try await store.profilePoints(for: everything())
            try expect(points.times, [3_000_000, 9_000_000], "times")
            try expect(points.totals, [1, 2], "totals")
            try expect(points.ids.map(\.low), [1, 2], "ids")
            try expect(
                points.seriesIndices.map { points.series[Int($0)]["pod"] }, ["1", "2"], "series")
        },
    ]
}
