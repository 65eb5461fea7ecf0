import Model

extension DecodedProfile {
    /// Keeps the largest samples of each type and folds the others, so that no total changes.
    ///
    /// A folded sample becomes part of a frame `other` below the deepest frame that it shares with a kept sample: totals of kept
    /// frames stay exact, and no frame is given a self value that it never had. Folded samples lose their spans and traces.
    /// Afterwards a type has at most `limit` samples; 0 is no limit.
    public mutating func fold(to limit: Int) {
        guard limit > 0, sampleTypes.indices.contains(where: { count(of: $0) > limit }) else { return }
        stackHashes = nil
        shareBeginnings()
        foldGroups(to: max(limit / 4, 1))
        var others = OtherFrames()
        for type in sampleTypes.indices where count(of: type) > limit {
            fold(type, to: limit, &others)
        }
    }

    /// Gives equal beginnings of stacks the same nodes, so that what two samples share can be seen.
    private mutating func shareBeginnings() {
        var tree = StackTree()
        var edges = EdgeTable()
        var nodes = [UInt32](repeating: 0, count: symbols.stacks.count)
        for node in 1..<max(nodes.count, 1) {
            let parent = nodes[Int(symbols.stacks.parents[node])]
            let location = symbols.stacks.locations[node]
            let next = UInt32(tree.count)
            nodes[node] = edges.find(parent, location, orInsert: next)
            if nodes[node] == next { tree.append(parent: parent, location: location) }
        }
        symbols.stacks = tree
        for group in groups.indices {
            for type in groups[group].columns.indices {
                var columns = groups[group].columns[type]
                columns.stacks = columns.stacks.map { nodes[Int($0)] }
                let order = columns.stacks.indices.sorted { (columns.stacks[$0], $0) < (columns.stacks[$1], $1) }
                groups[group].columns[type] = Self.selected(order, of: columns)
            }
        }
    }

    private func count(of type: Int) -> Int { groups.reduce(0) { $0 + $1.columns[type].count } }

    /// Adds the groups with the smallest values to the one without labels.
    private mutating func foldGroups(to limit: Int) {
        guard groups.count > limit else { return }
        let weights = groups.map { group in
            group.columns.map { Double($0.total) }.max() ?? 0
        }
        let ranked = groups.indices.filter { !groups[$0].labels.isEmpty }.sorted { weights[$0] > weights[$1] }
        let kept = Set(ranked.prefix(limit - 1))
        let folded = groups.indices.filter { !kept.contains($0) }
        salvage.note(.seriesCount, count: ranked.count - kept.count, "\(groups.count) sets of labels")
        let rest = sampleTypes.indices.map { type in
            SampleColumns.merging(folded.map { groups[$0].columns[type] })
        }
        groups = groups.indices.filter(kept.contains).map { groups[$0] } + [SampleGroup(labels: [], columns: rest)]
    }

    private struct Place: Hashable {
        var group: Int
        var node: UInt32
    }

