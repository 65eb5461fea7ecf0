import Wire

/// A pprof under construction: sample types, stacks of names (leaf first, as in pprof) and labels, encoded by field number.
///
/// The schema is that of github.com/google/pprof, proto/profile.proto.
struct PprofWriter {
    struct Sample {
        var locations: [UInt64]
        var values: [Int64]
        var labels: [(key: String, text: String?, number: Int64)] = []
    }

    var strings = [""]
    var types: [(String, String)] = [("cpu", "nanoseconds")]
    var periodType: (String, String)? = ("cpu", "nanoseconds")
    var samples: [Sample] = []
    /// Each location's lines as functions, leaf first; its id is its index and 1.
    var locations: [[(function: UInt64, line: Int64)]] = []
    /// Names; a function's id is its index and 1.
    var functions: [String] = []
    var time: Int64 = 1_700_000_000_000_000_000
    /// Raw bytes behind everything else.
    var tail: [UInt8] = []

    mutating func string(_ text: String) -> UInt64 {
        if let known = strings.firstIndex(of: text) { return UInt64(known) }
        strings.append(text)
        return UInt64(strings.count - 1)
    }

    /// A sample of a stack of names, leaf first.
    mutating func add(_ names: [String], _ values: [Int64], labels: [(String, String)] = []) {
        let stack = names.map { name -> UInt64 in
            if let known = functions.firstIndex(of: name) { return UInt64(known + 1) }
            functions.append(name)
            locations.append([(UInt64(functions.count), Int64(functions.count))])
            return UInt64(functions.count)
        }
        samples.append(
            Sample(locations: stack, values: values, labels: labels.map { (key: $0.0, text: $0.1, number: 0) }))
    }

    func encoded() -> [UInt8] {
        var me = self
        var bytes: [UInt8] = []
        func number(_ field: Int, _ value: UInt64, _ bytes: inout [UInt8]) {
            ProtobufWriter.key(field, .varint, to: &bytes)
            ProtobufWriter.varint(value, to: &bytes)
        }
        func pair(_ field: Int, _ pair: (String, String)) {
            let (type, unit) = (me.string(pair.0), me.string(pair.1))
            ProtobufWriter.message(field, to: &bytes) { bytes in
                number(1, type, &bytes)
                number(2, unit, &bytes)
            }
        }
        for type in types { pair(1, type) }
        for sample in samples {
            let labels = sample.labels.map { (me.string($0.key), $0.text.map { me.string($0) } ?? 0, $0.number) }
            ProtobufWriter.message(2, to: &bytes) { bytes in
                for location in sample.locations { number(1, location, &bytes) }
                for value in sample.values { number(2, UInt64(bitPattern: value), &bytes) }
                for label in labels {
                    ProtobufWriter.message(3, to: &bytes) { bytes in
                        number(1, label.0, &bytes)
                        number(2, label.1, &bytes)
                        number(3, UInt64(bitPattern: label.2), &bytes)
                    }
                }
            }
        }
        for (index, lines) in locations.enumerated() {
            ProtobufWriter.message(4, to: &bytes) { bytes in
                number(1, UInt64(index + 1), &bytes)
                for line in lines {
                    ProtobufWriter.message(4, to: &bytes) { bytes in
                        number(1, line.function, &bytes)
                        number(2, UInt64(bitPattern: line.line), &bytes)
                    }
                }
            }
        }
        for (index, name) in functions.enumerated() {
            let text = me.string(name)
            ProtobufWriter.message(5, to: &bytes) { bytes in
                number(1, UInt64(index + 1), &bytes)
                number(2, text, &bytes)
            }
        }
        if let periodType { pair(11, periodType) }
        number(9, UInt64(bitPattern: time), &bytes)
        for text in me.strings { ProtobufWriter.field(6, Array(text.utf8), to: &bytes) }
        return bytes + tail
    }
}
