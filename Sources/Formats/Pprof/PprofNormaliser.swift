import Model

/// Turns a validated pprof into groups of columns.
///
/// Samples with a negative value, without any value, or with a location that means nothing are dropped; equal ones are merged;
/// numeric labels go; string labels other than ids split the samples.
struct PprofNormaliser {
    private let pprof: RawPprof
    private let maxDepth: Int
    private var symbols = SymbolTable()
    private var salvage = SalvageReport()

    /// Every sample may name the same long texts, so what is read of them for labels is bounded.
    private var labelBudget: Int

    /// Samples that share their promoted labels.
    private struct Group {
        var labels: [Label]
        /// One row a sample: its stack, span and trace, and where its values begin.
        var rows: [Row] = []
    }

    private struct Row {
        var stack: UInt32
        var span: UInt64
        var trace: TraceID
        var firstValue: Int
    }

    init(_ pprof: RawPprof, maxDepth: Int) {
        self.pprof = pprof
        self.maxDepth = maxDepth
        labelBudget = 64 << 20 + 64 * pprof.labels.count
        symbols.strings = pprof.strings
        symbols.functions.reserveCapacity(pprof.functions.count)
        symbols.locations.reserveCapacity(pprof.locations.count)
        symbols.lines.reserveCapacity(pprof.lines.count)
        for function in pprof.functions {
            symbols.functions.append(
                Function(
                    name: UInt32(function.name), systemName: UInt32(function.systemName),
                    filename: UInt32(function.filename), startLine: function.startLine))
        }
        for mapping in pprof.mappings {
            // Addresses mean nothing once functions are known, and would only keep equal places apart.
            var placed = Mapping(filename: UInt32(mapping.filename), buildID: UInt32(mapping.buildID))
            placed.flags = mapping.flags
            if !placed.hasFunctions {
                (placed.start, placed.limit, placed.fileOffset) = (mapping.start, mapping.limit, mapping.fileOffset)
            }
            symbols.mappings.append(placed)
        }
    }

    mutating func run() throws(FormatError) -> DecodedProfile {
        let frames = frames(placed: placeLocations())
        var stacks = StackChains(
            locations: ContentHash.locations(of: symbols), reservingStacks: pprof.sampleCount, frames: frames.count)
        var groups: [Group] = []
        var groupOfLabels: [[Label]: Int] = [:]
        var unlabelled: Int?
        let types = pprof.sampleTypes.count
        var stackStart = 0
        var labelStart = 0
        for sample in 0..<pprof.sampleCount {
            let stackRange = stackStart..<pprof.stackEnds[sample]
            let labelRange = labelStart..<pprof.labelEnds[sample]
            stackStart = stackRange.upperBound
            labelStart = labelRange.upperBound
            let firstValue = sample * types
            guard isCounted(firstValue..<firstValue + types) else { continue }
            guard let stack = stack(frames[stackRange], in: &stacks) else {
                salvage.note(.sampleReference, "sample \(sample) names a location that means nothing")
                continue
            }
            var row = Row(stack: stack, span: 0, trace: .none, firstValue: firstValue)
            let promoted = labelRange.isEmpty ? [] : try labels(labelRange, &row)
            let group: Int
            if promoted.isEmpty, let unlabelled {
                group = unlabelled
            } else if let known = groupOfLabels[promoted] {
                group = known
            } else {
                group = groups.count
                groupOfLabels[promoted] = group
                groups.append(Group(labels: promoted))
                if promoted.isEmpty { unlabelled = group }
            }
            groups[group].rows.append(row)
        }
        let sampleTypes = pprof.sampleTypes.map {
            ValueType(type: pprof.strings[Int($0.type)], unit: pprof.strings[Int($0.unit)])
        }
        let periodType = pprof.periodType.map {
            ValueType(type: pprof.strings[Int($0.type)], unit: pprof.strings[Int($0.unit)])
        }
        symbols.stacks = stacks.tree
        var decoded = DecodedProfile(
            sampleTypes: sampleTypes, periodType: periodType, time: pprof.time, symbols: symbols,
            groups: groups.map { SampleGroup(labels: $0.labels, columns: columns(of: $0)) })
        decoded.stackHashes = stacks.hashes
        decoded.salvage = salvage
        return decoded
    }