    private mutating func fold(_ type: Int, to limit: Int, _ others: inout OtherFrames) {
        let count = count(of: type)
        // What is folded needs samples of its own: one for each group at least, more where there is room.
        let room = max(min(limit / 2, max(count - limit, groups.count)), 1)
        var rows: [(group: Int, row: Int, value: Int64)] = []
        rows.reserveCapacity(count)
        for (group, content) in groups.enumerated() {
            for (row, value) in content.columns[type].values.enumerated() { rows.append((group, row, value)) }
        }
        rows.sort { ($1.value, $0.group, $0.row) < ($0.value, $1.group, $1.row) }
        let keptCount = max(limit - room, 0)
        let folded = rows[keptCount...]
        salvage.note(.sampleCount, count: folded.count, "\(count) samples, the limit is \(limit)")

        // First below the nearest kept frame, then, where those are too many, below the nearest with a large rest.
        let kept = rows[..<keptCount].map { row in
            Place(group: row.group, node: groups[row.group].columns[type].stacks[row.row])
        }
        var rests = gathered(
            folded.map { row in
                (Place(group: row.group, node: groups[row.group].columns[type].stacks[row.row]), row.value)
            }, below: kept, withAncestors: true)
        if rests.count > room {
            let largest = rests.sorted {
                ($1.value, $0.key.group, $0.key.node) < ($0.value, $1.key.group, $1.key.node)
            }
            let anchors = largest.prefix(max(room - groups.count, 0)).map(\.key)
            rests = gathered(largest.map { ($0.key, $0.value) }, below: anchors, withAncestors: false)
        }

        var keptRows = groups.map { _ in [Int]() }
        for row in rows[..<keptCount] { keptRows[row.group].append(row.row) }
        var parts = groups.indices.map { group in
            Self.selected(keptRows[group].sorted(), of: groups[group].columns[type])
        }
        for (place, value) in rests.sorted(by: { ($0.key.group, $0.key.node) < ($1.key.group, $1.key.node) }) {
            let node = others.node(below: place.node, &symbols)
            parts[place.group].stacks.append(node)
            parts[place.group].values.append(value)
            if !parts[place.group].spans.isEmpty { parts[place.group].spans.append(0) }
            if !parts[place.group].traces.isEmpty { parts[place.group].traces.append(.none) }
        }
        // A frame `other` may have been made for another group or type before, so their order is not that of their parents.
        for group in groups.indices {
            let part = parts[group]
            let order = part.stacks.indices.sorted {
                (part.stacks[$0], $0) < (part.stacks[$1], $1)
            }
            groups[group].columns[type] = Self.selected(order, of: part)
        }
    }

    /// Sums values at the nearest of some nodes at or above their own; the root is always one.
    private func gathered(
        _ values: [(Place, Int64)], below anchors: [Place], withAncestors: Bool
    ) -> [Place: Int64] {
        // For each node the group for which its nearest anchor is known, and that anchor.
        var owner = [Int](repeating: -1, count: symbols.stacks.count)
        var nearest = [UInt32](repeating: 0, count: symbols.stacks.count)
        let anchorsOf = Dictionary(grouping: anchors, by: \.group)
        var sums: [Place: Int64] = [:]
        for (group, values) in Dictionary(grouping: values, by: \.0.group) {
            owner[0] = group
            nearest[0] = 0
            for anchor in anchorsOf[group] ?? [] {
                var node = anchor.node
                while owner[Int(node)] != group {
                    owner[Int(node)] = group
                    nearest[Int(node)] = node
                    guard withAncestors else { break }
                    node = symbols.stacks.parents[Int(node)]
                }
            }
            var path: [UInt32] = []
            for (place, value) in values {
                path.removeAll(keepingCapacity: true)
                var node = place.node
                while owner[Int(node)] != group {
                    path.append(node)
                    node = symbols.stacks.parents[Int(node)]
                }
                let anchor = nearest[Int(node)]
                for node in path {
                    owner[Int(node)] = group
                    nearest[Int(node)] = anchor
                }
                let sum = Place(group: group, node: anchor)
                sums[sum] = (sums[sum] ?? 0).saturatingAdd(value)
            }
        }
        return sums
    }

    private static func selected(_ rows: [Int], of columns: SampleColumns) -> SampleColumns {
        SampleColumns(
            stacks: rows.map { columns.stacks[$0] }, values: rows.map { columns.values[$0] },
            spans: columns.spans.isEmpty ? [] : rows.map { columns.spans[$0] },
            traces: columns.traces.isEmpty ? [] : rows.map { columns.traces[$0] })
    }
}

/// The frames `other` of a profile, one below each node that needs one.
private struct OtherFrames {
    private var location: UInt32?
    private var nodes: [UInt32: UInt32] = [:]

    mutating func node(below parent: UInt32, _ symbols: inout SymbolTable) -> UInt32 {
        if let known = nodes[parent] { return known }
        let place = location ?? Self.add(to: &symbols)
        location = place
        let node = symbols.stacks.append(parent: parent, location: place)
        nodes[parent] = node
        return node
    }

    private static func add(to symbols: inout SymbolTable) -> UInt32 {
        let name = symbols.strings.append(CallTree.otherName.utf8)
        symbols.functions.append(Function(name: name, systemName: name))
        symbols.lines.append(Line(function: UInt32(symbols.functions.count - 1)))
        symbols.locations.append(Location(firstLine: UInt32(symbols.lines.count - 1), lineCount: 1))
        return UInt32(symbols.locations.count - 1)
    }
}
