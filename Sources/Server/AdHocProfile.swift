import Formats
import Model
import Wire

/// An uploaded file: a flame graph for each of its sample types, whatever format it has.
struct AdHocProfile {
    struct Part {
        let type: ValueType
        let tree: CallTree
    }

    let parts: [Part]

    /// Finds the format and reads the file; the error is one line.
    init(_ bytes: [UInt8], limits: PprofLimits) throws(FormatError) {
        if bytes.first(where: { !Self.isBlank($0) }) == UInt8(ascii: "{") {
            parts = [try Self.flamebearer(bytes)]
        } else if Gzip.isGzip(bytes) || !Text(utf8: bytes).isValidUTF8 || !bytes.allSatisfy(Self.isText) {
            parts = try Self.parts(
                of: try Pprof.normalise(
                    try Pprof.read(bytes, limits: limits), limits: limits, language: .unknown, series: "{}"))
        } else {
            parts = try Self.parts(
                of: try TextProfile.decode(
                    bytes, as: .groups, type: ValueType(type: "samples", unit: "count"), periodType: nil, scale: 1,
                    time: 0, limits: limits))
        }
        guard !parts.isEmpty else { throw FormatError(.invalid, "the file holds no samples") }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

    private static func isText(_ byte: UInt8) -> Bool { byte >= 0x20 || isBlank(byte) }

    private static func parts(of profile: DecodedProfile) throws(FormatError) -> [Part] {
        // One tree of names for all groups, of which there may be as many as samples.
        let named = NamedStacks(profile.symbols)
        return profile.sampleTypes.indices.map { index in
            var builder = CallTreeBuilder()
            for group in profile.groups {
                builder.add(stacks: group.columns[index].stacks, values: group.columns[index].values, named: named)
            }
            return Part(type: profile.sampleTypes[index], tree: builder.finish())
        }
    }

    /// Reads the JSON that `/pyroscope/render` writes: boxes of offset, total, self and name, level by level.
    private static func flamebearer(_ bytes: [UInt8]) throws(FormatError) -> Part {
        let document: JSONValue
        do throws(WireError) {
            document = try JSONValue(parsing: bytes)
        } catch {
            throw FormatError(.unreadable, "the file is no JSON: \(error)")
        }
        guard let bearer = document["flamebearer"], let names = bearer["names"]?.elements,
            let levels = bearer["levels"]?.elements
        else { throw FormatError(.unreadable, "the file is no flame graph: flamebearer.names and .levels are missing") }
        guard document["metadata"]?["format"]?.text ?? "single" == "single" else {
            throw FormatError(.invalid, "the file holds two flame graphs laid over each other: upload one of them")
        }
        var boxes = FlamebearerBoxes()
        for (depth, level) in levels.enumerated() {
            let numbers = (level.elements ?? []).map { $0.integer ?? -1 }
            guard numbers.count % 4 == 0, !numbers.contains(where: { $0 < 0 }) else {
                throw FormatError(.invalid, "flamebearer.levels[\(depth)] does not hold boxes of four counts")
            }
            boxes.beginLevel()
            for box in stride(from: 0, to: numbers.count, by: 4) {
                guard numbers[box + 3] < Int64(names.count), let name = names[Int(numbers[box + 3])].text else {
                    throw FormatError(.invalid, "flamebearer.levels[\(depth)] names a function that is not there")
                }
                try boxes.add(offset: numbers[box], total: numbers[box + 1], own: numbers[box + 2], name: name)
            }
        }
        let name = document["metadata"]?["name"]?.text ?? "samples"
        let units = document["metadata"]?["units"]?.text ?? "samples"
        return Part(type: ValueType(type: name.isEmpty ? "samples" : name, unit: units), tree: boxes.finish())
    }
}
