import Formats
import Glibc
import Model
import Wire

/// One CPU profile of the fleet, written in every format that is taken.
struct FormatSamples {
    /// Stacks from root to leaf, as names.
    private let stacks: [[[UInt8]]]
    private let counts: [Int64]
    private let profile: DrawnProfile
    private let code: ServiceCode

    init(_ profile: DrawnProfile, of code: ServiceCode) {
        self.profile = profile
        self.code = code
        stacks = profile.stacks.map { stack in
            code.stacks[stack].reversed().flatMap { location in
                // Inlined calls come innermost first.
                code.locations[Int(location)].lines.reversed().map { code.texts[code.functions[$0.function].name] }
            }
        }
        counts = stride(from: 0, to: profile.values.count, by: 2).map { profile.values[$0] }
    }

    var pprof: [UInt8] { PprofEncoder.encode(profile, of: code) }

    private func joined(_ stack: [[UInt8]]) -> [UInt8] { Array(stack.joined(separator: [UInt8(ascii: ";")])) }

    var groups: [UInt8] {
        zip(stacks, counts).flatMap { joined($0) + Array(" \($1)\n".utf8) }
    }

    var lines: [UInt8] {
        zip(stacks, counts).flatMap { stack, count in
            let line = joined(stack) + [0x0a]
            return (0..<count).flatMap { _ in line }
        }
    }

    /// A prefix tree of frames, or of the bytes between two branches.
    private struct Node {
        var name: [UInt8]
        var value: UInt64 = 0
        var children: [Int] = []
    }

    var tree: [UInt8] {
        var nodes = [Node(name: [])]
        var known: [[UInt8]: [Int: Int]] = [:]
        for (stack, count) in zip(stacks, counts) {
            var at = 0
            for name in stack {
                if let child = known[name]?[at] {
                    at = child
                } else {
                    nodes.append(Node(name: name))
                    nodes[at].children.append(nodes.count - 1)
                    known[name, default: [:]][at] = nodes.count - 1
                    at = nodes.count - 1
                }
            }
            nodes[at].value += UInt64(count)
        }
        return Self.write(nodes)
    }

