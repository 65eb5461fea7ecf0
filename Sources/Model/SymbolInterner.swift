/// Brings the stacks of many symbol tables into one, each string, function, location and stack once.
///
/// What is equal by content gets one id, whatever its index was in the table that it came from. Its indices hold nothing but
/// ids: contents are compared in the table itself.
public struct SymbolInterner: Sendable {
    /// Everything that was interned.
    public private(set) var table: SymbolTable
    private var strings = ContentIndex()
    private var functions = ContentIndex()
    private var mappings = ContentIndex()
    private var locations = ContentIndex()
    private var stacks = ContentIndex()
    private let mixer = ContentHash.Mixer()

    /// Makes an interner with an empty table.
    public init() {
        self.init(continuing: SymbolTable())
    }

    /// Goes on with a table that was filled before, whose contents are each there once.
    ///
    /// The table must be consistent.
    public init(continuing table: SymbolTable) {
        self.table = table
        for index in 0..<table.strings.count {
            strings.insert(UInt32(index), hash: table.strings.withBytes(index) { hash($0) })
        }
        for (index, function) in table.functions.enumerated() { functions.insert(UInt32(index), hash: hash(function)) }
        for (index, mapping) in table.mappings.enumerated() { mappings.insert(UInt32(index), hash: hash(mapping)) }
        for (index, location) in table.locations.enumerated() {
            locations.insert(UInt32(index), hash: hash(location, table.lines[location.lineRange]))
        }
        for node in 1..<max(table.stacks.count, 1) {
            stacks.insert(UInt32(node), hash: hash(table.stacks.parents[node], table.stacks.locations[node]))
        }
    }

    /// About how many bytes the table and its indices take.
    public var byteCount: Int {
        table.byteCount + strings.byteCount + functions.byteCount + mappings.byteCount + locations.byteCount
            + stacks.byteCount
    }

    /// Interns the given stacks of a table; `result[i]` is the new id of `stacks[i]`.
    ///
    /// Only what these stacks need is brought over. The table must be consistent.
    public mutating func intern(_ stacks: [UInt32], of other: SymbolTable) -> [UInt32] {
        var transfer = Transfer(of: other)
        return intern(stacks, of: other, &transfer)
    }

    /// The same for a table of which some stacks were interned before; what they share is not looked at again.
    public mutating func intern(_ stacks: [UInt32], of other: SymbolTable, _ transfer: inout Transfer) -> [UInt32] {
        let parents = other.stacks.parents
        var interned: [UInt32] = []
        interned.reserveCapacity(stacks.count)
        var chain: [UInt32] = []
        for stack in stacks {
            guard Int(stack) < parents.count else {
                interned.append(0)
                continue
            }
            var node = stack
            while transfer.nodes[Int(node)] == .max {
                chain.append(node)
                node = parents[Int(node)]
            }
            var id = transfer.nodes[Int(node)]
            while let next = chain.popLast() {
                id = child(of: id, at: location(other.stacks.locations[Int(next)], of: other, &transfer.known))
                transfer.nodes[Int(next)] = id
            }
            interned.append(id)
        }
        return interned
    }

    /// What has been brought over from one table.
    public struct Transfer: Sendable {
        fileprivate var known: KnownSymbols
        /// The id of each stack, or the largest number.
        fileprivate var nodes: [UInt32]

        /// Begins with nothing.
        public init(of table: SymbolTable) {
            known = KnownSymbols(table)
            nodes = [UInt32](repeating: .max, count: max(table.stacks.count, 1))
            nodes[0] = 0
        }
    }

    /// What has been brought over from one table; the largest number stands for nothing yet.
    fileprivate struct KnownSymbols: Sendable {
        var strings: [UInt32]
        var functions: [UInt32]
        var mappings: [UInt32]
        var locations: [UInt32]

        init(_ table: SymbolTable) {
            strings = [UInt32](repeating: .max, count: table.strings.count)
            functions = [UInt32](repeating: .max, count: table.functions.count)
            mappings = [UInt32](repeating: .max, count: table.mappings.count)
            locations = [UInt32](repeating: .max, count: table.locations.count)
        }
    }

    private mutating func string(_ index: UInt32, of other: SymbolTable, _ known: inout KnownSymbols) -> UInt32 {
        if known.strings[Int(index)] == .max {
            known.strings[Int(index)] = other.strings.withBytes(Int(index)) { intern($0) }
        }
        return known.strings[Int(index)]
    }

    private mutating func function(_ index: UInt32, of other: SymbolTable, _ known: inout KnownSymbols) -> UInt32 {
        if known.functions[Int(index)] == .max {
            var function = other.functions[Int(index)]
            function.name = string(function.name, of: other, &known)
            function.systemName = string(function.systemName, of: other, &known)
            function.filename = string(function.filename, of: other, &known)
            known.functions[Int(index)] = intern(function)
        }
        return known.functions[Int(index)]
    }

    private mutating func mapping(_ index: UInt32, of other: SymbolTable, _ known: inout KnownSymbols) -> UInt32 {
        if known.mappings[Int(index)] == .max {
            var mapping = other.mappings[Int(index)]
            mapping.filename = string(mapping.filename, of: other, &known)
            mapping.buildID = string(mapping.buildID, of: other, &known)
            known.mappings[Int(index)] = intern(mapping)
        }
        return known.mappings[Int(index)]
    }

    private mutating func location(_ index: UInt32, of other: SymbolTable, _ known: inout KnownSymbols) -> UInt32 {
        if known.locations[Int(index)] == .max {
            let location = other.locations[Int(index)]
            var lines: [Line] = []
            for line in other.lines[location.lineRange] {
                lines.append(Line(function: function(line.function, of: other, &known), line: line.line))
            }
            known.locations[Int(index)] = internLocation(
                mapping: mapping(location.mapping, of: other, &known), address: location.address,
                isFolded: location.isFolded, lines: lines)
        }
        return known.locations[Int(index)]
    }

