public import Model

/// A merged profile as a call graph in Graphviz' DOT language, in the shape that google/pprof's reports have.
///
/// There is one node for each function name and one edge for each pair of a caller and a callee. Nodes beyond the limit are left
/// out, the smallest first; an edge over such nodes is drawn dotted.
public struct DotGraph: Sendable {
    private struct Node {
        let name: Text
        var flat: Int64 = 0
        var cumulative: Int64 = 0
    }

    private struct Edge: Hashable {
        let caller: Int
        let callee: Int
    }

    private struct Weight {
        var value: Int64 = 0
        var isResidual = false
    }

    private var nodes: [Node] = []
    private var edges: [Edge: Weight] = [:]
    private var total: Int64 = 0
    private var functionCount = 0
    private let unit: Text

    /// The number of nodes where a request names none.
    public static let defaultNodes = 100

    /// Builds the graph of totals per stack; `unit` is that of the totals, `maxNodes` the most nodes, 0 or less for the default.
    public init(symbols: SymbolTable, stacks: [UInt32], totals: [Int64], unit: Text, maxNodes: Int = 0) {
        self.unit = unit
        let limit = maxNodes > 0 ? maxNodes : Self.defaultNodes
        var all: [Node] = []
        var indices: [Text: Int] = [:]
        var nodeOfFunction = [Int](repeating: -1, count: symbols.functions.count)
        // Frames of a stack, root first, as nodes.
        func frames(_ stack: UInt32) -> [Int] {
            var leafFirst: [Int] = []
            var node = Int(stack)
            while node != 0 {
                for line in symbols.lines[symbols.locations[Int(symbols.stacks.locations[node])].lineRange] {
                    let function = Int(line.function)
                    if nodeOfFunction[function] < 0 {
                        let name = symbols.strings[symbols.functions[function].name]
                        nodeOfFunction[function] =
                            indices[name]
                            ?? {
                                all.append(Node(name: name))
                                indices[name] = all.count - 1
                                return all.count - 1
                            }()
                    }
                    leafFirst.append(nodeOfFunction[function])
                }
                node = Int(symbols.stacks.parents[node])
            }
            return leafFirst.reversed()
        }

        var lastStack = [Int](repeating: -1, count: symbols.functions.count)
        for (index, stack) in stacks.enumerated() {
            let path = frames(stack)
            guard let leaf = path.last else { continue }
            all[leaf].flat = all[leaf].flat.saturatingAdd(totals[index])
            total = total.saturatingAdd(totals[index])
            for node in path where lastStack[node] != index {
                lastStack[node] = index
                all[node].cumulative = all[node].cumulative.saturatingAdd(totals[index])
            }
        }
        functionCount = all.count

        let order = all.indices.sorted {
            all[$0].cumulative != all[$1].cumulative
                ? all[$0].cumulative > all[$1].cumulative
                : all[$0].flat != all[$1].flat ? all[$0].flat > all[$1].flat : all[$0].name < all[$1].name
        }.prefix(limit)
        var place = [Int](repeating: -1, count: all.count)
        for node in order {
            place[node] = nodes.count
            nodes.append(all[node])
        }

        for (index, stack) in stacks.enumerated() {
            var seen: Set<Edge> = []
            var caller = -1
            var skipped = false
            for node in frames(stack) {
                guard place[node] >= 0 else {
                    skipped = true
                    continue
                }
                let edge = Edge(caller: caller, callee: place[node])
                if caller >= 0 && seen.insert(edge).inserted {
                    edges[edge, default: Weight()].value = edges[edge, default: Weight()].value
                        .saturatingAdd(totals[index])
                    if skipped { edges[edge, default: Weight()].isResidual = true }
                }
                caller = place[node]
                skipped = false
            }
        }
    }

