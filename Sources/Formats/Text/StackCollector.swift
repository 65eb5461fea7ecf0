import Model

/// Collects stacks of names into a table, one function and location for each distinct name.
struct StackCollector {
    private(set) var symbols = SymbolTable()
    /// What was changed or left out.
    var salvage = SalvageReport()
    private let isStrict: Bool
    private let maxNodes: Int
    private let maxNames: Int
    private let reserving: (Int) -> Bool
    private var reserved = 0
    private var locations: [Text: UInt32] = [:]
    private var edges = EdgeTable()
    private var values: [Int64] = [0]

    /// An empty one; `reserving` is asked for memory in steps.
    init(limits: PprofLimits, reserving: @escaping (Int) -> Bool = { _ in true }) {
        isStrict = limits.isStrict
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

    mutating func add(joined stack: ArraySlice<UInt8>, value: Int64) throws(FormatError) {
        var node: UInt32 = 0
        var start = stack.startIndex
        while true {
            let end = stack[start...].firstIndex(of: UInt8(ascii: ";")) ?? stack.endIndex
            node = try child(of: node, named: stack[start..<end])
            guard end < stack.endIndex else { break }
            start = end + 1
        }
        add(value, to: node)
    }

    mutating func add(_ value: Int64, to node: UInt32) {
        if value > 0 { values[Int(node)] = values[Int(node)].saturatingAdd(value) }
        if value < 0 { salvage.note(.sampleNegative, "a value of \(value)") }
    }

    mutating func child(of parent: UInt32, named name: ArraySlice<UInt8>) throws(FormatError) -> UInt32 {
        var text = Text(utf8: Array(name))
        let location: UInt32
        if let known = locations[text] {
            location = known
        } else {
            guard symbols.functions.count < maxNames else {
                throw FormatError(
                    .tooLarge, "the profile has more than \(maxNames) functions (max-profile-size)")
            }
            try take(400 + text.utf8.count)
            let sent = text
            if !text.isValidUTF8 {
                guard !isStrict else {
                    throw FormatError(
                        .invalid, "a frame's name contains invalid UTF-8: string field contains invalid UTF-8")
                }
                text = Text(text.string)
                salvage.note(.textNotUTF8, text.string)
            }
            let function = UInt32(symbols.functions.count)
            let index = symbols.strings.append(text.utf8)
            symbols.functions.append(Function(name: index, systemName: index))
            symbols.lines.append(Line(function: function))
            location = UInt32(symbols.locations.count)
            symbols.locations.append(Location(firstLine: function, lineCount: 1))
            locations[sent] = location
        }
        let next = UInt32(symbols.stacks.count)
        let node = edges.find(parent, location, orInsert: next)
        if node == next {
            guard Int(next) <= maxNodes else {
                throw FormatError(.tooLarge, "the profile has more than \(maxNodes) frames (max-profile-size)")
            }
            try take(128)
            symbols.stacks.append(parent: parent, location: location)
            values.append(0)
        }
        return node
    }

    /// What was collected, as a profile of one sample type; `scale` is what values are multiplied by.
    func profile(
        type: ValueType, periodType: ValueType?, scale: Int64, time: Int64
    ) throws(FormatError) -> DecodedProfile {
        let columns = try columns(scaledBy: scale)
        var profile = DecodedProfile(
            sampleTypes: [type], periodType: periodType, time: time, symbols: symbols,
            groups: columns.count == 0 ? [] : [SampleGroup(labels: [], columns: [columns])])
        profile.salvage = salvage
        return profile
    }

    private func columns(scaledBy scale: Int64) throws(FormatError) -> SampleColumns {
        var columns = SampleColumns()
        for (node, value) in values.enumerated() where value > 0 {
            let (scaled, overflow) = value.multipliedReportingOverflow(by: scale)
            guard !overflow else {
                throw FormatError(.invalid, "a count times its period does not fit 64 bits: \(value) × \(scale)")
            }
            guard scaled > 0 else { continue }
            columns.stacks.append(UInt32(node))
            columns.values.append(scaled)
        }
        return columns
    }
}
