import Model

/// The constants of a chunk that samples refer to.
struct JFRConstantPools {
    /// The pools that are kept, and what their constants' two numbers are.
    enum Kind: Int, CaseIterable {
        /// First: where the frames begin.
        case stackTrace
        /// First: the class; second: the name.
        case method
        /// First: the name.
        case type
        /// First: where the text begins.
        case symbol
        /// First: where the name begins.
        case threadState
        /// First: where the text begins.
        case string
    }

    /// The first pool event that holds a type which the metadata does not describe; its rest was stepped over.
    private(set) var problem: FormatError?
    private var pools = [JFRPool](repeating: JFRPool(), count: Kind.allCases.count)
    private var layouts: JFRLayouts
    private let metadata: JFRMetadata
    private var plans: [Int: Plan] = [:]
    private var slots: [UInt64] = [0, 0]
    /// Constants that may still be kept: real ones have a key and contents, and take more than four bytes.
    private var room: Int

    /// How the constants of a class are read.
    private struct Plan {
        var layout: JFRLayout
        var keeps: Kind?
    }

    subscript(_ kind: Kind) -> JFRPool { pools[kind.rawValue] }

    private static func kind(of type: Text) -> (kind: Kind, fields: [JFRWanted])? {
        switch type {
        case "jdk.types.StackTrace":
            (.stackTrace, [JFRWanted(slot: 0, name: "frames", type: "jdk.types.StackFrame", isArray: true)])
        case "jdk.types.Method":
            (
                .method,
                [
                    JFRWanted(slot: 0, name: "type", type: "java.lang.Class", isPooled: true),
                    JFRWanted(slot: 1, name: "name", type: "jdk.types.Symbol", isPooled: true),
                ]
            )
        case "java.lang.Class":
            (.type, [JFRWanted(slot: 0, name: "name", type: "jdk.types.Symbol", isPooled: true)])
        case "jdk.types.Symbol": (.symbol, [JFRWanted(slot: 0, name: "string", type: "java.lang.String")])
        case "jdk.types.ThreadState": (.threadState, [JFRWanted(slot: 0, name: "name", type: "java.lang.String")])
        case "java.lang.String": (.string, [])
        default: nil
        }
    }

    /// Empty pools of a chunk of some bytes.
    init(_ metadata: JFRMetadata, byteCount: Int) {
        self.metadata = metadata
        room = byteCount / 4 + 1024
        layouts = JFRLayouts(metadata)
    }

    /// Reads a chain of pool events, from the last one backwards.
    mutating func read(
        _ bytes: Span<UInt8>, chainAt position: Int, within chunk: Range<Int>
    ) throws(FormatError) {
        var position = position
        // No chain holds more than its chunk; one that does runs in a circle.
        var budget = chunk.count
        while true {
            guard chunk.contains(position) else {
                throw Self.invalid("a constant pool lies outside of its chunk", position)
            }
            let event = try read(bytes, at: position, within: chunk)
            budget -= event.size
            guard budget > 0 else { throw Self.invalid("the constant pools run in a circle", position) }
            guard event.delta != 0 else { break }
            let (next, overflow) = position.addingReportingOverflow(event.delta)
            guard !overflow else { throw Self.invalid("a constant pool lies outside of its chunk", position) }
            position = next
        }
    }

    /// Reads one pool event, and returns its size and how far it is to the next.
    @discardableResult
    mutating func read(
        _ bytes: Span<UInt8>, at position: Int, within chunk: Range<Int>
    ) throws(FormatError) -> (size: Int, delta: Int) {
        var cursor = JFRCursor(offset: position, end: chunk.upperBound)
        let size = try JFRReader.number(bytes, &cursor)
        guard size > 0, size <= UInt64(chunk.upperBound - position) else {
            throw Self.invalid("a constant pool has size \(size)", position)
        }
        cursor.end = position + Int(size)
        guard try JFRReader.number(bytes, &cursor) == 1 else {
            throw Self.invalid("a constant pool was expected", position)
        }
        _ = try JFRReader.number(bytes, &cursor)
        _ = try JFRReader.number(bytes, &cursor)
        let delta = Int(truncatingIfNeeded: try JFRReader.number(bytes, &cursor))
        // The mask of the event's kinds tells nothing about its contents.
        _ = try JFRReader.number(bytes, &cursor)
        for _ in 0..<(try JFRReader.count(bytes, &cursor)) {
            let type = try JFRReader.number(bytes, &cursor)
            guard let index = metadata.classIndex(of: type), let plan = plan(index) else {
                problem = problem ?? Self.invalid("unknown type \(type)", cursor.offset)
                break
            }
            try read(index, plan, bytes, &cursor)
        }
        return (Int(size), delta)
    }

    /// Makes all keys known; call it after the last pool event.
    mutating func seal() {
        for index in pools.indices { pools[index].seal() }
    }

    /// Nil if a class holds something that the metadata does not describe.
    private mutating func plan(_ classIndex: Int) -> Plan? {
        if let known = plans[classIndex] { return known }
        let kept = Self.kind(of: metadata.classes[classIndex].name)
        guard let layout = try? layouts.layout(of: classIndex, wanted: kept?.fields ?? [], isPrefix: false) else {
            return nil
        }
        let plan = Plan(layout: layout, keeps: kept?.kind)
        plans[classIndex] = plan
        return plan
    }

    private mutating func read(
        _ classIndex: Int, _ plan: Plan, _ bytes: Span<UInt8>, _ cursor: inout JFRCursor
    ) throws(FormatError) {
        let count = try JFRReader.count(bytes, &cursor)
        guard let keeps = plan.keeps else {
            let isHeader = metadata.classes[classIndex].name == "jdk.types.ChunkHeader"
            for _ in 0..<count {
                _ = try JFRReader.number(bytes, &cursor)
                if isHeader {
                    try JFRReader.skip(JFRChunkHeader.byteCount, &cursor)
                } else {
                    try layouts.read(plan.layout, bytes, &cursor, into: &slots)
                }
            }
            return
        }
        room -= count
        guard room >= 0 else { throw Self.invalid("more constants than bytes for them", cursor.offset) }
        // The pool is taken out and put back, so that appending to it copies nothing.
        var pool = JFRPool()
        swap(&pool, &pools[keeps.rawValue])
        defer { swap(&pool, &pools[keeps.rawValue]) }
        for _ in 0..<count {
            let key = try JFRReader.number(bytes, &cursor)
            slots[0] = keeps == .string ? UInt64(cursor.offset) : 0
            slots[1] = 0
            try layouts.read(plan.layout, bytes, &cursor, into: &slots)
            pool.append(key, slots[0], slots[1])
        }
    }

    private static func invalid(_ message: String, _ position: Int) -> FormatError {
        FormatError(.unreadable, "jfr: \(message) at byte \(position)")
    }
}
