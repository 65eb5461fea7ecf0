import Glibc
import Model

extension DotGraph.Place {
    /// Everything that is known, for tooltips.
    var title: Text {
        Text(parts(name: name.string, file: file.string).joined(separator: " "))
    }

    /// The lines that a node shows: the short name, broken at its dots and colons, and below it the file.
    var label: [String] {
        let short = DotGraph.escaped(ShortFunctionName.of(name).string)
        // Go's `[...]` for type arguments is no path.
        let broken = short.replacing("::", with: "\\n").replacing("[...]", with: "[…]").replacing(".", with: "\\n")
        return parts(name: broken, file: DotGraph.escaped(file.lastPathComponent.string))
    }

    private func parts(name: String, file: String) -> [String] {
        var parts: [String] = []
        if address != 0 {
            let digits = String(address, radix: 16)
            parts.append(String(repeating: "0", count: 16 - digits.count) + digits)
        }
        if !name.isEmpty { parts.append(name) }
        if line != 0 {
            parts.append("\(file):\(line)")
        } else if !file.isEmpty {
            parts.append(file)
        } else if name.isEmpty {
            parts.append(object.isEmpty ? "<unknown>" : "[\(DotGraph.escaped(object.lastPathComponent.string))]")
        }
        return parts
    }
}

extension DotGraph {
    /// The graph as text; empty if there is nothing to draw.
    public var text: [UInt8] {
        guard !nodes.isEmpty else { return [] }
        let name = Self.escaped(binary.string)
        var lines = [
            "digraph \"\(name.isEmpty ? "unnamed" : name)\" {", "node [style=filled fillcolor=\"#f8f8f8\"]", legend,
        ]
        let largest = max(nodes.reduce(0) { max($0, $1.flat) }, 1)
        for (index, node) in nodes.enumerated() { lines.append(line(of: node, number: index + 1, largest)) }
        for edge in sortedEdges(edges.keys) { lines.append(line(of: edge)) }
        lines.append("}\n")
        return Array(lines.joined(separator: "\n").utf8)
    }

    private var legend: String {
        let shown = nodes.reduce(Int64(0)) { $0.saturatingAdd($1.flat) }
        var labels = ["Type: \(Self.escaped(type.string))"]
        if !binary.isEmpty { labels.insert("File: \(Self.escaped(binary.string))", at: 0) }
        labels.append(
            "Showing nodes accounting for \(format(shown)), \(percent(shown)) of \(format(total)) total")
        if nodes.count < placeCount { labels.append("Showing top \(nodes.count) nodes out of \(placeCount)") }
        return "subgraph cluster_L { \"\(labels[0])\" [shape=box fontsize=16 label=\""
            + labels.map { "\($0)\\l" }.joined() + "\"] }"
    }

    private func line(of node: Node, number: Int, _ largest: Int64) -> String {
        var label = node.place.label.map { "\($0)\\n" }.joined()
        label += node.flat == 0 ? "0" : "\(format(node.flat)) (\(percent(node.flat)))"
        if node.cumulative != node.flat {
            label += "\(node.flat == 0 ? " " : "\\n")of \(format(node.cumulative)) (\(percent(node.cumulative)))"
        }
        let size = 8 + Int((16 * (Double(node.flat) / Double(largest)).squareRoot()).rounded(.up))
        return "N\(number) [label=\"\(label)\" id=\"node\(number)\" fontsize=\(size) shape=box "
            + "tooltip=\"\(Self.escaped(node.title.string)) (\(format(node.cumulative)))\" "
            + "color=\"\(color(node.cumulative, saturation: 1, brightness: 0.7))\" "
            + "fillcolor=\"\(color(node.cumulative, saturation: 0.1, brightness: 0.93))\"]"
    }

    private func line(of edge: Edge) -> String {
        let weight = edges[edge] ?? Weight()
        let share = total > 0 ? Double(weight.value) / Double(total) : 0
        let value = format(weight.value)
        let arrow = weight.isResidual ? "..." : "->"
        let tooltip =
            "\"\(Self.escaped(nodes[edge.caller].title.string)) \(arrow) "
            + "\(Self.escaped(nodes[edge.callee].title.string)) (\(value))\""
        let label = weight.isInlined ? "\(value)\\n (inline)" : value
        return "N\(edge.caller + 1) -> N\(edge.callee + 1) [label=\" \(label)\""
            + (share >= 0.01 ? " weight=\(1 + Int(share * 100))" : "")
            + (share >= 0.2 ? " penwidth=\(1 + Int(share * 5))" : "")
            + " color=\"\(color(weight.value, saturation: 1, brightness: 0.7))\""
            + " tooltip=\(tooltip) labeltooltip=\(tooltip)\(weight.isResidual ? " style=\"dotted\"" : "")]"
    }

    /// Two digits after the point, or two that say something where the share is below one percent.
    private func percent(_ value: Int64) -> String {
        guard total > 0, value > 0 else { return "0%" }
        let percent = Double(value) / Double(total) * 100
        if percent >= 99.95 { return "100%" }
        if percent >= 1 { return "\(Self.decimal(percent, digits: 2))%" }
        let digits = 1 - Int(log10(percent).rounded(.down))
        var text = Self.decimal(percent, digits: digits)
        while text.last == "0" { text.removeLast() }
        return "\(text)%"
    }

    /// Scales times and sizes to a unit that can be read.
    private func format(_ value: Int64) -> String {
        let factors: [Text: Double] = [
            "nanoseconds": 1, "microseconds": 1e3, "milliseconds": 1e6, "seconds": 1e9, "bytes": 1,
        ]
        guard let factor = factors[unit] else { return "\(value)" }
        let units: [(size: Double, name: String)] =
            unit == "bytes"
            ? [(1_099_511_627_776, "TB"), (1_073_741_824, "GB"), (1_048_576, "MB"), (1024, "kB"), (1, "B")]
            : [(3600e9, "hrs"), (60e9, "mins"), (1e9, "s"), (1e6, "ms"), (1e3, "us"), (1, "ns")]
        let base = Double(value) * factor
        guard let scale = units.first(where: { base >= $0.size }) else { return "\(value)" }
        let text = Self.decimal(base / scale.size, digits: 2)
        return (text.hasSuffix(".00") ? String(text.dropLast(3)) : text) + scale.name
    }

    /// A number that is not negative, with so many digits after the point.
    private static func decimal(_ value: Double, digits: Int) -> String {
        let scale = pow(10, Double(digits))
        guard let scaled = Int64(exactly: (value * scale).rounded()), let unit = Int64(exactly: scale) else {
            return "\(value)"
        }
        let fraction = String(scaled % unit)
        return "\(scaled / unit)." + String(repeating: "0", count: max(digits - fraction.count, 0)) + fraction
    }

    /// From grey to red with the share of the total.
    private func color(_ value: Int64, saturation: Double, brightness: Double) -> String {
        let share = total > 0 ? min(max(Double(value) / Double(total), 0), 1) : 0
        // What is next to nothing is grey and not yellow.
        let saturation = share < 0.2 ? saturation * share / 0.2 : saturation
        let hex = { (part: Double) in
            let text = String(Int(part * 255), radix: 16)
            return text.count == 1 ? "0\(text)" : text
        }
        return "#" + hex(brightness) + hex(brightness * (1 - saturation * pow(share, 0.3)))
            + hex(brightness * (1 - saturation))
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
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

extension Text {
    /// What follows the last slash.
    var lastPathComponent: Text {
        utf8.lastIndex(of: UInt8(ascii: "/")).map { Text(utf8: utf8[($0 + 1)...]) } ?? self
    }
}
