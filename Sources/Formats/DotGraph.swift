import Glibc
public import Model

/// A merged profile as a call graph in Graphviz' DOT language, in the shape that google/pprof's reports have.
///
/// A node is a place in code: a function with its file, line and address as far as they are known. There is one edge for each
/// pair of a caller and a callee, none from a place to itself. Of more nodes than the limit those stay whose edges tell most; an
/// edge over nodes that went is drawn dotted, and left out where another way leads from its caller to its callee.
public struct DotGraph: Sendable {
    /// What tells nodes apart.
    struct Place: Hashable {
        var name: Text = .empty
        var file: Text = .empty
        var line: Int64 = 0
        var address: UInt64 = 0
        /// The binary, where that is all there is.
        var object: Text = .empty
    }

    struct Node {
        let place: Place
        let title: Text
        var flat: Int64 = 0
        var cumulative: Int64 = 0
    }

    struct Edge: Hashable {
        let caller: Int
        let callee: Int
    }

    struct Weight {
        var value: Int64 = 0
        /// Whether it leads over nodes that went.
        var isResidual = false
        /// Whether all its calls are inlined.
        var isInlined = true

        mutating func add(_ total: Int64, isResidual: Bool, isInlined: Bool) {
            value = value.saturatingAdd(total)
            if isResidual { self.isResidual = true }
            if !isInlined { self.isInlined = false }
        }
    }

    /// A frame of a stack: its node, and whether the compiler put it into its caller.
    private struct Frame {
        let node: Int
        let isInlined: Bool
    }

    private(set) var nodes: [Node] = []
    private(set) var edges: [Edge: Weight] = [:]
    private(set) var total: Int64 = 0
    /// The number of nodes before some went.
    private(set) var placeCount = 0
    /// The binary that the graph is named after.
    private(set) var binary: Text = .empty
    let type: Text
    let unit: Text

    /// The number of nodes where a request names none.
    public static let defaultNodes = 100

    /// Builds the graph of totals per stack.
    ///
    /// `type` and `unit` are those of the totals, `maxNodes` the most nodes, 0 or less for the default.
    public init(
        symbols: SymbolTable, stacks: [UInt32], totals: [Int64], type: Text, unit: Text, maxNodes: Int = 0
    ) {
        self.type = type
        self.unit = unit
        let paths = collect(stacks, totals, symbols)
        placeCount = nodes.count
        edges = paths.edges(stacks, totals) { $0 }

        let limit = maxNodes > 0 ? maxNodes : Self.defaultNodes
        var order = self.order()
        if limit < order.count {
            var place = [Int?](repeating: nil, count: nodes.count)
            for (index, node) in order.prefix(limit).enumerated() { place[node] = index }
            nodes = order.prefix(limit).map { nodes[$0] }
            edges = paths.edges(stacks, totals) { place[$0] }
            order = self.order()
        }
        var place = [Int](repeating: 0, count: nodes.count)
        for (index, node) in order.enumerated() { place[node] = index }
        nodes = order.map { nodes[$0] }
        edges = Dictionary(
            uniqueKeysWithValues: edges.map {
                (Edge(caller: place[$0.key.caller], callee: place[$0.key.callee]), $0.value)
            })
        removeDetours()
    }

