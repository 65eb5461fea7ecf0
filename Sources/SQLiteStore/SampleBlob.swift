import Model

/// One profile's samples as a blob: sorted delta-varint stack ids, varint values, and ids of spans and traces where there are any.
///
/// Values are divided by what all of them share (a CPU profile's nanoseconds are multiples of its period), so most of them
/// take a byte. Spans and traces are written once each, with an index for each sample: a profile of 500 samples rarely has
/// ten of them.
enum SampleBlob {
    private static let hasSpans: UInt64 = 1
    private static let hasTraces: UInt64 = 2
    /// Whether a common divisor stands before the columns; files of schema 1 have none.
    private static let isScaled: UInt64 = 4

    /// Encodes samples, which must be sorted by stack.
    static func encode(_ samples: SampleColumns) -> [UInt8] {
        var writer = BlobWriter(reserving: samples.count * 3 + 32)
        writer.uvarint((samples.spans.isEmpty ? 0 : hasSpans) | (samples.traces.isEmpty ? 0 : hasTraces) | isScaled)
        writer.uvarint(UInt64(samples.count))
        let divisor = Divisor.of(samples.values)
        writer.uvarint(divisor)
        writer.deltas(samples.stacks)
        writer.uvarints(samples.values, dividedBy: divisor)
        if !samples.spans.isEmpty {
            writeDictionary(samples.spans, to: &writer) { $1.fixed64($0) }
        }
        if !samples.traces.isEmpty {
            writeDictionary(samples.traces, to: &writer) { trace, writer in
                writer.fixed64(trace.high)
                writer.fixed64(trace.low)
            }
        }
        return writer.sealed()
    }

    private static func writeDictionary<ID: Hashable>(
        _ ids: [ID], to writer: inout BlobWriter, _ write: (ID, inout BlobWriter) -> Void
    ) {
        var indices: [ID: UInt64] = [:]
        var distinct: [ID] = []
        for id in ids where indices[id] == nil {
            indices[id] = UInt64(distinct.count)
            distinct.append(id)
        }
        writer.uvarint(UInt64(distinct.count))
        for id in distinct { write(id, &writer) }
        for id in ids { writer.uvarint(indices[id] ?? 0) }
    }

    /// Adds the values of a blob to sums per stack; the fast way for a selection without conditions on samples.
    static func add(_ blob: UnsafeBufferPointer<UInt8>, to sums: inout StackSums) throws(BlobDamage) {
        var reader = try BlobReader(sealed: blob)
        let flags = try reader.uvarint()
        let count = try reader.count()
        let divisor = flags & isScaled == 0 ? 1 : try reader.uvarint()
        try sums.add(count: count, multiplier: Int64(bitPattern: divisor), from: &reader)
    }

    /// Decodes a whole blob.
    static func decode(_ blob: UnsafeBufferPointer<UInt8>) throws(BlobDamage) -> SampleColumns {
        var reader = try BlobReader(sealed: blob)
        let flags = try reader.uvarint()
        let count = try reader.count()
        let divisor = flags & isScaled == 0 ? 1 : Int64(bitPattern: try reader.uvarint())
        var samples = SampleColumns()
        samples.stacks = [UInt32](repeating: 0, count: count)
        try reader.deltas(into: &samples.stacks)
        samples.values.reserveCapacity(count)
        for _ in 0..<count {
            samples.values.append(Int64(bitPattern: try reader.uvarint()).saturatingMultiply(divisor))
        }
        if flags & hasSpans != 0 {
            samples.spans = try readDictionary(count, &reader) { reader throws(BlobDamage) in try reader.fixed64() }
        }
        if flags & hasTraces != 0 {
            samples.traces = try readDictionary(count, &reader) { reader throws(BlobDamage) in
                TraceID(high: try reader.fixed64(), low: try reader.fixed64())
            }
        }
        return samples
    }

    private static func readDictionary<ID>(
        _ count: Int, _ reader: inout BlobReader, _ read: (inout BlobReader) throws(BlobDamage) -> ID
    ) throws(BlobDamage) -> [ID] {
        var distinct: [ID] = []
        for _ in 0..<(try reader.count()) { distinct.append(try read(&reader)) }
        var ids: [ID] = []
        for _ in 0..<count {
            let index = Int(try reader.uint32())
            guard index < distinct.count else {
                throw BlobDamage(description: "a blob names an id that does not exist")
            }
            ids.append(distinct[index])
        }
        return ids
    }
}

/// What all values of a column share.
enum Divisor {
    /// The greatest common divisor, at least 1; values are not negative.
    static func of(_ values: [Int64]) -> UInt64 {
        var divisor: UInt64 = 0
        for value in values {
            var rest = UInt64(bitPattern: value)
            if divisor != 0 && rest % divisor == 0 { continue }
            while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
            if divisor == 1 { break }
        }
        return max(divisor, 1)
    }
}
