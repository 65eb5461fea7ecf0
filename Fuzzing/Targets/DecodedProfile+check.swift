import Formats
import Model

@testable import SQLiteStore

extension DecodedProfile {
    /// Throws unless the profile is what a store may be given, and comes back from a store's blobs as it was.
    ///
    /// `byteCount` is the size of what it was read from: nothing may grow beyond a fixed multiple of it.
    func check(byteCount: Int) throws(Violation) {
        try require(symbols.isConsistent, "an index points nowhere")
        try require(
            symbols.stacks.count <= byteCount + 1 && symbols.lines.count <= byteCount + 1,
            "\(symbols.stacks.count) stacks and \(symbols.lines.count) lines of \(byteCount) bytes")
        for group in groups {
            try require(group.columns.count == sampleTypes.count, "a group has not a column for each type")
            try require(group.labels == group.labels.sorted(), "labels are not sorted")
            for columns in group.columns { try check(columns) }
        }
        try checkSymbolChunk(symbols)
    }

    private func check(_ columns: SampleColumns) throws(Violation) {
        let count = columns.count
        try require(columns.values.count == count, "\(count) stacks with \(columns.values.count) values")
        try require(columns.spans.isEmpty || columns.spans.count == count, "spans are not as long as stacks")
        try require(columns.traces.isEmpty || columns.traces.count == count, "traces are not as long as stacks")
        try require(columns.values.allSatisfy { $0 > 0 }, "a value is not positive")
        try require(columns.stacks.allSatisfy { Int($0) < symbols.stacks.count }, "a stack points nowhere")
        try require(columns.stacks == columns.stacks.sorted(), "stacks are not sorted")
        var seen: Set<SampleKey> = []
        for index in 0..<count {
            let key = SampleKey(
                stack: columns.stacks[index], span: columns.spans.isEmpty ? 0 : columns.spans[index],
                trace: columns.traces.isEmpty ? .none : columns.traces[index])
            try require(seen.insert(key).inserted, "a stack occurs twice in a span")
        }
        try checkSampleBlob(columns)
    }

    private struct SampleKey: Hashable {
        let stack: UInt32
        let span: UInt64
        let trace: TraceID
    }
}

/// Throws unless samples come back from a blob as they were.
func checkSampleBlob(_ samples: SampleColumns) throws(Violation) {
    let blob = SampleBlob.encode(samples)
    let read = blob.withUnsafeBufferPointer { try? SampleBlob.decode($0) }
    try require(read == samples, "samples do not come back from their blob")
}

/// Throws unless a table comes back from a chunk with the same bytes.
func checkSymbolChunk(_ symbols: SymbolTable) throws(Violation) {
    let blob = SymbolChunk.encode(symbols, since: .fresh)
    var read = SymbolTable()
    let isRead = blob.withUnsafeBufferPointer { (try? SymbolChunk.decode($0, into: &read)) != nil }
    try require(isRead && read.isConsistent, "a symbol table does not come back from its chunk")
    try require(SymbolChunk.encode(read, since: .fresh) == blob, "a symbol table comes back otherwise from its chunk")
}
