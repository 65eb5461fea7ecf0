import Model

/// The functions, places and stacks of a recording, each once by content, whatever chunk it came from.
struct JFRSymbols {
    private(set) var table = SymbolTable()
    private var functions: [Text: UInt32] = [:]
    private var places = EdgeTable()
    private var edges = EdgeTable()
    private let maxNameBytes: Int
    /// Names are made of parts that many methods share, so their sum is not bounded by the size of a recording.
    private var budget = 64 << 20

    init(limits: PprofLimits) {
        maxNameBytes = limits.maxSymbolBytes > 0 ? limits.maxSymbolBytes : .max
    }

    /// Accounts for bytes that were copied.
    mutating func spend(_ byteCount: Int) throws(FormatError) {
        budget -= byteCount
        guard budget > 0 else { throw FormatError(.tooLarge, "jfr: the names of all methods take more than 64 MiB") }
    }

    /// The function of a name; a name that is too long keeps its tail.
    mutating func function(_ name: [UInt8]) throws(FormatError) -> UInt32 {
        try spend(name.count)
        let name = Text(utf8: name.count > maxNameBytes ? Self.tail(name, maxNameBytes) : name)
        if let known = functions[name] { return known }
        let index = UInt32(table.functions.count)
        let text = table.strings.append(name.utf8)
        table.functions.append(Function(name: text, systemName: text))
        functions[name] = index
        return index
    }

    /// The place of a line in a function.
    mutating func location(_ function: UInt32, line: UInt32) -> UInt32 {
        let next = UInt32(table.locations.count)
        let location = places.find(function, line, orInsert: next)
        if location == next {
            table.locations.append(Location(firstLine: UInt32(table.lines.count), lineCount: 1))
            table.lines.append(Line(function: function, line: Int64(line)))
        }
        return location
    }

    /// The stack that goes on from another to a place.
    mutating func stack(_ parent: UInt32, _ location: UInt32) -> UInt32 {
        let next = UInt32(table.stacks.count)
        let node = edges.find(parent, location, orInsert: next)
        if node == next { table.stacks.append(parent: parent, location: location) }
        return node
    }

    /// The last bytes of a name, not beginning within a character.
    private static func tail(_ name: [UInt8], _ count: Int) -> [UInt8] {
        Array(name.suffix(count).drop { $0 & 0xc0 == 0x80 })
    }
}
