import Model

@testable import SQLiteStore

extension FuzzTarget {
    /// What the store reads back from its files; the checksum is put behind each input, so that it holds nothing up.
    static let blobs = [
        FuzzTarget(name: "sample-blob", seeds: Seeds.sampleBlobs, check: checkSamples),
        FuzzTarget(name: "symbol-chunk", seeds: Seeds.symbolChunks, check: checkSymbols),
        FuzzTarget(name: "label-blob", seeds: Seeds.labelBlobs) { bytes throws(Violation) in
            guard let labels = sealed(bytes, { try? LabelBlob.decode($0) }) else { return }
            let again = LabelBlob.encode(labels).withUnsafeBufferPointer { try? LabelBlob.decode($0) }
            try require(again == labels, "labels are others when they are read again")
        },
    ]

    private static func sealed<Result>(_ bytes: [UInt8], _ read: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        var writer = BlobWriter()
        writer.append(bytes)
        return writer.sealed().withUnsafeBufferPointer(read)
    }

    private static func checkSamples(_ bytes: [UInt8]) throws(Violation) {
        guard let samples = sealed(bytes, { try? SampleBlob.decode($0) }) else { return }
        try require(samples.stacks == samples.stacks.sorted(), "stacks are not sorted")
        try require(samples.values.count == samples.count, "not a value for each stack")
        // Nobody writes negative values, and only others share a divisor.
        if samples.values.allSatisfy({ $0 >= 0 }) { try checkSampleBlob(samples) }
        let size = 1000
        var sums = StackSums(stackCount: size)
        let isAdded = sealed(bytes) { (try? SampleBlob.add($0, to: &sums)) != nil }
        let fits = samples.stacks.allSatisfy { $0 < size }
        try require(isAdded == fits, "a blob is added that does not fit, or refused though it does")
        guard fits else { return }
        var expected = [Int64](repeating: 0, count: size)
        for (stack, value) in zip(samples.stacks, samples.values) {
            expected[Int(stack)] = expected[Int(stack)].saturatingAdd(value)
        }
        let columns = sums.columns()
        try require(
            columns.stacks.map(Int.init) == expected.indices.filter { expected[$0] != 0 }
                && columns.totals == expected.filter { $0 != 0 }, "sums are others than those of the samples")
    }

    private static func checkSymbols(_ bytes: [UInt8]) throws(Violation) {
        var table = SymbolTable()
        guard sealed(bytes, { (try? SymbolChunk.decode($0, into: &table)) != nil }) else { return }
        try require(table.isConsistent, "an index points nowhere")
        try checkSymbolChunk(table)
        // The same chunk goes on from the table that it made.
        let mark = SymbolChunk.Mark(table)
        guard sealed(bytes, { (try? SymbolChunk.decode($0, into: &table)) != nil }) else { return }
        try require(table.isConsistent, "an index points nowhere after a second chunk")
        let tail = SymbolChunk.encode(table, since: mark)
        var again = SymbolTable()
        let isRead =
            sealed(bytes) { (try? SymbolChunk.decode($0, into: &again)) != nil }
            && tail.withUnsafeBufferPointer { (try? SymbolChunk.decode($0, into: &again)) != nil }
        try require(isRead && again == table, "two chunks make another table")
    }
}
