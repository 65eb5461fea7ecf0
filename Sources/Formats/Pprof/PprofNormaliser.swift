import Model

/// Turns a validated pprof into groups of columns.
///
/// Samples with a negative value, without any value, or with a location that means nothing are dropped; equal ones are merged;
/// numeric labels go; string labels other than ids split the samples.
struct PprofNormaliser {
    private let pprof: RawPprof
    private let maxDepth: Int
    private var symbols = SymbolTable()
    private var stacks: StackFinder
    /// The frames of the stack at hand, root first.
    private var path: [UInt32] = []
    private var locationIndex: IDTable
    private var mappingIndex: IDTable
    private var functionIndex: IDTable
    /// For each location of the pprof its index in the table; unknown until used, `dropped` if it means nothing.
    private var tableLocations: [UInt32]
    /// The same by id, where ids are small.
    private var placed: [UInt32]
    private var salvage = SalvageReport()

    /// Every sample may name the same long texts, so what is read of them for labels is bounded.
    private var labelBudget: Int

    private static let unknown = UInt32.max
    private static let dropped = UInt32.max - 1

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
        stacks = StackFinder(reserving: pprof.sampleCount)
        locationIndex = IDTable(pprof.locations.map(\.id))
        mappingIndex = IDTable(pprof.mappings.map(\.id))
        functionIndex = IDTable(pprof.functions.map(\.id))
        tableLocations = [UInt32](repeating: Self.unknown, count: pprof.locations.count)
        placed = [UInt32](repeating: Self.unknown, count: pprof.locations.count + 1)
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
            let hasFunctions = mapping.flags & 1 != 0
            symbols.mappings.append(
                Mapping(
                    start: hasFunctions ? 0 : mapping.start, limit: hasFunctions ? 0 : mapping.limit,
                    fileOffset: hasFunctions ? 0 : mapping.fileOffset, filename: UInt32(mapping.filename),
                    buildID: UInt32(mapping.buildID), hasFunctions: hasFunctions, hasFilenames: mapping.flags & 2 != 0,
                    hasLineNumbers: mapping.flags & 4 != 0, hasInlineFrames: mapping.flags & 8 != 0))
        }
    }

    mutating func run() throws(FormatError) -> DecodedProfile {
        var groups: [Group] = []
        var groupOfLabels: [[Label]: Int] = [:]
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
            guard let stack = stack(stackRange) else {
                salvage.note(.sampleReference, "sample \(sample) names a location that means nothing")
                continue
            }
            var row = Row(stack: stack, span: 0, trace: .none, firstValue: firstValue)
            let promoted = labelRange.isEmpty ? [] : try labels(labelRange, &row)
            let group: Int
            if let known = groupOfLabels[promoted] {
                group = known
            } else {
                group = groups.count
                groupOfLabels[promoted] = group
                groups.append(Group(labels: promoted))
            }
            groups[group].rows.append(row)
        }
        let sampleTypes = pprof.sampleTypes.map {
            ValueType(type: pprof.strings[Int($0.type)], unit: pprof.strings[Int($0.unit)])
        }
        let periodType = pprof.periodType.map {
            ValueType(type: pprof.strings[Int($0.type)], unit: pprof.strings[Int($0.unit)])
        }
        var decoded = DecodedProfile(
            sampleTypes: sampleTypes, periodType: periodType, time: pprof.time, symbols: symbols,
            groups: groups.map { SampleGroup(labels: $0.labels, columns: columns(of: $0)) })
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

    /// The node of a stack, or nil if one of its locations means nothing.
    private mutating func stack(_ range: Range<Int>) -> UInt32? {
        // Too deep: the root side stays.
        let first = maxDepth > 0 ? max(range.lowerBound, range.upperBound - maxDepth) : range.lowerBound
        for index in range.lowerBound..<first where location(pprof.stacks[index]) == nil { return nil }
        path.removeAll(keepingCapacity: true)
        var index = range.upperBound - 1
        while index >= first {
            guard let location = location(pprof.stacks[index]) else { return nil }
            path.append(location)
            index -= 1
        }
        return path.isEmpty ? 0 : stacks.find(path, in: &symbols.stacks)
    }

    /// The table's location of an id, or nil if it means nothing.
    private mutating func location(_ id: UInt64) -> UInt32? {
        // Nearly every call finds what an earlier one has placed.
        if id < UInt64(placed.count) {
            let known = placed[Int(id)]
            if known < Self.dropped { return known }
        }
        guard let index = locationIndex[id] else { return nil }
        if tableLocations[index] == Self.unknown { tableLocations[index] = place(pprof.locations[index]) }
        if id < UInt64(placed.count) { placed[Int(id)] = tableLocations[index] }
        return tableLocations[index] == Self.dropped ? nil : tableLocations[index]
    }

    private mutating func place(_ location: RawPprof.Location) -> UInt32 {
        guard location.lineCount > 0 || location.address != 0 else { return Self.dropped }
        var mapping: UInt32 = 0
        if location.mapping != 0 {
            guard let index = mappingIndex[location.mapping] else { return Self.dropped }
            mapping = UInt32(index + 1)
        }
        let firstLine = symbols.lines.count
        for line in pprof.lines[location.firstLine..<location.firstLine + location.lineCount] {
            guard let function = functionIndex[line.function] else {
                symbols.lines.removeSubrange(firstLine...)
                return Self.dropped
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

    /// The promoted labels of a sample, sorted by name; ids go into the row.
    private mutating func labels(_ range: Range<Int>, _ row: inout Row) throws(FormatError) -> [Label] {
        var promoted: [Label] = []
        for label in pprof.labels[range] where label.str > 0 {
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
            case "span_id", "profile_id": row.span = Self.hex(value.utf8[...], digits: 16)?.low ?? 0
            case "trace_id": row.trace = Self.hex(value.utf8[...], digits: 32) ?? .none
            case let name: promoted.append(Label(name, value))
            }
        }
        return promoted.sorted()
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

/// Finds whole stacks, each of which is a chain of nodes of its own in the tree.
///
/// A profile's stacks are mostly distinct and are looked up once more where they are stored; to look for what they share frame
/// by frame here would cost more than everything else.
private struct StackFinder {
    private struct Slot {
        var hash: UInt64
        /// The stack's leaf, or 0 where the slot is free.
        var leaf: UInt32
    }

    private var slots: [Slot]
    private var count = 0
    private let secret = UInt64.random(in: 0 ... .max)

    init(reserving stacks: Int) {
        var size = 64
        while size < min(stacks, 1 << 20) * 2 { size *= 2 }
        slots = [Slot](repeating: Slot(hash: 0, leaf: 0), count: size)
    }

    /// The leaf of the stack with these frames, root first and not empty, which is added where it is new.
    mutating func find(_ path: [UInt32], in tree: inout StackTree) -> UInt32 {
        var hash = secret
        for location in path {
            let product = (hash ^ UInt64(location)).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
            hash = product.high ^ product.low &+ secret
        }
        if count * 2 >= slots.count { grow() }
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index].leaf != 0 {
            if slots[index].hash == hash && Self.leaf(slots[index].leaf, of: tree, has: path) {
                return slots[index].leaf
            }
            index = (index + 1) & mask
        }
        let leaf = tree.appendChain(path)
        slots[index] = Slot(hash: hash, leaf: leaf)
        count += 1
        return leaf
    }

    private static func leaf(_ leaf: UInt32, of tree: StackTree, has path: [UInt32]) -> Bool {
        var node = leaf
        for location in path.reversed() {
            guard node != 0, tree.locations[Int(node)] == location else { return false }
            node = tree.parents[Int(node)]
        }
        return node == 0
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(hash: 0, leaf: 0), count: old.count * 2)
        let mask = slots.count - 1
        for slot in old where slot.leaf != 0 {
            var index = Int(truncatingIfNeeded: slot.hash) & mask
            while slots[index].leaf != 0 { index = (index + 1) & mask }
            slots[index] = slot
        }
    }
}

/// Finds the index of an id; where an id repeats, its last definition.
struct IDTable {
    private var dense: [Int32] = []
    private var sparse: [UInt64: Int] = [:]

    init(_ ids: [UInt64]) {
        let largest = ids.max() ?? 0
        // Ids are 1, 2, 3… from nearly every client; others get a dictionary.
        if largest <= UInt64(ids.count) * 4 + 64 {
            dense = [Int32](repeating: -1, count: Int(largest) + 1)
            for (index, id) in ids.enumerated() { dense[Int(id)] = Int32(truncatingIfNeeded: index) }
        } else {
            for (index, id) in ids.enumerated() { sparse[id] = index }
        }
    }

    subscript(_ id: UInt64) -> Int? {
        if dense.isEmpty { return sparse[id] }
        guard id < UInt64(dense.count), dense[Int(id)] >= 0 else { return nil }
        return Int(dense[Int(id)])
    }
}
