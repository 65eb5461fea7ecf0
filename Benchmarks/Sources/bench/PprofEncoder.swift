import CZlib
import Wire

/// What a profile measures.
enum ProfileKind: Int, Sendable, CaseIterable {
    case cpu, heap

    /// `__name__` of its series.
    var metric: String { self == .cpu ? "process_cpu" : "memory" }

    var sampleTypes: [(type: String, unit: String)] {
        switch self {
        case .cpu: [("samples", "count"), ("cpu", "nanoseconds")]
        case .heap:
            [
                ("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"),
                ("inuse_space", "bytes"),
            ]
        }
    }

    var periodType: (type: String, unit: String) { self == .cpu ? ("cpu", "nanoseconds") : ("space", "bytes") }
    var period: Int64 { self == .cpu ? 10_000_000 : 524_288 }

    /// The id of one of its profile types.
    func profileType(_ index: Int) -> String {
        let type = sampleTypes[index]
        return "\(metric):\(type.type):\(type.unit):\(periodType.type):\(periodType.unit)"
    }
}

/// A profile before it is encoded: stacks of a service with a row of values each.
struct DrawnProfile: Sendable {
    var kind: ProfileKind
    var time: Int64
    /// Indices into the service's stacks.
    var stacks: [Int] = []
    /// `sampleTypes.count` numbers for each stack.
    var values: [Int64] = []

    /// Values that a server has to store: those that are not zero.
    var storedValues: Int { values.reduce(0) { $0 + ($1 > 0 ? 1 : 0) } }
    /// The sum of one sample type.
    func total(_ type: Int) -> Int64 {
        stride(from: type, to: values.count, by: kind.sampleTypes.count).reduce(0) { $0 + values[$1] }
    }
}

/// Writes profiles as Go's runtime does: samples, then only those locations, functions and texts that they need.
struct PprofEncoder {
    private let code: ServiceCode
    private var bytes: [UInt8] = []
    private var texts: [[UInt8]] = []
    private var textIDs: [[UInt8]: UInt64] = [:]

    static func encode(_ profile: DrawnProfile, of code: ServiceCode) -> [UInt8] {
        var encoder = PprofEncoder(code: code)
        encoder.write(profile)
        return encoder.bytes
    }

    private init(code: ServiceCode) {
        self.code = code
        bytes.reserveCapacity(192 * 1024)
    }

    private mutating func text(_ utf8: [UInt8]) -> UInt64 {
        if let known = textIDs[utf8] { return known }
        let id = UInt64(texts.count)
        textIDs[utf8] = id
        texts.append(utf8)
        return id
    }

    private mutating func text(_ string: String) -> UInt64 { text(Array(string.utf8)) }

    private static func number(_ field: Int, _ value: UInt64, to bytes: inout [UInt8]) {
        ProtobufWriter.key(field, .varint, to: &bytes)
        ProtobufWriter.varint(value, to: &bytes)
    }

    private mutating func valueType(_ field: Int, _ type: (type: String, unit: String)) {
        var part: [UInt8] = []
        Self.number(1, text(type.type), to: &part)
        Self.number(2, text(type.unit), to: &part)
        ProtobufWriter.field(field, part, to: &bytes)
    }

    private mutating func write(_ profile: DrawnProfile) {
        _ = text("")
        let kind = profile.kind
        for type in kind.sampleTypes { valueType(1, type) }
        var idOfLocation = [UInt32](repeating: 0, count: code.locations.count)
        var locations: [Int] = []
        let width = kind.sampleTypes.count
        let sizeKey = kind == .heap ? text("bytes") : 0
        var part: [UInt8] = []
        var packed: [UInt8] = []
        for (index, stack) in profile.stacks.enumerated() {
            part.removeAll(keepingCapacity: true)
            packed.removeAll(keepingCapacity: true)
            for location in code.stacks[stack] {
                if idOfLocation[Int(location)] == 0 {
                    locations.append(Int(location))
                    idOfLocation[Int(location)] = UInt32(locations.count)
                }
                ProtobufWriter.varint(UInt64(idOfLocation[Int(location)]), to: &packed)
            }
            ProtobufWriter.field(1, packed, to: &part)
            packed.removeAll(keepingCapacity: true)
            let values = profile.values[index * width..<(index + 1) * width]
            for value in values { ProtobufWriter.varint(UInt64(bitPattern: value), to: &packed) }
            ProtobufWriter.field(2, packed, to: &part)
            if kind == .heap, let objects = values.first, let space = values.dropFirst().first, objects > 0 {
                var label: [UInt8] = []
                Self.number(1, sizeKey, to: &label)
                Self.number(3, UInt64(space / objects), to: &label)
                ProtobufWriter.field(3, label, to: &part)
            }
            ProtobufWriter.field(2, part, to: &bytes)
        }
        writeSymbols(locations)
        Self.number(9, UInt64(profile.time), to: &bytes)
        if kind == .cpu { Self.number(10, 15_000_000_000, to: &bytes) }
        valueType(11, kind.periodType)
        Self.number(12, UInt64(kind.period), to: &bytes)
        for text in texts { ProtobufWriter.field(6, text, to: &bytes) }
    }

    private mutating func writeSymbols(_ locations: [Int]) {
        var part: [UInt8] = []
        Self.number(1, 1, to: &part)
        Self.number(2, 0x40_0000, to: &part)
        Self.number(3, 0xc0_0000, to: &part)
        Self.number(5, text(code.program), to: &part)
        Self.number(6, text("4a1f0c52d7be"), to: &part)
        Self.number(7, 1, to: &part)
        ProtobufWriter.field(3, part, to: &bytes)
        var idOfFunction = [UInt32](repeating: 0, count: code.functions.count)
        var functions: [Int] = []
        for (index, location) in locations.enumerated() {
            let place = code.locations[location]
            part.removeAll(keepingCapacity: true)
            Self.number(1, UInt64(index + 1), to: &part)
            Self.number(2, 1, to: &part)
            Self.number(3, place.address, to: &part)
            for line in place.lines {
                if idOfFunction[line.function] == 0 {
                    functions.append(line.function)
                    idOfFunction[line.function] = UInt32(functions.count)
                }
                var entry: [UInt8] = []
                Self.number(1, UInt64(idOfFunction[line.function]), to: &entry)
                Self.number(2, UInt64(line.line), to: &entry)
                ProtobufWriter.field(4, entry, to: &part)
            }
            ProtobufWriter.field(4, part, to: &bytes)
        }
        for (index, function) in functions.enumerated() {
            let symbol = code.functions[function]
            let name = text(symbol.name)
            part.removeAll(keepingCapacity: true)
            Self.number(1, UInt64(index + 1), to: &part)
            Self.number(2, name, to: &part)
            Self.number(3, name, to: &part)
            Self.number(4, text(symbol.file), to: &part)
            Self.number(5, UInt64(symbol.startLine), to: &part)
            ProtobufWriter.field(5, part, to: &bytes)
        }
    }
}

/// zlib, at the fastest level, which is the one that Go's profiles are written with.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    guard czlib_deflate_begin(&stream, 1) == Z_OK else { fatal("zlib: cannot deflate") }
    defer { deflateEnd(&stream) }
    let bound = Int(deflateBound(&stream, UInt(bytes.count)))
    var input = bytes
    return [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
        input.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            stream.next_out = buffer.baseAddress
            stream.avail_out = UInt32(bound)
            guard deflate(&stream, Z_FINISH) == Z_STREAM_END else { fatal("zlib: deflate failed") }
        }
        count = Int(stream.total_out)
    }
}
