import Model

/// Collects stacks of names, and makes a table of those that have a value: one function and location for each distinct name.
struct StackCollector {
    /// What was changed or left out.
    var salvage = SalvageReport()
    private let limits: PprofLimits
    private let maxNodes: Int
    private let maxNames: Int
    private let reserving: (Int) -> Bool
    private var reserved = 0
    private var names = TextTable()
    private var nameIndex = NameIndex()
    private var stacks = StackTree()
    private var edges = EdgeTable()
    private var values: [Int64] = [0]

    /// An empty one; `reserving` is asked for memory in steps.
    init(limits: PprofLimits, reserving: @escaping (Int) -> Bool = { _ in true }) {
        self.limits = limits
        self.reserving = reserving
        // Two bytes can make a node, which takes up to 128, or a name, which takes up to 400; real profiles have far fewer.
        maxNodes = limits.maxBytes > 0 ? max(limits.maxBytes / 8, 1 << 16) : .max
        maxNames = limits.maxBytes > 0 ? max(limits.maxBytes / 32, 1 << 16) : .max
    }

    private mutating func take(_ count: Int) throws(FormatError) {
        reserved -= count
        guard reserved < 0 else { return }
        guard reserving(1 << 20) else {
            throw FormatError(.noRoom, "no memory is left to decode a profile in")
        }
        reserved += 1 << 20
    }

    /// Adds to a stack of names between semicolons; what follows the last one is a frame only if it is not empty.
    mutating func add(joined stack: ArraySlice<UInt8>, value: Int64) throws(FormatError) {
        add(value, to: try node(of: stack, below: 0))
    }

    /// The node of a stack of names between semicolons that goes on from `parent`.
    ///
    /// An empty name after the last semicolon is a frame only if others follow: if the stack `isInner`.
    mutating func node(
        of stack: ArraySlice<UInt8>, below parent: UInt32, isInner: Bool = false
    ) throws(FormatError) -> UInt32 {
        var node = parent
        var start = stack.startIndex
        while let end = stack[start...].firstIndex(of: UInt8(ascii: ";")) {
            node = try child(of: node, named: stack[start..<end])
            start = end + 1
        }
        return start < stack.endIndex || isInner ? try child(of: node, named: stack[start...]) : node
    }

    /// Adds to a node: strictly as the reference does, whose counts have 64 bits and wrap, otherwise up to the largest number.
    mutating func add(_ value: Int64, to node: UInt32) {
        let sum = values[Int(node)]
        if limits.isStrict {
            values[Int(node)] = sum &+ value
        } else {
            let (exact, overflow) = sum.addingReportingOverflow(value)
            values[Int(node)] = overflow ? sum.saturatingAdd(value) : exact
            if overflow { salvage.note(.sampleOverflow, "\(sum) and \(value)") }
        }
    }

    mutating func child(of parent: UInt32, named name: ArraySlice<UInt8>) throws(FormatError) -> UInt32 {
        let known = names.count
        let index = name.withUnsafeBufferPointer { nameIndex.index(of: $0, in: &names) }
        if names.count > known {
            guard known < maxNames else {
                throw FormatError(
                    .tooLarge, "the profile has more than \(maxNames) functions (max-profile-size)")
            }
            try take(400 + name.count)
        }
        let next = UInt32(stacks.count)
        let node = edges.find(parent, index, orInsert: next)
        if node == next {
            guard Int(next) <= maxNodes else {
                throw FormatError(.tooLarge, "the profile has more than \(maxNodes) frames (max-profile-size)")
            }
            try take(128)
            stacks.append(parent: parent, location: index)
            values.append(0)
        }
        return node
    }

    /// What was collected, as a profile of one sample type; `scale` is what values are multiplied by.
    ///
    /// What is not positive then is left out. Throws ``FormatError`` of kind `invalid` for what the limits refuse.
    func profile(
        type: ValueType, periodType: ValueType?, scale: Int64, time: Int64
    ) throws(FormatError) -> DecodedProfile {
        var report = salvage
        let scaled = scaled(by: scale, &report)
        let count = scaled.count { $0 != 0 }
        guard !limits.isStrict || limits.maxSamples <= 0 || count <= limits.maxSamples else {
            throw FormatError(
                .invalid,
                "the profile exceeds the samples count limit (max_profile_stacktrace_samples, actual: \(count), "
                    + "limit: \(limits.maxSamples))")
        }
        let shown = try shownNames(scaled, &report)
        let tops = tops(scaled, &report)
        var symbols = SymbolTable()
        var columns = SampleColumns()
        add(scaled, tops, shown, to: &symbols, &columns)
        var profile = DecodedProfile(
            sampleTypes: [type], periodType: periodType, time: time, symbols: symbols,
            groups: columns.count == 0 ? [] : [SampleGroup(labels: [], columns: [columns])])
        profile.salvage = report
        return profile
    }

