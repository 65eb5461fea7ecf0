import Model

/// Turns a chunk's stack traces into stacks of the recording, each when it is first asked for.
struct JFRStackResolver {
    private let pools: JFRConstantPools
    private let traces: JFRPool
    private let methods: JFRPool
    private let classes: JFRPool
    private let symbolPool: JFRPool
    private let layouts: JFRLayouts
    private let frame: JFRLayout?
    private let end: Int
    private let maxDepth: Int
    /// For each method its function; `unknown` until used, `missing` if it cannot be named.
    private var functions: [UInt32]
    /// For each stack trace its stack; `unknown` until used.
    private var stacks: [UInt32]
    private var texts: [UInt64: [UInt8]] = [:]
    private var slots: [UInt64] = [0, 0]
    private var locations: [UInt32] = []

    private static let unknown = UInt32.max
    private static let missing = UInt32.max - 1

    /// Texts are read up to the byte `end`.
    init(_ pools: JFRConstantPools, _ metadata: JFRMetadata, end: Int, maxDepth: Int) throws(FormatError) {
        self.pools = pools
        traces = pools[.stackTrace]
        methods = pools[.method]
        classes = pools[.type]
        symbolPool = pools[.symbol]
        self.end = end
        self.maxDepth = maxDepth
        functions = [UInt32](repeating: Self.unknown, count: methods.count)
        stacks = [UInt32](repeating: Self.unknown, count: traces.count)
        var layouts = JFRLayouts(metadata)
        let frames = JFRWanted(slot: 0, name: "frames", type: "jdk.types.StackFrame", isArray: true)
        if let trace = metadata.classes.lastIndex(where: { $0.name == "jdk.types.StackTrace" }),
            let element = layouts.elementClass(of: frames, in: trace)
        {
            frame = try layouts.layout(
                of: element,
                wanted: [
                    JFRWanted(slot: 0, name: "method", type: "jdk.types.Method", isPooled: true),
                    JFRWanted(slot: 1, name: "lineNumber", type: "int"),
                ], isPrefix: false)
        } else {
            frame = nil
        }
        self.layouts = layouts
    }

    /// The stack of a key, or nil if the chunk holds no such trace.
    mutating func stack(
        _ key: UInt64, _ bytes: Span<UInt8>, _ symbols: inout JFRSymbols
    ) throws(FormatError) -> UInt32? {
        guard let index = traces.index(of: key) else { return nil }
        if stacks[index] == Self.unknown {
            stacks[index] = try resolve(traces.first(index), bytes, &symbols) ?? Self.missing
        }
        return stacks[index] == Self.missing ? nil : stacks[index]
    }

    /// The keys that were asked for, with their stacks.
    var resolved: [(key: UInt64, stack: UInt32)] {
        stacks.indices.filter { stacks[$0] < Self.missing }.map { (traces.key($0), stacks[$0]) }
    }

    private mutating func resolve(
        _ position: UInt64, _ bytes: Span<UInt8>, _ symbols: inout JFRSymbols
    ) throws(FormatError) -> UInt32? {
        guard let frame, position > 0 else { return nil }
        var cursor = JFRCursor(offset: Int(position), end: end)
        locations.removeAll(keepingCapacity: true)
        for _ in 0..<(try JFRReader.count(bytes, &cursor)) {
            slots[0] = 0
            slots[1] = 0
            try layouts.read(frame, bytes, &cursor, into: &slots)
            guard let method = methods.index(of: slots[0]) else { continue }
            if functions[method] == Self.unknown {
                functions[method] = try function(method, bytes, &symbols) ?? Self.missing
            }
            guard functions[method] != Self.missing else { continue }
            locations.append(symbols.location(functions[method], line: UInt32(truncatingIfNeeded: slots[1])))
        }
        // Frames come leaf first; of a stack that is too deep the root side stays.
        let first = maxDepth > 0 ? max(0, locations.count - maxDepth) : 0
        var node: UInt32 = 0
        for location in locations[first...].reversed() { node = symbols.stack(node, location) }
        return node
    }

    private mutating func function(
        _ method: Int, _ bytes: Span<UInt8>, _ symbols: inout JFRSymbols
    ) throws(FormatError) -> UInt32? {
        guard let type = classes.index(of: methods.first(method)) else { return nil }
        let owner = try text(classes.first(type), bytes, &symbols)
        let name = try text(methods.second(method), bytes, &symbols)
        return try symbols.function(owner + [UInt8(ascii: ".")] + name)
    }

    /// The text of a symbol as it is shown; empty if there is none.
    private mutating func text(
        _ key: UInt64, _ bytes: Span<UInt8>, _ symbols: inout JFRSymbols
    ) throws(FormatError) -> [UInt8] {
        if let known = texts[key] { return known }
        guard let index = symbolPool.index(of: key) else { return [] }
        let text = JFRSymbolName.normalised(pools.text(bytes, at: symbolPool.first(index), end: end))
        try symbols.spend(text.count)
        texts[key] = text
        return text
    }
}
