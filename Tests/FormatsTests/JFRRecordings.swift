import Formats
import Model
import Wire

/// Decodes a recording with the settings that most tests share: 100 samples a second, each worth 10 ms.
func decodeJFR(
    _ bytes: [UInt8], labels: [UInt8]? = nil, sampleRate: Int64 = 100, limits: PprofLimits = .pyroscope
) throws -> JFR.Result {
    try JFR.decode(bytes, labels: labels, sampleRate: sampleRate, time: 7, limits: limits)
}

extension JFR.Result {
    /// For each profile type the values of its stacks, all groups together; frames are written root first with their lines.
    var stacks: [String: [String: Int64]] {
        var result: [String: [String: Int64]] = [:]
        for profile in profiles {
            for (type, name) in profile.typeNames.enumerated() {
                for group in profile.profile.groups {
                    let columns = group.columns[type]
                    for (stack, value) in zip(columns.stacks, columns.values) {
                        result[name, default: [:]][profile.profile.symbols.path(stack), default: 0] += value
                    }
                }
            }
        }
        return result
    }

    /// For each set of labels of the CPU profile its total.
    var labelTotals: [String: Int64] {
        var result: [String: Int64] = [:]
        for group in profiles.first(where: { $0.metric == "process_cpu" })?.profile.groups ?? [] {
            result[group.labels.map { "\($0.name)=\($0.value)" }.joined(separator: ","), default: 0] +=
                group.columns[0].total
        }
        return result
    }
}

extension JFR.Profile {
    fileprivate var typeNames: [String] {
        let period = profile.periodType.map { "\($0.type):\($0.unit)" } ?? ":"
        return profile.sampleTypes.map { "\(metric):\($0.type):\($0.unit):\(period)" }
    }
}

extension SymbolTable {
    fileprivate func path(_ stack: UInt32) -> String {
        var frames: [String] = []
        var node = Int(stack)
        while node != 0 {
            let line = lines[locations[Int(stacks.locations[node])].lineRange.lowerBound]
            frames.append("\(strings[functions[Int(line.function)].name]):\(line.line)")
            node = Int(stacks.parents[node])
        }
        return frames.reversed().joined(separator: ";")
    }
}

/// A snapshot of labels as agents write it; texts get the ids 1, 2, 3… in the order in which they occur.
func labelsSnapshot(_ contexts: [UInt64: [(String, String)]], texts: [String] = []) -> [UInt8] {
    var strings = texts
    func id(_ text: String) -> UInt64 {
        if !strings.contains(text) { strings.append(text) }
        return UInt64((strings.firstIndex(of: text) ?? 0) + 1)
    }
    var bytes: [UInt8] = []
    for (context, labels) in contexts.sorted(by: { $0.key < $1.key }) {
        ProtobufWriter.message(1, to: &bytes) { entry in
            ProtobufWriter.key(1, .varint, to: &entry)
            ProtobufWriter.varint(context, to: &entry)
            ProtobufWriter.message(2, to: &entry) { context in
                for (name, value) in labels {
                    ProtobufWriter.message(1, to: &context) { label in
                        ProtobufWriter.key(1, .varint, to: &label)
                        ProtobufWriter.varint(id(name), to: &label)
                        ProtobufWriter.key(2, .varint, to: &label)
                        ProtobufWriter.varint(id(value), to: &label)
                    }
                }
            }
        }
    }
    for (index, text) in strings.enumerated() {
        ProtobufWriter.message(2, to: &bytes) { entry in
            ProtobufWriter.key(1, .varint, to: &entry)
            ProtobufWriter.varint(UInt64(index + 1), to: &entry)
            ProtobufWriter.field(2, Array(text.utf8), to: &entry)
        }
    }
    return bytes
}
