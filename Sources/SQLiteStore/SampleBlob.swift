import Model

/// One profile's samples as a blob: sorted delta-varint stack ids, varint values, and ids of spans and traces where there are any.
///
/// Spans and traces are written once each, with an index for each sample: a profile of 500 samples rarely has ten of them.
enum SampleBlob {
    private static let hasSpans: UInt64 = 1
    private static let hasTraces: UInt64 = 2

    /// Encodes samples, which must be sorted by stack.
    static func encode(_ samples: SampleColumns) -> [UInt8] {
        var writer = BlobWriter()
        writer.uvarint((samples.spans.isEmpty ? 0 : hasSpans) | (samples.traces.isEmpty ? 0 : hasTraces))
        writer.uvarint(UInt64(samples.count))
        var previous: UInt32 = 0
        for stack in samples.stacks {
            writer.uvarint(UInt64(stack - previous))
            previous = stack
        }
        for value in samples.values { writer.uvarint(UInt64(bitPattern: value)) }
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

    /// Adds the values of a blob to `sums`, indexed by stack; the fast way for a selection without conditions on samples.
    static func add(_ blob: UnsafeBufferPointer<UInt8>, to sums: inout [Int64]) throws(BlobDamage) {
        var reader = try BlobReader(sealed: blob)
        _ = try reader.uvarint()
        let count = try reader.count()
        var stacks = [UInt32](repeating: 0, count: count)
        var stack: UInt64 = 0
        for index in 0..<count {
            stack += UInt64(try reader.uint32())
            guard stack < UInt64(sums.count) else {
                throw BlobDamage(description: "a blob names a stack that does not exist")
            }
            stacks[index] = UInt32(stack)
        }
        for stack in stacks {
            let value = Int64(bitPattern: try reader.uvarint())
            sums[Int(stack)] = sums[Int(stack)].saturatingAdd(value)
        }
    }

    /// Decodes a whole blob.
    static func decode(_ blob: UnsafeBufferPointer<UInt8>) throws(BlobDamage) -> SampleColumns {
        var reader = try BlobReader(sealed: blob)
        let flags = try reader.uvarint()
        let count = try reader.count()
        var samples = SampleColumns()
        var stack: UInt32 = 0
        for _ in 0..<count {
            let (next, overflow) = stack.addingReportingOverflow(try reader.uint32())
            guard !overflow else { throw BlobDamage(description: "a blob names a stack that does not exist") }
            stack = next
            samples.stacks.append(stack)
        }
        for _ in 0..<count { samples.values.append(Int64(bitPattern: try reader.uvarint())) }
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
