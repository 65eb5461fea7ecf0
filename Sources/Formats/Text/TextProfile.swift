import Model

/// Decodes the text formats of older clients: one sample type, stacks of names.
public enum TextProfile {
    /// How the stacks are written.
    public enum Format: Sendable, Hashable {
        /// `root;child;leaf 12` on each line; also called collapsed or folded.
        case groups
        /// `root;child;leaf` on each line, counted as 1.
        case lines
        /// A prefix tree of whole stacks.
        case trie
        /// A tree of frames.
        case tree
    }

    /// The longest line of text, in bytes.
    public static let maxLine = 64 * 1024

    /// Reads stacks and multiplies their values by `scale`.
    ///
    /// `time` is when the profile was taken, in nanoseconds. Values that are not positive are left out; a product that cannot be
    /// represented is an error.
    public static func decode(
        _ bytes: [UInt8], as format: Format, type: ValueType, periodType: ValueType?, scale: Int64, time: Int64,
        limits: PprofLimits
    ) throws(FormatError) -> DecodedProfile {
        var stacks = StackCollector()
        switch format {
        case .groups: try readGroups(bytes, into: &stacks)
        case .lines: try readLines(bytes, into: &stacks)
        case .trie: try readTrie(bytes, limits, into: &stacks)
        case .tree: try readTree(bytes, limits, into: &stacks)
        }
        let columns = try stacks.columns(scaledBy: scale)
        return DecodedProfile(
            sampleTypes: [type], periodType: periodType, time: time, symbols: stacks.symbols,
            groups: columns.count == 0 ? [] : [SampleGroup(labels: [], columns: [columns])])
    }

    private static func readGroups(_ bytes: [UInt8], into stacks: inout StackCollector) throws(FormatError) {
        for line in bytes.split(separator: 0x0a) {
            // The reference stops reading at such a line.
            guard line.count <= maxLine else { return }
            let line = line.last == 0x0d ? line.dropLast() : line
            guard let blank = line.lastIndex(of: 0x20) else { continue }
            try stacks.add(joined: line[..<blank], value: try count(line[(blank + 1)...]))
        }
    }

