public import Model

extension SampleColumns {
    /// The samples of all parts, sorted by stack, equal ones summed.
    public static func merging(_ parts: [SampleColumns]) -> SampleColumns {
        let parts = parts.filter { $0.count > 0 }
        guard parts.count > 1 else { return parts.first ?? SampleColumns() }
        struct Row {
            var stack: UInt32
            var span: UInt64
            var trace: TraceID
            var value: Int64

            func isSame(_ other: Row) -> Bool { stack == other.stack && span == other.span && trace == other.trace }
        }
        var rows: [Row] = []
        rows.reserveCapacity(parts.reduce(0) { $0 + $1.count })
        for part in parts {
            for index in 0..<part.count {
                rows.append(
                    Row(
                        stack: part.stacks[index], span: part.spans.isEmpty ? 0 : part.spans[index],
                        trace: part.traces.isEmpty ? .none : part.traces[index], value: part.values[index]))
            }
        }
        rows.sort {
            ($0.stack, $0.span, $0.trace.high, $0.trace.low) < ($1.stack, $1.span, $1.trace.high, $1.trace.low)
        }
        var merged: [Row] = []
        for row in rows {
            if let last = merged.last, last.isSame(row) {
                merged[merged.count - 1].value = last.value.saturatingAdd(row.value)
            } else {
                merged.append(row)
            }
        }
        return SampleColumns(
            stacks: merged.map(\.stack), values: merged.map(\.value),
            spans: merged.contains { $0.span != 0 } ? merged.map(\.span) : [],
            traces: merged.contains { $0.trace != .none } ? merged.map(\.trace) : [])
    }
}
