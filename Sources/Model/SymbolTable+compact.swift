extension SymbolTable {
    /// A table that holds only what some stacks need, and the stacks' ids in it; all things stay in their order.
    ///
    /// Unlike ``SymbolInterner`` it compares nothing: what is there twice stays there twice. The table must be consistent.
    public func compacted(to wanted: [UInt32]) -> (table: SymbolTable, stacks: [UInt32]) {
        var places = Places(self)
        for stack in wanted where Int(stack) < stacks.count { places.stacks[Int(stack)] = 0 }
        for node in stride(from: stacks.count - 1, to: 0, by: -1) where places.stacks[node] == 0 {
            places.stacks[Int(stacks.parents[node])] = 0
            places.locations[Int(stacks.locations[node])] = 0
        }
        for (index, location) in locations.enumerated() where places.locations[index] == 0 {
            places.mappings[Int(location.mapping)] = 0
            for line in lines[location.lineRange] { places.functions[Int(line.function)] = 0 }
        }
        func use(_ string: UInt32) { places.strings[Int(string)] = 0 }
        for (index, function) in functions.enumerated() where places.functions[index] == 0 {
            use(function.name)
            use(function.systemName)
            use(function.filename)
        }
        for (index, mapping) in mappings.enumerated() where places.mappings[index] == 0 {
            use(mapping.filename)
            use(mapping.buildID)
        }
        let table = copy(&places)
        return (table, wanted.map { Int($0) < stacks.count ? places.stacks[Int($0)] : 0 })
    }

    /// For each thing of a table 0 if it is needed, and later where it went; the largest number if it is not needed.
    private struct Places {
        var strings: [UInt32]
        var functions: [UInt32]
        var mappings: [UInt32]
        var locations: [UInt32]
        var stacks: [UInt32]

        init(_ table: SymbolTable) {
            func none(_ count: Int) -> [UInt32] { [UInt32](repeating: .max, count: count) }
            strings = none(table.strings.count)
            functions = none(table.functions.count)
            mappings = none(table.mappings.count)
            locations = none(table.locations.count)
            stacks = none(table.stacks.count)
            // Every table begins with these.
            strings[0] = 0
            mappings[0] = 0
            stacks[0] = 0
        }
    }

    private func copy(_ places: inout Places) -> SymbolTable {
        var table = SymbolTable()
        for index in 1..<max(strings.count, 1) where places.strings[index] == 0 {
            places.strings[index] = strings.withBytes(index) { table.strings.append($0) }
        }
        for (index, function) in functions.enumerated() where places.functions[index] == 0 {
            places.functions[index] = UInt32(table.functions.count)
            table.functions.append(
                Function(
                    name: places.strings[Int(function.name)], systemName: places.strings[Int(function.systemName)],
                    filename: places.strings[Int(function.filename)], startLine: function.startLine))
        }
        for (index, mapping) in mappings.enumerated() where places.mappings[index] == 0 {
            var mapping = mapping
            mapping.filename = places.strings[Int(mapping.filename)]
            mapping.buildID = places.strings[Int(mapping.buildID)]
            if index == 0 {
                table.mappings[0] = mapping
                continue
            }
            places.mappings[index] = UInt32(table.mappings.count)
            table.mappings.append(mapping)
        }
        for (index, location) in locations.enumerated() where places.locations[index] == 0 {
            places.locations[index] = UInt32(table.locations.count)
            var own = location
            own.mapping = places.mappings[Int(location.mapping)]
            own.firstLine = UInt32(table.lines.count)
            table.locations.append(own)
            for line in lines[location.lineRange] {
                table.lines.append(Line(function: places.functions[Int(line.function)], line: line.line))
            }
        }
        for node in 1..<max(stacks.count, 1) where places.stacks[node] == 0 {
            places.stacks[node] = table.stacks.append(
                parent: places.stacks[Int(stacks.parents[node])],
                location: places.locations[Int(stacks.locations[node])])
        }
        return table
    }
}

extension TextTable {
    /// The index of a text, which is added where it is not there.
    public mutating func index(of text: Text) -> UInt32 {
        for index in 0..<count where equals(index, text.utf8) { return UInt32(index) }
        return append(text.utf8)
    }
}