    /// Whether a sample has a value and none that is negative.
    private mutating func isCounted(_ range: Range<Int>) -> Bool {
        var hasValue = false
        for value in pprof.values[range] {
            if value < 0 {
                salvage.note(.sampleNegative, "a value of \(value)")
                return false
            }
            if value > 0 { hasValue = true }
        }
        return hasValue
    }

    /// The node of a stack, leaf first, or nil if one of its locations means nothing.
    private func stack(_ frames: ArraySlice<UInt32>, in stacks: inout StackChains) -> UInt32? {
        guard maxDepth > 0, frames.count > maxDepth else { return stacks.find(leafFirst: frames) }
        // Too deep: the root side stays.
        let isWhole = frames.allSatisfy { $0 != StackChains.noLocation }
        return isWhole ? stacks.find(leafFirst: frames.suffix(maxDepth)) : nil
    }

    /// Puts all locations into the table; returns the place of each, ``StackChains/noLocation`` for one that means nothing.
    private mutating func placeLocations() -> [UInt32] {
        let mappings = IDTable(pprof.mappings.map(\.id))
        let functions = IDTable(pprof.functions.map(\.id))
        return pprof.locations.map { location in
            guard location.lineCount > 0 || location.address != 0 else { return StackChains.noLocation }
            var mapping: UInt32 = 0
            if location.mapping != 0 {
                guard let index = mappings[location.mapping] else { return StackChains.noLocation }
                mapping = UInt32(index + 1)
            }
            let firstLine = symbols.lines.count
            for index in location.firstLine..<location.firstLine + location.lineCount {
                let line = pprof.lines[index]
                guard let function = functions[line.function] else {
                    symbols.lines.removeSubrange(firstLine...)
                    return StackChains.noLocation
                }
                symbols.lines.append(Line(function: UInt32(function), line: line.line))
            }
            let hasFunctions = symbols.mappings[Int(mapping)].hasFunctions
            symbols.locations.append(
                Location(
                    mapping: mapping, address: hasFunctions ? 0 : location.address, firstLine: UInt32(firstLine),
                    lineCount: UInt32(location.lineCount), isFolded: location.isFolded))
            return UInt32(symbols.locations.count - 1)
        }
    }

    /// The stacks of all samples, leaf first, as places in the table instead of ids.
    private func frames(placed: [UInt32]) -> [UInt32] {
        let ids = IDTable(pprof.locations.map(\.id))
        guard let dense = ids.dense else {
            return pprof.stacks.map { id in ids[id].map { placed[$0] } ?? StackChains.noLocation }
        }
        let places = dense.map { $0 < 0 ? StackChains.noLocation : placed[Int($0)] }
        return pprof.stacks.map { $0 < UInt64(places.count) ? places[Int($0)] : StackChains.noLocation }
    }

