import Model
import Selectors
public import Store

/// Says why a question about samples has an empty answer, in one line that a user can act on.
public struct EmptyReason: Sendable {
    private let samples: SampleQuery
    private let store: any ProfileStore

    /// Makes the question's explanation; nothing is read yet.
    public init(_ samples: SampleQuery, in store: any ProfileStore) {
        self.samples = samples
        self.store = store
    }

    /// The first reason that holds, from the profile type over the series and the range to spans and stacks.
    ///
    /// Nil if the question itself is wrong, which its error says.
    public func explain(limits: QueryLimits, now: Int64) async -> String? {
        do {
            guard let range = try limits.range(start: samples.start, end: samples.end, now: now) else {
                return "the range lies before the lookback (max-query-lookback)"
            }
            let type = try samples.parsedType()
            let selection = try samples.selection(of: type, in: range)
            return try await explain(type, selection)
        } catch {
            return nil
        }
    }

    private func explain(_ type: ProfileType, _ selection: Selection) async throws -> String? {
        let typed = LabelMatcher(LabelName.profileType, equals: type.id)
        let types = try await store.labelValues(
            of: LabelName.profileType, in: .all, matching: [], tenants: samples.tenants)
        guard !types.isEmpty else { return "nothing was pushed yet" }
        guard types.contains(type.id) else {
            return "no profile type \(type.id); there are: \(Self.list(types))"
        }
        // Matchers are added one after the other, so that the one that leaves nothing is named.
        var matchers = [typed]
        for matcher in selection.matchers.prefix(Self.mostMatchers) {
            try Task.checkCancellation()
            let before = matchers
            matchers.append(matcher)
            guard try await store.series(in: .all, matching: matchers, tenants: samples.tenants).isEmpty else {
                continue
            }
            let values = try await store.labelValues(
                of: matcher.name, in: .all, matching: before, tenants: samples.tenants)
            let known = values.isEmpty ? "no series has this label" : "its values are: \(Self.list(values))"
            return "no series matches \(matcher.name)\(matcher.operation.sign)\"\(matcher.value)\"; \(known)"
        }
        let whole = Selection(
            tenants: samples.tenants, profileType: type, matchers: selection.matchers, range: selection.range)
        if let nearest = try await store.nearestProfile(to: whole), !selection.range.contains(nanoseconds: nearest) {
            let time = TimeRange.milliseconds(ofNanoseconds: nearest)
            return "there is no profile inside the range; the nearest is of \(time) ms"
        }
        if selection.profiles != nil { return "none of the profile ids is inside the range" }
        if selection.spans != nil || selection.traces != nil {
            return try await store.spanPoints(for: whole).spans.isEmpty
                ? "the profiles inside the range have no span labels: the client does not link spans to profiles"
                : "no sample inside the range belongs to the spans or traces"
        }
        if !selection.stacks.isEmpty { return "no stack inside the range passes the stack trace selector" }
        return nil
    }

    /// Each matcher is asked with all before it, so that very many would take very long.
    private static let mostMatchers = 32

    private static func list(_ values: [Text]) -> String {
        values.prefix(5).map(\.string).joined(separator: ", ") + (values.count > 5 ? ", … (\(values.count))" : "")
    }
}
