import CZlib

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
struct PprofEncoder: ~Copyable {
    private let code: ServiceCode
    private var bytes = ByteBuffer(capacity: 256 * 1024)
    private var part = ByteBuffer(capacity: 4096)
    private var inner = ByteBuffer(capacity: 4096)
    /// Texts of this profile: those of its own, then the service's.
    private var texts: [[UInt8]] = []
    /// The ids that the service's parts have in this profile, by their index; 0 for none.
    private var textIDs: [UInt32]
    private var locationIDs: [UInt32]
    private var functionIDs: [UInt32]

    /// The plain bytes of a profile.
    static func encode(_ profile: DrawnProfile, of code: ServiceCode) -> [UInt8] {
        var encoder = PprofEncoder(code)
        encoder.write(profile)
        return encoder.bytes.array
    }

    private init(_ code: ServiceCode) {
        self.code = code
        textIDs = [UInt32](repeating: 0, count: code.texts.count)
        locationIDs = [UInt32](repeating: 0, count: code.locations.count)
        functionIDs = [UInt32](repeating: 0, count: code.functions.count)
    }

    private mutating func write(_ profile: DrawnProfile) {
        _ = own("")
        let kind = profile.kind
        for type in kind.sampleTypes { valueType(1, type) }
        let locations = writeSamples(profile)
        writeSymbols(locations)
        bytes.number(9, UInt64(profile.time))
        if kind == .cpu { bytes.number(10, 15_000_000_000) }
        valueType(11, kind.periodType)
        bytes.number(12, UInt64(kind.period))
        for text in texts { bytes.field(6, text) }
    }

    private mutating func own(_ string: String) -> UInt64 {
        let utf8 = Array(string.utf8)
        if let known = texts.firstIndex(of: utf8) { return UInt64(known) }
        texts.append(utf8)
        return UInt64(texts.count - 1)
    }

    private mutating func text(_ index: Int) -> UInt64 {
        if textIDs[index] == 0 {
            textIDs[index] = UInt32(texts.count)
            texts.append(code.texts[index])
        }
        return UInt64(textIDs[index])
    }

    private mutating func valueType(_ field: Int, _ type: (type: String, unit: String)) {
        let (name, unit) = (own(type.type), own(type.unit))
        part.clear()
        part.number(1, name)
        part.number(2, unit)
        bytes.field(field, part)
    }

    /// Gives the locations that the samples need, in the order of their ids.
    private mutating func writeSamples(_ profile: DrawnProfile) -> [Int] {
        var locations: [Int] = []
        let width = profile.kind.sampleTypes.count
        let sizeKey = profile.kind == .heap ? own("bytes") : 0
        for (index, stack) in profile.stacks.enumerated() {
            part.clear()
            inner.clear()
            for location in code.stacks[stack] {
                let location = Int(location)
                if locationIDs[location] == 0 {
                    locations.append(location)
                    locationIDs[location] = UInt32(locations.count)
                }
                inner.varint(UInt64(locationIDs[location]))
            }
            part.field(1, inner)
            inner.clear()
            let first = index * width
            for value in first..<first + width { inner.varint(UInt64(bitPattern: profile.values[value])) }
            part.field(2, inner)
            if profile.kind == .heap {
                inner.clear()
                inner.number(1, sizeKey)
                inner.number(3, UInt64(profile.values[first + 1] / max(profile.values[first], 1)))
                part.field(3, inner)
            }
            bytes.field(2, part)
        }
        return locations
    }

    private mutating func writeSymbols(_ locations: [Int]) {
        let (program, build) = (text(code.program), own("4a1f0c52d7be"))
        part.clear()
        part.number(1, 1)
        part.number(2, 0x40_0000)
        part.number(3, 0xc0_0000)
        part.number(5, program)
        part.number(6, build)
        part.number(7, 1)
        bytes.field(3, part)
        var functions: [Int] = []
        for (index, location) in locations.enumerated() {
            let place = code.locations[location]
            part.clear()
            part.number(1, UInt64(index + 1))
            part.number(2, 1)
            part.number(3, place.address)
            for line in place.lines {
                if functionIDs[line.function] == 0 {
                    functions.append(line.function)
                    functionIDs[line.function] = UInt32(functions.count)
                }
                inner.clear()
                inner.number(1, UInt64(functionIDs[line.function]))
                inner.number(2, UInt64(line.line))
                part.field(4, inner)
            }
            bytes.field(4, part)
        }
        for (index, function) in functions.enumerated() {
            let symbol = code.functions[function]
            let (name, file) = (text(symbol.name), text(symbol.file))
            part.clear()
            part.number(1, UInt64(index + 1))
            part.number(2, name)
            part.number(3, name)
            part.number(4, file)
            part.number(5, UInt64(symbol.startLine))
            bytes.field(5, part)
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
