import Wire

/// A pprof by field numbers, in which everything can be wrong (github.com/google/pprof, proto/profile.proto).
struct PprofBytes {
    struct Sample {
        var stack: [UInt64] = [1]
        var values: [Int64] = [5]
        var labels: [(key: UInt64, text: UInt64)] = []
    }

    /// Indices of texts: 1 is `cpu`, 2 `nanoseconds`, 3 `main`, 4 `region`, 5 `eu`.
    var strings: [[UInt8]] = ["", "cpu", "nanoseconds", "main", "region", "eu"].map { Array($0.utf8) }
    var types: [(UInt64, UInt64)] = [(1, 2)]
    var samples = [Sample()]
    var locations: [(id: UInt64, function: UInt64)] = [(1, 1)]
    var functions: [(id: UInt64, name: UInt64)] = [(1, 3)]
    var periodType: (UInt64, UInt64)?
    var time: Int64 = 1_700_000_000_000_000_000

    /// The encoding of what a change makes of the standard profile: one sample of 5 in `main`.
    static func encoded(_ change: (inout PprofBytes) -> Void = { _ in }) -> [UInt8] {
        var profile = PprofBytes()
        change(&profile)
        return profile.encoded
    }

    private var encoded: [UInt8] {
        var bytes: [UInt8] = []
        func numbers(_ values: [(Int, UInt64)], _ bytes: inout [UInt8]) {
            for (field, value) in values {
                ProtobufWriter.key(field, .varint, to: &bytes)
                ProtobufWriter.varint(value, to: &bytes)
            }
        }
        for type in types { ProtobufWriter.message(1, to: &bytes) { numbers([(1, type.0), (2, type.1)], &$0) } }
        for sample in samples {
            ProtobufWriter.message(2, to: &bytes) { bytes in
                numbers(sample.stack.map { (1, $0) } + sample.values.map { (2, UInt64(bitPattern: $0)) }, &bytes)
                for label in sample.labels {
                    ProtobufWriter.message(3, to: &bytes) { numbers([(1, label.key), (2, label.text)], &$0) }
                }
            }
        }
        for location in locations {
            ProtobufWriter.message(4, to: &bytes) { bytes in
                numbers([(1, location.id)], &bytes)
                ProtobufWriter.message(4, to: &bytes) { numbers([(1, location.function)], &$0) }
            }
        }
        for function in functions {
            ProtobufWriter.message(5, to: &bytes) { numbers([(1, function.id), (2, function.name)], &$0) }
        }
        for string in strings { ProtobufWriter.field(6, string, to: &bytes) }
        numbers([(9, UInt64(bitPattern: time))], &bytes)
        if let periodType {
            ProtobufWriter.message(11, to: &bytes) { numbers([(1, periodType.0), (2, periodType.1)], &$0) }
        }
        return bytes
    }
}
