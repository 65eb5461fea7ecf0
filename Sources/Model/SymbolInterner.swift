/// Brings the stacks of many symbol tables into one, each string, function, location and stack once.
///
/// What is equal by content gets one id, whatever its index was in the table that it came from.
public struct SymbolInterner: Sendable {
    /// Everything that was interned.
    public private(set) var table: SymbolTable
    private var strings: [Text: UInt32] = [:]
    private var functions: [Function: UInt32] = [:]
    private var mappings: [Mapping: UInt32] = [:]
    private var locations: [LocationContent: UInt32] = [:]
    private var edges = EdgeTable()

    private struct LocationContent: Hashable, Sendable {
        var mapping: UInt32
        var address: UInt64
        var isFolded: Bool
        var lines: [Line]
    }

    /// Makes an interner with an empty table.
    public init() {
        table = SymbolTable()
        strings[.empty] = 0
        mappings[Mapping()] = 0
    }

    /// Goes on with a table that was filled before, whose contents are each there once.
    ///
    /// The table must be consistent.
    public init(continuing table: SymbolTable) {
        self.table = table
        for index in 0..<table.strings.count { strings[table.strings[index]] = UInt32(index) }
        for (index, function) in table.functions.enumerated() { functions[function] = UInt32(index) }
        for (index, mapping) in table.mappings.enumerated() { mappings[mapping] = UInt32(index) }
        for (index, location) in table.locations.enumerated() {
            let content = LocationContent(
                mapping: location.mapping, address: location.address, isFolded: location.isFolded,
                lines: Array(table.lines[location.lineRange]))
            locations[content] = UInt32(index)
        }
        for node in 1..<max(table.stacks.count, 1) {
            _ = edges.find(table.stacks.parents[node], table.stacks.locations[node], orInsert: UInt32(node))
        }
    }

    /// Interns the given stacks of a table; `result[i]` is the new id of `stacks[i]`.
    ///
    /// Only what these stacks need is brought over. The table must be consistent.
    public mutating func intern(_ stacks: [UInt32], of other: SymbolTable) -> [UInt32] {
        let parents = other.stacks.parents
        let count = parents.count
        var needed = [Bool](repeating: false, count: count)
        for stack in stacks where Int(stack) < count { needed[Int(stack)] = true }
        for node in stride(from: count - 1, to: 0, by: -1) where needed[node] { needed[Int(parents[node])] = true }

        var knownStrings = [UInt32](repeating: .max, count: other.strings.count)
        var knownFunctions = [UInt32](repeating: .max, count: other.functions.count)
        var knownMappings = [UInt32](repeating: .max, count: other.mappings.count)
        var knownLocations = [UInt32](repeating: .max, count: other.locations.count)

        func string(_ index: UInt32) -> UInt32 {
            if knownStrings[Int(index)] == .max { knownStrings[Int(index)] = intern(other.strings[index]) }
            return knownStrings[Int(index)]
        }
        func function(_ index: UInt32) -> UInt32 {
            if knownFunctions[Int(index)] == .max {
                var function = other.functions[Int(index)]
                function.name = string(function.name)
                function.systemName = string(function.systemName)
                function.filename = string(function.filename)
                knownFunctions[Int(index)] = intern(function)
            }
            return knownFunctions[Int(index)]
        }
        func mapping(_ index: UInt32) -> UInt32 {
            if knownMappings[Int(index)] == .max {
                var mapping = other.mappings[Int(index)]
                mapping.filename = string(mapping.filename)
                mapping.buildID = string(mapping.buildID)
                knownMappings[Int(index)] = intern(mapping)
            }
            return knownMappings[Int(index)]
        }
        func location(_ index: UInt32) -> UInt32 {
            if knownLocations[Int(index)] == .max {
                let location = other.locations[Int(index)]
                let lines = other.lines[location.lineRange].map { Line(function: function($0.function), line: $0.line) }
                knownLocations[Int(index)] = intern(
                    LocationContent(
                        mapping: mapping(location.mapping), address: location.address, isFolded: location.isFolded,
                        lines: lines))
            }
            return knownLocations[Int(index)]
        }

        var nodes = [UInt32](repeating: 0, count: count)
        for node in 1..<max(count, 1) where needed[node] {
            nodes[node] = child(of: nodes[Int(parents[node])], at: location(other.stacks.locations[node]))
        }
        return stacks.map { Int($0) < count ? nodes[Int($0)] : 0 }
    }

    /// The id of a text in the table.
    public mutating func intern(_ text: Text) -> UInt32 {
        if let known = strings[text] { return known }
        let index = table.strings.append(text.utf8)
        strings[text] = index
        return index
    }

    /// The id of a function whose texts are ids of this table.
    public mutating func intern(_ function: Function) -> UInt32 {
        if let known = functions[function] { return known }
        let index = UInt32(table.functions.count)
        table.functions.append(function)
        functions[function] = index
        return index
    }

    /// The id of a mapping whose texts are ids of this table.
    public mutating func intern(_ mapping: Mapping) -> UInt32 {
        if let known = mappings[mapping] { return known }
        let index = UInt32(table.mappings.count)
        table.mappings.append(mapping)
        mappings[mapping] = index
        return index
    }

    /// The id of a location whose mapping and functions are ids of this table.
    public mutating func internLocation(
        mapping: UInt32 = 0, address: UInt64 = 0, isFolded: Bool = false, lines: [Line]
    ) -> UInt32 {
        intern(LocationContent(mapping: mapping, address: address, isFolded: isFolded, lines: lines))
    }

    /// The child of a stack at a location of this table.
    public mutating func child(of parent: UInt32, at location: UInt32) -> UInt32 {
        let next = UInt32(table.stacks.count)
        let node = edges.find(parent, location, orInsert: next)
        if node == next { table.stacks.append(parent: parent, location: location) }
        return node
    }

    private mutating func intern(_ content: LocationContent) -> UInt32 {
        if let known = locations[content] { return known }
        let index = UInt32(table.locations.count)
        table.locations.append(
            Location(
                mapping: content.mapping, address: content.address, firstLine: UInt32(table.lines.count),
                lineCount: UInt32(content.lines.count), isFolded: content.isFolded))
        table.lines.append(contentsOf: content.lines)
        locations[content] = index
        return index
    }
}
