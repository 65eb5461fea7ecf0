import Model

/// Collects samples, and makes one profile of each kind.
struct JFRProfileBuilder {
    /// What a sample belongs to beside its stack.
    struct Correlation: Equatable {
        var context: UInt64 = 0
        var span: UInt64 = 0
        var spanName: UInt64 = 0
        var trace = TraceID.none
    }

    private struct Row {
        var stack: UInt32
        var group: Int
        var span: UInt64
        var trace: TraceID
        var first: Int64
        var second: Int64

        func isSame(_ other: Row) -> Bool {
            stack == other.stack && group == other.group && span == other.span && trace == other.trace
        }

        static func < (left: Row, right: Row) -> Bool {
            if left.group != right.group { return left.group < right.group }
            if left.stack != right.stack { return left.stack < right.stack }
            return (left.span, left.trace.high, left.trace.low) < (right.span, right.trace.high, right.trace.low)
        }
    }

    /// What `symbols` made of the stacks of all rows.
    var symbols: JFRSymbols
    private var groups: JFRLabelGroups
    private let maxSamples: Int
    /// Samples that counted for nothing, as the rate gives them no time.
    private(set) var worthless = 0
    /// Samples that were left out, as a value is negative.
    private(set) var negative = 0
    private var rows = [[Row]](repeating: [], count: JFRKind.allCases.count)

    init(snapshot: JFRLabelsSnapshot, limits: PprofLimits) {
        symbols = JFRSymbols(limits: limits)
        groups = JFRLabelGroups(snapshot)
        // What is not refused for too many samples is folded later.
        maxSamples = limits.isStrict ? limits.maxSamples : 0
    }

    /// Whether there is no sample at all.
    var isEmpty: Bool { rows.allSatisfy(\.isEmpty) }

    /// Adds a sample; one with a negative value counts for nothing.
    mutating func add(
        _ kind: JFRKind, _ stack: UInt32, _ correlation: Correlation, _ first: Int64, _ second: Int64 = 0
    ) {
        guard first >= 0, second >= 0 else {
            negative += 1
            return
        }
        guard first > 0 || second > 0 else {
            worthless += 1
            return
        }
        let place = groups.placement(context: correlation.context, spanName: correlation.spanName)
        rows[kind.rawValue].append(
            Row(
                stack: stack, group: place.group, span: correlation.span != 0 ? correlation.span : place.span,
                trace: correlation.trace != .none ? correlation.trace : place.trace, first: first, second: second))
    }

    /// The profiles of all kinds that have samples.
    func profiles(time: Int64) throws(FormatError) -> [JFR.Profile] {
        var profiles: [JFR.Profile] = []
        for kind in JFRKind.allCases where !rows[kind.rawValue].isEmpty {
            let merged = Self.merged(rows[kind.rawValue])
            guard maxSamples <= 0 || merged.count <= maxSamples else {
                throw FormatError(
                    .tooLarge,
                    "the profile \(kind.metric) exceeds the samples count limit (max-profile-samples, actual: "
                        + "\(merged.count), limit: \(maxSamples))")
            }
            let decoded = DecodedProfile(
                sampleTypes: kind.sampleTypes, periodType: kind.periodType, time: time, symbols: symbols.table,
                groups: sampleGroups(merged, types: kind.sampleTypes.count))
            profiles.append(JFR.Profile(metric: kind.metric, profile: decoded))
        }
        return profiles
    }

    /// Each sample once, sorted by group, then by stack.
    private static func merged(_ rows: [Row]) -> [Row] {
        var merged: [Row] = []
        for row in rows.sorted(by: { $0 < $1 }) {
            if let last = merged.last, last.isSame(row) {
                merged[merged.count - 1].first = last.first.saturatingAdd(row.first)
                merged[merged.count - 1].second = last.second.saturatingAdd(row.second)
            } else {
                merged.append(row)
            }
        }
        return merged
    }

    private func sampleGroups(_ rows: [Row], types: Int) -> [SampleGroup] {
        var result: [SampleGroup] = []
        var start = 0
        while start < rows.count {
            let group = rows[start].group
            let end = rows[start...].firstIndex { $0.group != group } ?? rows.count
            let values: [(Row) -> Int64] = [{ $0.first }, { $0.second }]
            result.append(
                SampleGroup(
                    labels: groups[group],
                    columns: values.prefix(types).map { Self.columns(rows[start..<end], $0) }))
            start = end
        }
        return result
    }

    private static func columns(_ rows: ArraySlice<Row>, _ value: (Row) -> Int64) -> SampleColumns {
        let counted = rows.filter { value($0) > 0 }
        return SampleColumns(
            stacks: counted.map(\.stack), values: counted.map(value),
            spans: counted.contains { $0.span != 0 } ? counted.map(\.span) : [],
            traces: counted.contains { $0.trace != .none } ? counted.map(\.trace) : [])
    }
}