    /// The id of a text in the table.
    public mutating func intern(_ text: Text) -> UInt32 {
        text.utf8.withUnsafeBufferPointer { intern($0) }
    }

    private mutating func intern(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        let hash = hash(bytes)
        if let known = strings.find(hash, where: { table.strings.equals(Int($0), bytes) }) { return known }
        let index = table.strings.append(bytes)
        strings.insert(index, hash: hash)
        return index
    }

    /// The id of a function whose texts are ids of this table.
    public mutating func intern(_ function: Function) -> UInt32 {
        let hash = hash(function)
        if let known = functions.find(hash, where: { table.functions[Int($0)] == function }) { return known }
        let index = UInt32(table.functions.count)
        table.functions.append(function)
        functions.insert(index, hash: hash)
        return index
    }

    /// The id of a mapping whose texts are ids of this table.
    public mutating func intern(_ mapping: Mapping) -> UInt32 {
        let hash = hash(mapping)
        if let known = mappings.find(hash, where: { table.mappings[Int($0)] == mapping }) { return known }
        let index = UInt32(table.mappings.count)
        table.mappings.append(mapping)
        mappings.insert(index, hash: hash)
        return index
    }

    /// The id of a location whose mapping and functions are ids of this table.
    public mutating func internLocation(
        mapping: UInt32 = 0, address: UInt64 = 0, isFolded: Bool = false, lines: [Line]
    ) -> UInt32 {
        let location = Location(
            mapping: mapping, address: address, firstLine: UInt32(table.lines.count), lineCount: UInt32(lines.count),
            isFolded: isFolded)
        let hash = hash(location, lines[...])
        let known = locations.find(hash) { index in
            let other = table.locations[Int(index)]
            return other.mapping == mapping && other.address == address && other.isFolded == isFolded
                && table.lines[other.lineRange].elementsEqual(lines)
        }
        if let known { return known }
        let index = UInt32(table.locations.count)
        table.locations.append(location)
        table.lines.append(contentsOf: lines)
        locations.insert(index, hash: hash)
        return index
    }

    /// The child of a stack at a location of this table.
    public mutating func child(of parent: UInt32, at location: UInt32) -> UInt32 {
        let hash = hash(parent, location)
        let known = stacks.find(hash) {
            table.stacks.parents[Int($0)] == parent && table.stacks.locations[Int($0)] == location
        }
        if let known { return known }
        let node = table.stacks.append(parent: parent, location: location)
        stacks.insert(node, hash: hash)
        return node
    }

    private func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        UInt32(truncatingIfNeeded: mixer.bytes(bytes).low)
    }

    private func hash(_ function: Function) -> UInt32 {
        var hash = mixer.mix(.seed, UInt64(function.name) << 32 | UInt64(function.systemName))
        hash = mixer.mix(hash, UInt64(function.filename))
        return UInt32(truncatingIfNeeded: mixer.mix(hash, UInt64(bitPattern: function.startLine)).low)
    }

    private func hash(_ mapping: Mapping) -> UInt32 {
        var hash = mixer.mix(.seed, UInt64(mapping.filename) << 32 | UInt64(mapping.buildID))
        hash = mixer.mix(hash, mapping.start)
        hash = mixer.mix(hash, mapping.limit)
        hash = mixer.mix(hash, mapping.fileOffset)
        return UInt32(truncatingIfNeeded: mixer.mix(hash, UInt64(mapping.flags)).low)
    }

    private func hash(_ location: Location, _ lines: ArraySlice<Line>) -> UInt32 {
        var hash = mixer.mix(.seed, UInt64(location.mapping) << 1 | (location.isFolded ? 1 : 0))
        hash = mixer.mix(hash, location.address)
        for line in lines {
            hash = mixer.mix(hash, UInt64(line.function))
            hash = mixer.mix(hash, UInt64(bitPattern: line.line))
        }
        return UInt32(truncatingIfNeeded: hash.low)
    }

    private func hash(_ parent: UInt32, _ location: UInt32) -> UInt32 {
        UInt32(truncatingIfNeeded: mixer.mix(.seed, UInt64(parent) << 32 | UInt64(location)).low)
    }
}

/// Finds ids by the hash of what they stand for; the contents lie elsewhere, so a candidate is asked whether it is the one.
struct ContentIndex: Sendable {
    private struct Slot: Sendable {
        var hash: UInt32
        /// The id, or the largest number where the slot is free.
        var id: UInt32
    }

    private var slots = [Slot](repeating: Slot(hash: 0, id: .max), count: 16)
    private var count = 0

    var byteCount: Int { slots.count * MemoryLayout<Slot>.stride }

    @inline(__always)
    func find(_ hash: UInt32, where isWanted: (UInt32) -> Bool) -> UInt32? {
        let mask = slots.count - 1
        var index = Int(hash) & mask
        while slots[index].id != .max {
            if slots[index].hash == hash && isWanted(slots[index].id) { return slots[index].id }
            index = (index + 1) & mask
        }
        return nil
    }

    mutating func insert(_ id: UInt32, hash: UInt32) {
        if count * 2 >= slots.count {
            let old = slots
            slots = [Slot](repeating: Slot(hash: 0, id: .max), count: old.count * 2)
            for slot in old where slot.id != .max { place(slot) }
        }
        place(Slot(hash: hash, id: id))
        count += 1
    }

    private mutating func place(_ slot: Slot) {
        let mask = slots.count - 1
        var index = Int(slot.hash) & mask
        while slots[index].id != .max { index = (index + 1) & mask }
        slots[index] = slot
    }
}