    /// Makes a node for each place of the stacks, with what it took itself and with all that it called.
    private mutating func collect(_ stacks: [UInt32], _ totals: [Int64], _ symbols: SymbolTable) -> Paths {
        var known: [Place: Int] = [:]
        var paths = Paths(symbols)
        var lastStack: [Int] = []
        var leafFirst: [Frame] = []
        for (index, stack) in stacks.enumerated() {
            paths.read(stack, into: &leafFirst) { location in
                Self.places(of: location, in: symbols).map { place, isInlined in
                    let node = known[place] ?? nodes.count
                    if node == nodes.count {
                        known[place] = node
                        nodes.append(Node(place: place, title: place.title))
                        lastStack.append(-1)
                    }
                    return Frame(node: node, isInlined: isInlined)
                }
            }
            guard let leaf = leafFirst.first else { continue }
            nodes[leaf.node].flat = nodes[leaf.node].flat.saturatingAdd(totals[index])
            total = total.saturatingAdd(totals[index])
            // A place that calls itself counts once.
            for frame in leafFirst where lastStack[frame.node] != index {
                lastStack[frame.node] = index
                nodes[frame.node].cumulative = nodes[frame.node].cumulative.saturatingAdd(totals[index])
            }
        }
        binary = paths.firstBinary.lastPathComponent
        return paths
    }

    /// The places of a location, the innermost inlined call first; one without functions is its address.
    private static func places(of location: Int, in symbols: SymbolTable) -> [(Place, isInlined: Bool)] {
        let location = symbols.locations[location]
        let object =
            symbols.mappings.indices.contains(Int(location.mapping))
            ? symbols.strings[symbols.mappings[Int(location.mapping)].filename] : .empty
        let lines = symbols.lines[location.lineRange]
        guard !lines.isEmpty else { return [(Place(address: location.address, object: object), false)] }
        return lines.indices.map { index in
            let function = symbols.functions[Int(lines[index].function)]
            var place = Place(
                name: symbols.strings[function.name], file: symbols.strings[function.filename],
                line: lines[index].line, address: location.address)
            if place.name.isEmpty { place.object = object }
            return (place, index + 1 < lines.endIndex)
        }
    }

    /// The nodes, those first that are most worth showing.
    private func order() -> [Int] {
        var incoming = [[Int64]](repeating: [], count: nodes.count)
        var outgoing = incoming
        for (edge, weight) in edges {
            incoming[edge.callee].append(weight.value)
            outgoing[edge.caller].append(weight.value)
        }
        let scores = nodes.indices.map { index in
            let node = nodes[index]
            // Where all comes in and goes out by one edge, a node tells little; beginnings and ends tell much.
            let score =
                (incoming[index].isEmpty ? 1 : Self.entropy(incoming[index], own: 0))
                + (outgoing[index].isEmpty ? 1 : Self.entropy(outgoing[index], own: node.flat))
            return (Int64(exactly: (score * Double(node.cumulative)).rounded(.towardZero)) ?? .max)
                .saturatingAdd(node.flat)
        }
        return nodes.indices.sorted { left, right in
            if scores[left] != scores[right] { return scores[left] > scores[right] }
            if nodes[left].title != nodes[right].title { return nodes[left].title < nodes[right].title }
            return nodes[left].flat != nodes[right].flat ? nodes[left].flat > nodes[right].flat : left < right
        }
    }

    /// How evenly a node's value is spread over edges and the node itself, in bits.
    private static func entropy(_ weights: [Int64], own: Int64) -> Double {
        // Sorted, so that rounding does not hang on the order of a dictionary.
        let parts = (own > 0 ? weights + [own] : weights).sorted().map(Double.init)
        let total = parts.reduce(0, +)
        guard total > 0 else { return 0 }
        return parts.reduce(0) { $1 > 0 ? $0 - $1 / total * log2($1 / total) : $0 }
    }

    /// The most nodes of a graph that is searched for detours; a larger one shows nothing anyway, and would take long.
    private static let mostSearched = 1000

    /// Leaves out dotted edges where another way leads from the caller to the callee.
    private mutating func removeDetours() {
        guard nodes.count <= Self.mostSearched else { return }
        var callers = [Set<Int>](repeating: [], count: nodes.count)
        for edge in edges.keys { callers[edge.callee].insert(edge.caller) }
        for callee in nodes.indices.reversed() {
            let incoming = sortedEdges(callers[callee].map { Edge(caller: $0, callee: callee) })
            for edge in incoming.reversed() {
                // What is lighter than a true call stays, so that nothing looks as if it had gone.
                guard edges[edge]?.isResidual == true else { break }
                guard isReached(from: edge.caller, callee, callers) else { continue }
                edges[edge] = nil
                callers[callee].remove(edge.caller)
            }
        }
    }

