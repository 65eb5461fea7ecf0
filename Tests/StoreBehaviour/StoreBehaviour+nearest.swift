import Model
import Selectors
import Store

extension StoreBehaviour {
    private static let day: Int64 = 86_400_000

    /// A profile at a day, and some milliseconds into it.
    private static func profile(_ days: Int64, _ time: Int64, id: UInt64, labels: [Label] = []) -> NewProfile {
        checkProfile([CheckSample(stack: "f", value: 1)], at: days * day + time, id: id, labels: labels)
    }

    /// The nearest profile to a range of milliseconds, in milliseconds.
    private static func nearest(
        _ store: any ProfileStore, _ start: Int64, _ end: Int64, _ change: (inout Selection) throws -> Void = { _ in }
    ) async throws -> Int64? {
        var selection = everything(from: start, to: end)
        try change(&selection)
        return try await store.nearestProfile(to: selection).map { TimeRange.milliseconds(ofNanoseconds: $0) }
    }

    static let nearest: [StoreBehaviour] = [
        StoreBehaviour("no profile is nearest where there is none") { store in
            try expect(try await nearest(store, 1, 2), nil, "nearest")
        },
        StoreBehaviour("a profile inside a range is the nearest") { store in
            try await store.append(
                [profile(1, 0, id: 1), profile(3, 5, id: 2), profile(5, 0, id: 3)], for: .anonymous)
            try expect(try await nearest(store, 3 * day, 4 * day), 3 * day + 5, "inside")
            try expect(try await nearest(store, .min, .max) != nil, true, "all of time")
        },
        StoreBehaviour("the nearest profile is found on both sides, in the range's own day and in others") { store in
            try await store.append(
                [
                    profile(0, 7, id: 1), profile(2, 1000, id: 2), profile(2, 9000, id: 3), profile(8, 3, id: 4),
                    profile(8, 4, id: 5),
                ], for: .anonymous)
            try expect(try await nearest(store, 2 * day + 2000, 2 * day + 3000), 2 * day + 1000, "same day, before")
            try expect(try await nearest(store, 2 * day + 7000, 2 * day + 8000), 2 * day + 9000, "same day, after")
            try expect(try await nearest(store, 4 * day, 4 * day + 1), 2 * day + 9000, "two days before")
            try expect(try await nearest(store, 7 * day, 7 * day + 1), 8 * day + 3, "the day after")
            try expect(try await nearest(store, day, day + 5), 7, "before, and not the farther one after")
            try expect(try await nearest(store, day + 2000, day + 2001), 2 * day + 1000, "the other way round")
            try expect(try await nearest(store, 100 * day, 101 * day), 8 * day + 4, "the last of all")
            try expect(try await nearest(store, -9 * day, -8 * day), 7, "the first of all")
        },
        StoreBehaviour("the nearest profile is one of the type, matchers and tenants that are asked for") { store in
            let other = Tenant("other")
            try await store.append(
                [profile(5, 0, id: 1, labels: [Label("pod", "a")]), profile(7, 0, id: 2, labels: [Label("pod", "b")])],
                for: .anonymous)
            try await store.append([profile(5, 500, id: 3)], for: other)
            try expect(
                try await nearest(store, 4 * day, 4 * day + 1) { $0.matchers = [LabelMatcher("pod", equals: "b")] },
                7 * day, "matchers")
            try expect(
                try await nearest(store, 6 * day, 6 * day + 1) { $0.tenants = [.anonymous, other] }, 5 * day + 500,
                "tenants")
            try expect(
                try await nearest(store, 4 * day, 4 * day + 1) { selection in
                    selection.profileType = ProfileType(
                        name: "memory", sampleType: "", sampleUnit: "", periodType: "", periodUnit: "")
                }, nil, "type")
        },
    ]
}
