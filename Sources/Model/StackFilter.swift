/// A condition on stacks that looks at their function names.
public struct StackFilter: Sendable {
    /// A test of one function's name.
    public typealias NameTest = @Sendable (Text) -> Bool

    /// Function names, root first, that a stack must begin with to pass.
    ///
    /// Empty passes all.
    public var callSite: [Text]
    /// Each must hold for some frame of a stack; at most ``maxIncludes``.
    public var includes: [NameTest]
    /// None may hold for any frame of a stack.
    public var excludes: [NameTest]

    /// The most tests that ``includes`` may hold.
    public static let maxIncludes = 64

    /// Makes a filter.
    public init(callSite: [Text] = [], includes: [NameTest] = [], excludes: [NameTest] = []) {
        self.callSite = callSite
        self.includes = includes
        self.excludes = excludes
    }

    /// Whether the filter lets every stack pass.
    public var isEmpty: Bool { callSite.isEmpty && includes.isEmpty && excludes.isEmpty }

    /// Tells for each node of a stack tree whether the stack that ends there passes.
    ///
    /// Inlined calls count as frames, the outermost of a location first.
    public func passes(in symbols: SymbolTable) -> [Bool] {
        var passes = passesCallSite(in: symbols)
        guard !includes.isEmpty || !excludes.isEmpty else { return passes }
        let functions = conditions(in: symbols)
        let all: UInt64 = includes.count >= 64 ? .max : 1 << UInt64(includes.count) - 1
        var met = [UInt64](repeating: 0, count: symbols.stacks.count)
        var isExcluded = [Bool](repeating: false, count: symbols.stacks.count)
        if met.count > 0 { passes[0] = passes[0] && all == 0 }
        for node in 1..<max(met.count, 1) {
            let parent = Int(symbols.stacks.parents[node])
            met[node] = met[parent]
            isExcluded[node] = isExcluded[parent]
            let location = symbols.locations[Int(symbols.stacks.locations[node])]
            for line in symbols.lines[location.lineRange] {
                met[node] |= functions.met[Int(line.function)]
                if functions.isExcluded[Int(line.function)] { isExcluded[node] = true }
            }
            passes[node] = passes[node] && met[node] == all && !isExcluded[node]
        }
        return passes
    }

    /// Which tests each function fulfils; every distinct name is tested once.
    private func conditions(in symbols: SymbolTable) -> (met: [UInt64], isExcluded: [Bool]) {
        var met: [UInt64] = []
        var isExcluded: [Bool] = []
        met.reserveCapacity(symbols.functions.count)
        isExcluded.reserveCapacity(symbols.functions.count)
        for function in symbols.functions {
            let name = symbols.strings[function.name]
            var bits: UInt64 = 0
            for (index, test) in includes.prefix(Self.maxIncludes).enumerated() where test(name) {
                bits |= 1 << UInt64(index)
            }
            met.append(bits)
            isExcluded.append(excludes.contains { $0(name) })
        }
        return (met, isExcluded)
    }

    private func passesCallSite(in symbols: SymbolTable) -> [Bool] {
        let count = symbols.stacks.count
        guard !callSite.isEmpty else { return [Bool](repeating: true, count: count) }
        // How many frames of the call site the stack at each node has matched; -1 once it has left the path.
        var matched = [Int](repeating: -1, count: count)
        matched[0] = 0
        for node in 1..<max(count, 1) {
            var depth = matched[Int(symbols.stacks.parents[node])]
            guard depth >= 0 else { continue }
            let location = symbols.locations[Int(symbols.stacks.locations[node])]
            for line in symbols.lines[location.lineRange].reversed() where depth >= 0 && depth < callSite.count {
                let name = symbols.functions[Int(line.function)].name
                depth = symbols.strings.equals(Int(name), callSite[depth].utf8) ? depth + 1 : -1
            }
            matched[node] = depth
        }
        return matched.map { $0 == callSite.count }
    }
}