    /// Whether calls lead from one node to another by more than the edge between them.
    private func isReached(from caller: Int, _ callee: Int, _ callers: [Set<Int>]) -> Bool {
        var seen = [Bool](repeating: false, count: nodes.count)
        seen[callee] = true
        var waiting = [callee]
        while let node = waiting.popLast() {
            for next in callers[node] where !(node == callee && next == caller) {
                if next == caller { return true }
                if !seen[next] {
                    seen[next] = true
                    waiting.append(next)
                }
            }
        }
        return false
    }

    /// The heaviest first, then by the names of caller and callee.
    func sortedEdges(_ all: some Sequence<Edge>) -> [Edge] {
        all.sorted { left, right in
            let (leftValue, rightValue) = (edges[left]?.value ?? 0, edges[right]?.value ?? 0)
            if leftValue != rightValue { return leftValue > rightValue }
            if left.caller != right.caller, nodes[left.caller].title != nodes[right.caller].title {
                return nodes[left.caller].title < nodes[right.caller].title
            }
            if nodes[left.callee].title != nodes[right.callee].title {
                return nodes[left.callee].title < nodes[right.callee].title
            }
            return (left.caller, left.callee) < (right.caller, right.callee)
        }
    }
}

extension DotGraph {
    /// The frames of stacks, of which only those of each location are kept.
    private struct Paths {
        private let symbols: SymbolTable
        private var framesOfLocation: [[Frame]?]

        init(_ symbols: SymbolTable) {
            self.symbols = symbols
            framesOfLocation = [[Frame]?](repeating: nil, count: symbols.locations.count)
        }

        /// The frames of a stack, leaf first; `make` makes those of a location that was not met before.
        mutating func read(_ stack: UInt32, into leafFirst: inout [Frame], _ make: (Int) -> [Frame]) {
            leafFirst.removeAll(keepingCapacity: true)
            var node = Int(stack)
            while node != 0 {
                let location = Int(symbols.stacks.locations[node])
                let frames = framesOfLocation[location] ?? make(location)
                framesOfLocation[location] = frames
                leafFirst += frames
                node = Int(symbols.stacks.parents[node])
            }
        }

        /// The file of the first mapping that the stacks lead through.
        var firstBinary: Text {
            let used = framesOfLocation.indices.filter { framesOfLocation[$0] != nil }
            let mapping = used.lazy.map { Int(symbols.locations[$0].mapping) }.filter { $0 > 0 }.min()
            guard let mapping, symbols.mappings.indices.contains(mapping) else { return .empty }
            return symbols.strings[symbols.mappings[mapping].filename]
        }

        /// The edges between the nodes that `place` keeps.
        func edges(_ stacks: [UInt32], _ totals: [Int64], _ place: (Int) -> Int?) -> [Edge: Weight] {
            var edges: [Edge: Weight] = [:]
            var seen: Set<Edge> = []
            var leafFirst: [Frame] = []
            var paths = self
            for (stack, total) in zip(stacks, totals) {
                paths.read(stack, into: &leafFirst) { _ in [] }
                seen.removeAll(keepingCapacity: true)
                var caller: Int?
                var isResidual = false
                for frame in leafFirst.reversed() {
                    guard let callee = place(frame.node) else {
                        isResidual = true
                        continue
                    }
                    if let caller, caller != callee {
                        let edge = Edge(caller: caller, callee: callee)
                        if seen.insert(edge).inserted {
                            edges[edge, default: Weight()].add(
                                total, isResidual: isResidual, isInlined: frame.isInlined)
                        }
                    }
                    caller = callee
                    isResidual = false
                }
            }
            return edges
        }
    }
}