    /// The graph as text; empty if there is nothing to draw.
    public var text: [UInt8] {
        guard !nodes.isEmpty else { return [] }
        let shown = nodes.reduce(Int64(0)) { $0.saturatingAdd($1.flat) }
        var lines = [
            "digraph \"unnamed\" {", "node [style=filled fillcolor=\"#f8f8f8\"]",
            "subgraph cluster_L { \"Total: \(format(total))\" [shape=box fontsize=16 label=\""
                + "Showing nodes accounting for \(format(shown)), \(percent(shown)) of \(format(total)) total\\l"
                + "Showing top \(nodes.count) nodes out of \(functionCount)\\l\"] }",
        ]
        let maxFlat = max(nodes.reduce(0) { max($0, $1.flat) }, 1)
        for (index, node) in nodes.enumerated() {
            let name = escaped(node.name)
            let size = 8 + Int((16 * (Double(node.flat) / Double(maxFlat)).squareRoot()).rounded(.up))
            var label = "\(name)\\n\(format(node.flat)) (\(percent(node.flat)))"
            if node.cumulative != node.flat {
                label += "\\nof \(format(node.cumulative)) (\(percent(node.cumulative)))"
            }
            lines.append(
                "N\(index + 1) [label=\"\(label)\" id=\"node\(index + 1)\" fontsize=\(size) shape=box "
                    + "tooltip=\"\(name) (\(format(node.cumulative)))\" color=\"\(color(node.cumulative, 0.7))\" "
                    + "fillcolor=\"\(color(node.cumulative, 0.93))\"]")
        }
        let ordered = edges.sorted {
            $0.value.value != $1.value.value
                ? $0.value.value > $1.value.value
                : ($0.key.caller, $0.key.callee) < ($1.key.caller, $1.key.callee)
        }
        for (edge, weight) in ordered {
            let share = total > 0 ? Double(weight.value) / Double(total) : 0
            let style = weight.isResidual ? " style=\"dotted\"" : ""
            let tooltip =
                "\(escaped(nodes[edge.caller].name)) -> \(escaped(nodes[edge.callee].name)) (\(format(weight.value)))"
            lines.append(
                "N\(edge.caller + 1) -> N\(edge.callee + 1) [label=\" \(format(weight.value))\" "
                    + "weight=\(1 + Int(share * 100)) penwidth=\(1 + Int(share * 5)) "
                    + "color=\"\(color(weight.value, 0.7))\" tooltip=\"\(tooltip)\" labeltooltip=\"\(tooltip)\"\(style)]"
            )
        }
        lines.append("}\n")
        return Array(lines.joined(separator: "\n").utf8)
    }

    private func percent(_ value: Int64) -> String {
        guard total > 0 else { return "0%" }
        let hundredths = Int((Double(value) / Double(total) * 10_000).rounded())
        let fraction = hundredths % 100
        return fraction == 0
            ? "\(hundredths / 100)%" : "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)%"
    }

    /// Scales nanoseconds and bytes to a unit that can be read.
    private func format(_ value: Int64) -> String {
        let units: [(size: Double, name: String)]
        switch unit {
        case "nanoseconds": units = [(3600e9, "hrs"), (60e9, "mins"), (1e9, "s"), (1e6, "ms"), (1e3, "us"), (1, "ns")]
        case "bytes":
            units = [(1_099_511_627_776, "TB"), (1_073_741_824, "GB"), (1_048_576, "MB"), (1024, "kB"), (1, "B")]
        default: return "\(value)"
        }
        guard let scale = units.first(where: { Double(value) >= $0.size }) else { return "\(value)" }
        let hundredths = Int((Double(value) / scale.size * 100).rounded())
        let fraction = hundredths % 100
        return fraction == 0
            ? "\(hundredths / 100)\(scale.name)"
            : "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)\(scale.name)"
    }

    /// From grey to red with the share of the total; `light` is the brightness of the ground.
    private func color(_ value: Int64, _ light: Double) -> String {
        let share = total > 0 ? min(max(Double(value) / Double(total), 0), 1).squareRoot() : 0
        let hex = { (part: Double) in
            let text = String(Int((part * 255).rounded()), radix: 16)
            return text.count == 1 ? "0\(text)" : text
        }
        return "#" + hex(light) + hex(light * (1 - 0.3 * share)) + hex(light * (1 - 0.4 * share))
    }

    private func escaped(_ text: Text) -> String {
        var result = ""
        for scalar in text.string.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\l"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
