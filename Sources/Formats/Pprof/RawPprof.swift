import Model
import Wire

/// A pprof as it lies on the wire, in flat columns; nothing but the encoding was checked.
///
/// The format is `profile.proto` of github.com/google/pprof. Numbers that should be indices are kept as they came.
struct RawPprof {
    struct ValueType {
        var type: UInt64 = 0
        var unit: UInt64 = 0
    }

    struct Label {
        var key: UInt64 = 0
        var str: UInt64 = 0
        var numUnit: UInt64 = 0
    }

    struct Mapping {
        var id: UInt64 = 0
        var start: UInt64 = 0
        var limit: UInt64 = 0
        var fileOffset: UInt64 = 0
        var filename: UInt64 = 0
        var buildID: UInt64 = 0
        var flags: UInt8 = 0
    }

    struct Location {
        var id: UInt64 = 0
        var mapping: UInt64 = 0
        var address: UInt64 = 0
        var firstLine = 0
        var lineCount = 0
        var isFolded = false
    }

    struct Line {
        var function: UInt64 = 0
        var line: Int64 = 0
    }

    struct Function {
        var id: UInt64 = 0
        var name: UInt64 = 0
        var systemName: UInt64 = 0
        var filename: UInt64 = 0
        var startLine: Int64 = 0
    }

    var sampleTypes: [ValueType] = []
    var periodType: ValueType?
    var time: Int64 = 0
    /// The location ids of all samples, leaf first; those of sample `i` end at `stackEnds[i]`.
    var stacks: [UInt64] = []
    var stackEnds: [Int] = []
    /// The values of all samples; those of sample `i` end at `valueEnds[i]`.
    var values: [Int64] = []
    var valueEnds: [Int] = []
    /// The labels of all samples; those of sample `i` end at `labelEnds[i]`.
    var labels: [Label] = []
    var labelEnds: [Int] = []
    var mappings: [Mapping] = []
    var locations: [Location] = []
    var lines: [Line] = []
    var functions: [Function] = []
    var strings = TextTable()

    var sampleCount: Int { stackEnds.count }

    /// An empty one, to be filled by another format's decoder.
    init() {}

    /// Takes back samples, also one that was not finished.
    mutating func removeSamples(from first: Int) {
        stackEnds.removeSubrange(min(first, stackEnds.count)...)
        valueEnds.removeSubrange(min(first, valueEnds.count)...)
        labelEnds.removeSubrange(min(first, labelEnds.count)...)
        stacks.removeSubrange((stackEnds.last ?? 0)...)
        values.removeSubrange((valueEnds.last ?? 0)...)
        labels.removeSubrange((labelEnds.last ?? 0)...)
    }

    /// Reads a pprof whose messages were counted.
    init(decoding bytes: [UInt8], _ counts: MessageCounts) throws(WireError) {
        try decode(bytes.span, counts)
    }

    private mutating func decode(_ bytes: Span<UInt8>, _ counts: MessageCounts) throws(WireError) {
        // Columns are locals with room for what was counted: appending to a stored property costs a check and a call each time.
        var stacks: [UInt64] = []
        var values: [Int64] = []
        var labels: [Label] = []
        var (stackEnds, valueEnds, labelEnds): ([Int], [Int], [Int]) = ([], [], [])
        var locations: [Location] = []
        var lines: [Line] = []
        var functions: [Function] = []
        var strings = TextTable(reservingTexts: counts.strings, bytes: bytes.count / 2)
        stacks.reserveCapacity(bytes.count / 6)
        values.reserveCapacity(min(counts.samples * counts.sampleTypes, bytes.count))
        stackEnds.reserveCapacity(counts.samples)
        valueEnds.reserveCapacity(counts.samples)
        labelEnds.reserveCapacity(counts.samples)
        locations.reserveCapacity(counts.locations)
        lines.reserveCapacity(counts.locations)
        functions.reserveCapacity(counts.functions)
        var cursor = ProtobufCursor(offset: 0, end: bytes.count)
        while !cursor.isAtEnd {
            let (number, type) = try ProtobufReader.field(bytes, &cursor)
            switch (number, type) {
            case (1, .bytes):
                var inner = try ProtobufReader.message(bytes, &cursor)
                sampleTypes.append(try Self.valueType(bytes, &inner))
            case (2, .bytes):
                var inner = try ProtobufReader.message(bytes, &cursor)
                try Self.sample(bytes, &inner, &stacks, &values, &labels)
                stackEnds.append(stacks.count)
                valueEnds.append(values.count)
                labelEnds.append(labels.count)
            case (3, .bytes):
                var inner = try ProtobufReader.message(bytes, &cursor)
                mappings.append(try Self.mapping(bytes, &inner))
            case (4, .bytes):
                var inner = try ProtobufReader.message(bytes, &cursor)
                locations.append(try Self.location(bytes, &inner, &lines))
            case (5, .bytes):
                var inner = try ProtobufReader.message(bytes, &cursor)
                functions.append(try Self.function(bytes, &inner))
            case (6, .bytes):
                let inner = try ProtobufReader.message(bytes, &cursor)
                strings.append(bytes, inner.offset..<inner.end)
            case (9, .varint): time = Int64(bitPattern: try ProtobufReader.varint(bytes, &cursor))
            case (11, .bytes):
                var inner = try ProtobufReader.message(bytes, &cursor)
                periodType = try Self.valueType(bytes, &inner)
            default: try ProtobufReader.skip(type, bytes, &cursor)
            }
        }
        self.stacks = stacks
        self.values = values
        self.labels = labels
        (self.stackEnds, self.valueEnds, self.labelEnds) = (stackEnds, valueEnds, labelEnds)
        self.locations = locations
        self.lines = lines
        self.functions = functions
        self.strings = strings
    }

