import Model
import Query
import Wire

/// A flame graph, or two laid over each other, in the JSON of Pyroscope's first generation.
struct Flamebearer {
    private let names: [Text]
    private let levels: [ArraySlice<Int64>]
    private let total: Int64
    private let maxSelf: Int64
    private let type: ProfileType
    private var timeline: Timeline?
    private var groups: [(name: Text, timeline: Timeline)]?
    /// Why there is nothing to see, if so.
    var emptyReason: String?
    private var ticks: (left: Int64, right: Int64)?

    init(
        _ graph: FlameGraph, type: ProfileType, timeline: Timeline? = nil,
        groups: [(name: Text, timeline: Timeline)]? = nil
    ) {
        names = Array(graph.names)
        levels = graph.levels
        total = graph.total
        maxSelf = graph.maxSelf
        self.type = type
        self.timeline = timeline
        self.groups = groups
    }

    init(_ diff: FlameGraphDiff, type: ProfileType) {
        names = Array(diff.names)
        levels = diff.levels
        total = diff.total
        maxSelf = diff.maxSelf
        self.type = type
        ticks = (diff.leftTicks, diff.rightTicks)
    }

    /// What the values count, as the first generation names it.
    private var units: Text {
        switch type.sampleType {
        case "inuse_objects", "alloc_objects", "goroutine", "samples": "objects"
        case "cpu": "samples"
        default: type.sampleUnit
        }
    }

    /// The document, with a line feed at its end.
    var json: [UInt8] {
        var json = Array("{\"version\":1,\"flamebearer\":{\"names\":".utf8)
        json += Self.list(names).dropLast()
        json += Array(",\"levels\":[".utf8)
        for (index, level) in levels.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            Self.append(level, to: &json)
        }
        json += Array("],\"numTicks\":\(total),\"maxSelf\":\(maxSelf)},\"metadata\":{\"format\":".utf8)
        json += Array((ticks == nil ? "\"single\"" : "\"double\"").utf8)
        json += Array(
            ",\"spyName\":\"\",\"sampleRate\":\(type.sampleType == "cpu" ? 1_000_000_000 : 100),\"units\":".utf8)
        JSONText.append(units, escapingHTML: true, to: &json)
        json += Array(",\"name\":".utf8)
        JSONText.append(type.sampleType, escapingHTML: true, to: &json)
        json += Array("},\"timeline\":".utf8)
        Self.append(timeline, to: &json)
        json += Array(",\"groups\":".utf8)
        appendGroups(to: &json)
        json += Array(",\"heatmap\":null".utf8)
        if let ticks {
            if ticks.left != 0 { json += Array(",\"leftTicks\":\(ticks.left)".utf8) }
            if ticks.right != 0 { json += Array(",\"rightTicks\":\(ticks.right)".utf8) }
        }
        if let emptyReason {
            json += Array(",\"emptyReason\":".utf8)
            JSONText.append(Text(emptyReason), escapingHTML: true, to: &json)
        }
        json += Array("}\n".utf8)
        return json
    }

    private func appendGroups(to json: inout [UInt8]) {
        guard let groups else {
            json += Array("null".utf8)
            return
        }
        json.append(UInt8(ascii: "{"))
        // Several lines may share the first label that they are grouped by; the reference keeps the last, the smallest.
        let lastOfName = Dictionary(groups.map { ($0.name, $0.timeline) }) { $1 }
        for (index, group) in lastOfName.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            JSONText.append(group.key, escapingHTML: true, to: &json)
            json.append(UInt8(ascii: ":"))
            Self.append(group.value, to: &json)
        }
        json.append(UInt8(ascii: "}"))
    }

    private static func append(_ timeline: Timeline?, to json: inout [UInt8]) {
        guard let timeline else {
            json += Array("null".utf8)
            return
        }
        json += Array("{\"startTime\":\(timeline.startTime),\"samples\":[".utf8)
        for (index, sample) in timeline.samples.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            JSONText.append(sample, to: &json)
        }
        json += Array("],\"durationDelta\":\(timeline.durationDelta),\"watermarks\":null}".utf8)
    }

    private static func append(_ numbers: some Collection<Int64>, to json: inout [UInt8]) {
        json.append(UInt8(ascii: "["))
        for (index, number) in numbers.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            JSONText.append(number, to: &json)
        }
        json.append(UInt8(ascii: "]"))
    }

    /// A JSON list of texts and a line feed; `null` if there are none, as Go writes an absent list.
    static func list(_ texts: [Text]) -> [UInt8] {
        guard !texts.isEmpty else { return Array("null\n".utf8) }
        var json: [UInt8] = [UInt8(ascii: "[")]
        for (index, text) in texts.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            JSONText.append(text, escapingHTML: true, to: &json)
        }
        return json + Array("]\n".utf8)
    }
}