    /// The promoted labels of a sample, sorted by name; ids go into the row.
    ///
    /// Of a name that repeats the first value counts in the order of the texts' indices, as in the reference; of ids the first that
    /// is one.
    private mutating func labels(_ range: Range<Int>, _ row: inout Row) throws(FormatError) -> [Label] {
        var promoted: [Label] = []
        var spanText = UInt64.max
        var hasTrace = false
        var ordered = pprof.labels[range]
        if range.count > 1 { ordered.sort { ($0.key, $0.str) < ($1.key, $1.str) } }
        for label in ordered where label.str > 0 {
            labelBudget -= pprof.strings.range(Int(label.key)).count + pprof.strings.range(Int(label.str)).count
            guard labelBudget > 0 else {
                throw FormatError(.tooLarge, "the texts of all samples' labels take more than 64 MiB")
            }
            guard label.key > 0 else {
                salvage.note(.sampleLabelName, pprof.strings[Int(label.str)].string)
                continue
            }
            let value = pprof.strings[Int(label.str)]
            switch pprof.strings[Int(label.key)] {
            case "span_id", "profile_id":
                guard label.str < spanText, let span = Self.hex(value.utf8[...], digits: 16) else { continue }
                spanText = label.str
                row.span = span.low
            case "trace_id":
                guard !hasTrace, let trace = Self.hex(value.utf8[...], digits: 32) else { continue }
                hasTrace = true
                row.trace = trace
            case let name:
                if !value.isEmpty { promoted.append(Label(name, value)) }
            }
        }
        guard promoted.count > 1 else { return promoted }
        let sorted = promoted.indices.sorted { (promoted[$0].name, $0) < (promoted[$1].name, $1) }
        var unique: [Label] = []
        for label in sorted.lazy.map({ promoted[$0] }) {
            if let first = unique.last, first.name == label.name {
                salvage.note(.labelTwice, "\(label.name): \(first.value), \(label.value)")
            } else {
                unique.append(label)
            }
        }
        return unique
    }

    /// Hex digits as a number, or nil for another length or alphabet, which is no id.
    static func hex(_ text: ArraySlice<UInt8>, digits: Int) -> TraceID? {
        guard text.count == digits else { return nil }
        var id = TraceID.none
        for byte in text {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            id.high = id.high << 4 | id.low >> 60
            id.low = id.low << 4 | UInt64(digit)
        }
        return id
    }

    /// The columns of each sample type: sorted by stack, equal samples merged, values of 0 left out.
    private func columns(of group: Group) -> [SampleColumns] {
        let rows = group.rows.sorted {
            $0.stack != $1.stack
                ? $0.stack < $1.stack
                : ($0.span, $0.trace.high, $0.trace.low) < ($1.span, $1.trace.high, $1.trace.low)
        }
        let hasSpans = rows.contains { $0.span != 0 }
        let hasTraces = rows.contains { $0.trace != .none }
        return pprof.sampleTypes.indices.map { type in
            var columns = SampleColumns()
            var index = 0
            while index < rows.count {
                let row = rows[index]
                var value: Int64 = 0
                while index < rows.count, rows[index].stack == row.stack, rows[index].span == row.span,
                    rows[index].trace == row.trace
                {
                    value = value.saturatingAdd(pprof.values[rows[index].firstValue + type])
                    index += 1
                }
                guard value > 0 else { continue }
                columns.stacks.append(row.stack)
                columns.values.append(value)
                if hasSpans { columns.spans.append(row.span) }
                if hasTraces { columns.traces.append(row.trace) }
            }
            if !columns.spans.contains(where: { $0 != 0 }) { columns.spans = [] }
            if !columns.traces.contains(where: { $0 != .none }) { columns.traces = [] }
            return columns
        }
    }
}

/// Finds the index of an id; where an id repeats, its last definition.
struct IDTable {
    /// The index of each id, negative where there is none; nil where the ids are not dense.
    private(set) var dense: [Int32]?
    private var sparse: [UInt64: Int] = [:]

    init(_ ids: [UInt64]) {
        let largest = ids.max() ?? 0
        // Ids are 1, 2, 3… from nearly every client; others get a dictionary.
        if largest <= UInt64(ids.count) * 4 + 64 {
            var dense = [Int32](repeating: -1, count: Int(largest) + 1)
            for (index, id) in ids.enumerated() { dense[Int(id)] = Int32(truncatingIfNeeded: index) }
            self.dense = dense
        } else {
            for (index, id) in ids.enumerated() { sparse[id] = index }
        }
    }

    subscript(_ id: UInt64) -> Int? {
        guard let dense else { return sparse[id] }
        guard id < UInt64(dense.count), dense[Int(id)] >= 0 else { return nil }
        return Int(dense[Int(id)])
    }
}