    private static func valueType(
        _ bytes: Span<UInt8>, _ cursor: inout ProtobufCursor
    ) throws(WireError) -> ValueType {
        var value = ValueType()
        while !cursor.isAtEnd {
            let (number, type) = try ProtobufReader.field(bytes, &cursor)
            switch (number, type) {
            case (1, .varint): value.type = try ProtobufReader.varint(bytes, &cursor)
            case (2, .varint): value.unit = try ProtobufReader.varint(bytes, &cursor)
            default: try ProtobufReader.skip(type, bytes, &cursor)
            }
        }
        return value
    }

    private static func sample(
        _ bytes: Span<UInt8>, _ cursor: inout ProtobufCursor, _ stacks: inout [UInt64], _ values: inout [Int64],
        _ labels: inout [Label]
    ) throws(WireError) {
        while !cursor.isAtEnd {
            let (number, type) = try ProtobufReader.field(bytes, &cursor)
            switch (number, type) {
            case (1, .bytes):
                var inner = try ProtobufReader.message(bytes, &cursor)
                try ProtobufReader.packed(bytes, &inner, into: &stacks)
            case (1, .varint): stacks.append(try ProtobufReader.varint(bytes, &cursor))
            case (2, .bytes):
                var inner = try ProtobufReader.message(bytes, &cursor)
                while !inner.isAtEnd { values.append(Int64(bitPattern: try ProtobufReader.varint(bytes, &inner))) }
            case (2, .varint): values.append(Int64(bitPattern: try ProtobufReader.varint(bytes, &cursor)))
            case (3, .bytes):
                var inner = try ProtobufReader.message(bytes, &cursor)
                var label = Label()
                while !inner.isAtEnd {
                    let (number, type) = try ProtobufReader.field(bytes, &inner)
                    switch (number, type) {
                    case (1, .varint): label.key = try ProtobufReader.varint(bytes, &inner)
                    case (2, .varint): label.str = try ProtobufReader.varint(bytes, &inner)
                    case (4, .varint): label.numUnit = try ProtobufReader.varint(bytes, &inner)
                    default: try ProtobufReader.skip(type, bytes, &inner)
                    }
                }
                labels.append(label)
            default: try ProtobufReader.skip(type, bytes, &cursor)
            }
        }
    }

    private static func mapping(_ bytes: Span<UInt8>, _ cursor: inout ProtobufCursor) throws(WireError) -> Mapping {
        var mapping = Mapping()
        while !cursor.isAtEnd {
            let (number, type) = try ProtobufReader.field(bytes, &cursor)
            guard type == .varint else {
                try ProtobufReader.skip(type, bytes, &cursor)
                continue
            }
            let value = try ProtobufReader.varint(bytes, &cursor)
            switch number {
            case 1: mapping.id = value
            case 2: mapping.start = value
            case 3: mapping.limit = value
            case 4: mapping.fileOffset = value
            case 5: mapping.filename = value
            case 6: mapping.buildID = value
            case 7...10:
                let bit = UInt8(1) << UInt8(number - 7)
                mapping.flags = value != 0 ? mapping.flags | bit : mapping.flags & ~bit
            default: break
            }
        }
        return mapping
    }

    private static func location(
        _ bytes: Span<UInt8>, _ cursor: inout ProtobufCursor, _ lines: inout [Line]
    ) throws(WireError) -> Location {
        var location = Location()
        location.firstLine = lines.count
        while !cursor.isAtEnd {
            let (number, type) = try ProtobufReader.field(bytes, &cursor)
            switch (number, type) {
            case (1, .varint): location.id = try ProtobufReader.varint(bytes, &cursor)
            case (2, .varint): location.mapping = try ProtobufReader.varint(bytes, &cursor)
            case (3, .varint): location.address = try ProtobufReader.varint(bytes, &cursor)
            case (4, .bytes):
                var inner = try ProtobufReader.message(bytes, &cursor)
                var line = Line()
                while !inner.isAtEnd {
                    let (number, type) = try ProtobufReader.field(bytes, &inner)
                    switch (number, type) {
                    case (1, .varint): line.function = try ProtobufReader.varint(bytes, &inner)
                    case (2, .varint): line.line = Int64(bitPattern: try ProtobufReader.varint(bytes, &inner))
                    default: try ProtobufReader.skip(type, bytes, &inner)
                    }
                }
                lines.append(line)
                location.lineCount += 1
            case (5, .varint): location.isFolded = try ProtobufReader.varint(bytes, &cursor) != 0
            default: try ProtobufReader.skip(type, bytes, &cursor)
            }
        }
        return location
    }

    private static func function(_ bytes: Span<UInt8>, _ cursor: inout ProtobufCursor) throws(WireError) -> Function {
        var function = Function()
        while !cursor.isAtEnd {
            let (number, type) = try ProtobufReader.field(bytes, &cursor)
            guard type == .varint else {
                try ProtobufReader.skip(type, bytes, &cursor)
                continue
            }
            let value = try ProtobufReader.varint(bytes, &cursor)
            switch number {
            case 1: function.id = value
            case 2: function.name = value
            case 3: function.systemName = value
            case 4: function.filename = value
            case 5: function.startLine = Int64(bitPattern: value)
            default: break
            }
        }
        return function
    }
}