    private func scaled(by scale: Int64, _ report: inout SalvageReport) -> [Int64] {
        var scaled = values
        for (node, value) in values.enumerated() where value != 0 {
            if limits.isStrict {
                scaled[node] = value &* scale
            } else {
                let (product, overflow) = value.multipliedReportingOverflow(by: scale)
                scaled[node] = overflow ? value.saturatingMultiply(scale) : product
                if overflow { report.note(.sampleOverflow, "\(value) × \(scale)") }
            }
            if scaled[node] < 0 { report.note(.sampleNegative, "a value of \(scaled[node])") }
        }
        return scaled
    }

    /// The names of stacks that have a value, as they are stored; others stay unjudged, and are left out.
    private func shownNames(_ scaled: [Int64], _ report: inout SalvageReport) throws(FormatError) -> [Text] {
        var isUsed = [Bool](repeating: false, count: names.count)
        for (node, isSent) in marked(scaled, { $0 != 0 }).enumerated() where isSent && node > 0 {
            isUsed[Int(stacks.locations[node])] = true
        }
        var shown = Array(names)
        for (index, name) in names.enumerated() where isUsed[index] {
            var text = name
            if !text.isValidUTF8 {
                guard !limits.isStrict else {
                    throw FormatError(
                        .invalid, "a frame's name contains invalid UTF-8: string field contains invalid UTF-8")
                }
                text = Text(text.string)
                report.note(.textNotUTF8, text.string)
            }
            if limits.maxSymbolBytes > 0, text.utf8.count > limits.maxSymbolBytes {
                let tail = text.utf8.suffix(limits.maxSymbolBytes)
                report.note(.symbolLength, "a text of \(text.utf8.count) bytes")
                guard !limits.isStrict || Text(utf8: tail).isValidUTF8 else {
                    throw FormatError(.invalid, "invalid utf8 string: the tail of a text of \(text.utf8.count) bytes")
                }
                text = Text(utf8: tail.drop { $0 & 0xc0 == 0x80 })
            }
            shown[index] = text
        }
        return shown
    }

    /// For each node the one whose stack it keeps: itself, or of one that is too deep the root side.
    private func tops(_ scaled: [Int64], _ report: inout SalvageReport) -> [UInt32] {
        guard limits.maxDepth > 0 else { return Array(0..<UInt32(stacks.count)) }
        var depths = [0]
        var tops: [UInt32] = [0]
        for node in 1..<max(stacks.count, 1) {
            let parent = Int(stacks.parents[node])
            depths.append(depths[parent] + 1)
            tops.append(depths[node] > limits.maxDepth ? tops[parent] : UInt32(node))
            if depths[node] > limits.maxDepth, scaled[node] > 0 {
                report.note(.stackDepth, "a stack of \(depths[node]) frames")
            }
        }
        return tops
    }

    /// The nodes that a value satisfies, and all above them.
    private func marked(_ scaled: [Int64], _ isWanted: (Int64) -> Bool) -> [Bool] {
        var marks = scaled.map(isWanted)
        for node in marks.indices.reversed() where marks[node] { marks[Int(stacks.parents[node])] = true }
        return marks
    }

    private func add(
        _ scaled: [Int64], _ tops: [UInt32], _ shown: [Text], to symbols: inout SymbolTable,
        _ columns: inout SampleColumns
    ) {
        var kept = [Int64](repeating: 0, count: scaled.count)
        for (node, value) in scaled.enumerated() where value > 0 {
            kept[Int(tops[node])] = kept[Int(tops[node])].saturatingAdd(value)
        }
        let marks = marked(kept) { $0 > 0 }
        var locations = [UInt32?](repeating: nil, count: shown.count)
        var moved = [UInt32](repeating: 0, count: kept.count)
        for node in kept.indices where marks[node] {
            if node > 0 {
                let name = Int(stacks.locations[node])
                let location = locations[name] ?? symbols.addFunction(named: shown[name])
                locations[name] = location
                moved[node] = symbols.stacks.append(
                    parent: moved[Int(stacks.parents[node])], location: location)
            }
            guard kept[node] > 0 else { continue }
            columns.stacks.append(moved[node])
            columns.values.append(kept[node])
        }
    }
}

extension SymbolTable {
    /// Adds a function that is nothing but a name, and its location.
    fileprivate mutating func addFunction(named name: Text) -> UInt32 {
        let function = UInt32(functions.count)
        let index = name.isEmpty ? 0 : strings.append(name.utf8)
        functions.append(Function(name: index, systemName: index))
        lines.append(Line(function: function))
        locations.append(Location(firstLine: function, lineCount: 1))
        return function
    }
}