    private static func count(_ digits: ArraySlice<UInt8>) throws(FormatError) -> Int64 {
        let text = String(decoding: digits, as: UTF8.self)
        let unsigned =
            digits.first == UInt8(ascii: "-") || digits.first == UInt8(ascii: "+") ? digits.dropFirst() : digits
        guard !unsigned.isEmpty, unsigned.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw FormatError(.unreadable, "strconv.Atoi: parsing \"\(text)\": invalid syntax")
        }
        guard let value = Int64(text) else {
            throw FormatError(.unreadable, "strconv.Atoi: parsing \"\(text)\": value out of range")
        }
        return value
    }

    private static func readLines(_ bytes: [UInt8], into stacks: inout StackCollector) throws(FormatError) {
        for line in bytes.split(separator: 0x0a) {
            guard line.count <= maxLine else {
                throw FormatError(.unreadable, "a line is longer than \(maxLine) bytes")
            }
            let line = line.last == 0x0d ? line.dropLast() : line
            if !line.isEmpty { try stacks.add(joined: line, value: 1) }
        }
    }

    // MARK: - Binary trees

    private static func uvarint(_ bytes: [UInt8], _ offset: inout Int) throws(FormatError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw FormatError(.unreadable, "malformed number at byte \(offset)")
    }

    private static func name(
        _ bytes: [UInt8], _ offset: inout Int, _ limits: PprofLimits
    ) throws(FormatError) -> ArraySlice<UInt8> {
        let length = try uvarint(bytes, &offset)
        guard limits.maxSymbolBytes <= 0 || length <= UInt64(limits.maxSymbolBytes) else {
            throw FormatError(.tooLarge, "a name is longer than \(limits.maxSymbolBytes) bytes (max-symbol-length)")
        }
        guard length <= UInt64(bytes.count - offset) else {
            throw FormatError(.unreadable, "unexpected end at byte \(offset)")
        }
        defer { offset += Int(length) }
        return bytes[offset..<offset + Int(length)]
    }

    private static func readTrie(
        _ bytes: [UInt8], _ limits: PprofLimits, into stacks: inout StackCollector
    ) throws(FormatError) {
        var offset = 0
        // The length of the key at each open node, and how many children are still to come.
        var open: [(keyLength: Int, left: UInt64)] = []
        var key: [UInt8] = []
        while offset < bytes.count {
            if let last = open.last { key.removeLast(key.count - last.keyLength) }
            if !open.isEmpty { open[open.count - 1].left -= 1 }
            key.append(contentsOf: try name(bytes, &offset, limits))
            guard key.count <= 1 << 20 else { throw FormatError(.tooLarge, "a stack is longer than 1 MiB") }
            let value = try uvarint(bytes, &offset)
            let children = try uvarint(bytes, &offset)
            if value > 0 { try stacks.add(joined: key[...], value: Int64(bitPattern: value)) }
            if children > 0 { open.append((key.count, children)) }
            while open.last?.left == 0 { open.removeLast() }
            if open.isEmpty { break }
        }
        guard open.isEmpty else { throw FormatError(.unreadable, "unexpected end at byte \(offset)") }
    }

    private static func readTree(
        _ bytes: [UInt8], _ limits: PprofLimits, into stacks: inout StackCollector
    ) throws(FormatError) {
        var offset = 0
        var open: [(node: UInt32, left: UInt64)] = []
        var isRoot = true
        while offset < bytes.count {
            let name = try name(bytes, &offset, limits)
            let value = try uvarint(bytes, &offset)
            let children = try uvarint(bytes, &offset)
            guard limits.maxSamples <= 0 || children <= UInt64(limits.maxSamples) else {
                throw FormatError(.tooLarge, "a node has more than \(limits.maxSamples) children (max-profile-samples)")
            }
            var node: UInt32 = 0
            if isRoot {
                isRoot = false
            } else {
                open[open.count - 1].left -= 1
                node = try stacks.child(of: open[open.count - 1].node, named: name)
                stacks.add(Int64(bitPattern: value), to: node)
            }
            if children > 0 { open.append((node, children)) }
            while open.last?.left == 0 { open.removeLast() }
            if open.isEmpty { break }
        }
        guard open.isEmpty else { throw FormatError(.unreadable, "unexpected end at byte \(offset)") }
    }
}

/// Collects stacks of names into a table, one function and location for each distinct name.
struct StackCollector {
    private(set) var symbols = SymbolTable()
    private var locations: [Text: UInt32] = [:]
    private var edges = EdgeTable()
    private var values: [Int64] = [0]

    mutating func add(joined stack: ArraySlice<UInt8>, value: Int64) throws(FormatError) {
        var node: UInt32 = 0
        for frame in stack.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) {
            node = try child(of: node, named: frame)
        }
        add(value, to: node)
    }

    mutating func add(_ value: Int64, to node: UInt32) {
        if value > 0 { values[Int(node)] = values[Int(node)].saturatingAdd(value) }
    }

    mutating func child(of parent: UInt32, named name: ArraySlice<UInt8>) throws(FormatError) -> UInt32 {
        let text = Text(utf8: Array(name))
        let location: UInt32
        if let known = locations[text] {
            location = known
        } else {
            guard text.isValidUTF8 else {
                throw FormatError(
                    .invalid, "a frame's name contains invalid UTF-8: string field contains invalid UTF-8")
            }
            let function = UInt32(symbols.functions.count)
            let index = symbols.strings.append(text.utf8)
            symbols.functions.append(Function(name: index, systemName: index))
            symbols.lines.append(Line(function: function))
            location = UInt32(symbols.locations.count)
            symbols.locations.append(Location(firstLine: function, lineCount: 1))
            locations[text] = location
        }
        let next = UInt32(symbols.stacks.count)
        let node = edges.find(parent, location, orInsert: next)
        if node == next {
            symbols.stacks.append(parent: parent, location: location)
            values.append(0)
        }
        return node
    }

    func columns(scaledBy scale: Int64) throws(FormatError) -> SampleColumns {
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