    var trie: [UInt8] {
        let keys = zip(stacks, counts).map { (key: joined($0), value: UInt64($1)) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        var nodes = [Node(name: [])]
        // What stands below one node, from an offset in the keys on.
        var open: [(node: Int, range: Range<Int>, offset: Int)] = [(0, 0..<keys.count, 0)]
        while let (node, range, offset) = open.popLast() {
            var at = range.lowerBound
            while at < range.upperBound {
                if keys[at].key.count == offset {
                    nodes[node].value += keys[at].value
                    at += 1
                    continue
                }
                var end = at + 1
                while end < range.upperBound && keys[end].key[offset] == keys[at].key[offset] { end += 1 }
                let (first, last) = (keys[at].key, keys[end - 1].key)
                var length = offset
                while length < min(first.count, last.count) && first[length] == last[length] { length += 1 }
                nodes.append(Node(name: Array(first[offset..<length])))
                nodes[node].children.append(nodes.count - 1)
                open.append((nodes.count - 1, at..<end, length))
                at = end
            }
        }
        return Self.write(nodes)
    }

    private static func write(_ nodes: [Node]) -> [UInt8] {
        var bytes: [UInt8] = []
        var open = [0]
        while let index = open.popLast() {
            let node = nodes[index]
            ProtobufWriter.varint(UInt64(node.name.count), to: &bytes)
            bytes += node.name
            ProtobufWriter.varint(node.value, to: &bytes)
            ProtobufWriter.varint(UInt64(node.children.count), to: &bytes)
            open += node.children.reversed()
        }
        return bytes
    }

    var speedscope: [UInt8] {
        var indices: [[UInt8]: Int] = [:]
        var frames: [String] = []
        let samples = stacks.map { stack in
            let numbers = stack.map { name in
                if let known = indices[name] { return "\(known)" }
                indices[name] = frames.count
                frames.append("{\"name\":\"\(String(decoding: name, as: UTF8.self))\"}")
                return "\(frames.count - 1)"
            }
            return "[\(numbers.joined(separator: ","))]"
        }
        let text =
            "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\"shared\":{\"frames\":["
            + "\(frames.joined(separator: ","))]},\"profiles\":[{\"type\":\"sampled\",\"name\":\"cpu\",\"unit\":\"none\","
            + "\"startValue\":0,\"endValue\":\(counts.reduce(0, +)),\"samples\":[\(samples.joined(separator: ","))],"
            + "\"weights\":[\(counts.map { "\($0)" }.joined(separator: ","))]}]}"
        return Array(text.utf8)
    }

    /// An OTLP request with one profile, as opentelemetry-proto 1.10 writes it.
    var otlp: [UInt8] {
        var strings: [[UInt8]] = [[]]
        var indices: [[UInt8]: UInt64] = [[]: 0]
        func text(_ utf8: [UInt8]) -> UInt64 {
            if let known = indices[utf8] { return known }
            indices[utf8] = UInt64(strings.count)
            strings.append(utf8)
            return UInt64(strings.count - 1)
        }
        func type(_ type: String, _ unit: String) -> [UInt8] {
            var bytes: [UInt8] = []
            number(1, text(Array(type.utf8)), &bytes)
            number(2, text(Array(unit.utf8)), &bytes)
            return bytes
        }
        var record: [UInt8] = []
        ProtobufWriter.field(1, type("samples", "count"), to: &record)
        for (index, count) in counts.enumerated() {
            ProtobufWriter.message(2, to: &record) { sample in
                number(1, UInt64(index + 1), &sample)
                var values: [UInt8] = []
                ProtobufWriter.varint(UInt64(count), to: &values)
                ProtobufWriter.field(4, values, to: &sample)
            }
        }
        ProtobufWriter.key(3, .fixed64, to: &record)
        ProtobufWriter.fixed64(UInt64(profile.time), to: &record)
        ProtobufWriter.field(5, type("cpu", "nanoseconds"), to: &record)
        number(6, 10_000_000, &record)

        var dictionary: [UInt8] = []
        for _ in 0..<2 { ProtobufWriter.field(1, [] as [UInt8], to: &dictionary) }
        ProtobufWriter.field(2, [] as [UInt8], to: &dictionary)
        // Only what the samples need, as exporters do.
        var places: [UInt32: UInt64] = [:]
        var locations: [UInt32] = []
        for place in profile.stacks.flatMap({ code.stacks[$0] }) where places[place] == nil {
            locations.append(place)
            places[place] = UInt64(locations.count)
        }
        var functionIDs: [Int: UInt64] = [:]
        var functions: [Int] = []
        for location in locations.map({ code.locations[Int($0)] }) {
            ProtobufWriter.message(2, to: &dictionary) { entry in
                number(1, 1, &entry)
                number(2, location.address, &entry)
                for line in location.lines {
                    if functionIDs[line.function] == nil {
                        functions.append(line.function)
                        functionIDs[line.function] = UInt64(functions.count)
                    }
                    ProtobufWriter.message(3, to: &entry) { bytes in
                        number(1, functionIDs[line.function] ?? 0, &bytes)
                        number(2, UInt64(line.line), &bytes)
                    }
                }
            }
        }
        ProtobufWriter.field(3, [] as [UInt8], to: &dictionary)
        for function in functions.map({ code.functions[$0] }) {
            ProtobufWriter.message(3, to: &dictionary) { entry in
                number(1, text(code.texts[function.name]), &entry)
                number(3, text(code.texts[function.file]), &entry)
                number(4, UInt64(function.startLine), &entry)
            }
        }
        ProtobufWriter.field(4, [] as [UInt8], to: &dictionary)
        for string in strings { ProtobufWriter.field(5, string, to: &dictionary) }
        ProtobufWriter.field(6, [] as [UInt8], to: &dictionary)
        ProtobufWriter.field(7, [] as [UInt8], to: &dictionary)
        for stack in profile.stacks {
            ProtobufWriter.message(7, to: &dictionary) { entry in
                var packed: [UInt8] = []
                for location in code.stacks[stack] { ProtobufWriter.varint(places[location] ?? 0, to: &packed) }
                ProtobufWriter.field(1, packed, to: &entry)
            }
        }
        var request: [UInt8] = []
        ProtobufWriter.message(1, to: &request) { resource in
            ProtobufWriter.message(1, to: &resource) { attributes in
                ProtobufWriter.message(1, to: &attributes) { attribute in
                    ProtobufWriter.field(1, Array("service.name".utf8), to: &attribute)
                    ProtobufWriter.message(2, to: &attribute) {
                        ProtobufWriter.field(1, Array("frontend".utf8), to: &$0)
                    }
                }
            }
            ProtobufWriter.message(2, to: &resource) { ProtobufWriter.field(2, record, to: &$0) }
        }
        ProtobufWriter.field(2, dictionary, to: &request)
        return request
    }

    private func number(_ field: Int, _ value: UInt64, _ bytes: inout [UInt8]) {
        ProtobufWriter.key(field, .varint, to: &bytes)
        ProtobufWriter.varint(value, to: &bytes)
    }

    /// A recording with an event for each time that a stack was seen.
    var jfr: [UInt8] {
        JFRSample.encode(stacks: stacks, counts: counts)
    }
}
