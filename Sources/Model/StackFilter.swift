/// A condition on stacks that looks at their function names.
public struct StackFilter: Hashable, Sendable {
    /// Function names, root first, that a stack must begin with to pass.
    ///
    /// Empty passes all.
    public var callSite: [Text]

    /// Makes a filter.
    public init(callSite: [Text] = []) {
        self.callSite = callSite
    }

    /// Whether the filter lets every stack pass.
    public var isEmpty: Bool { callSite.isEmpty }

    /// Tells for each node of a stack tree whether the stack that ends there passes.
    ///
    /// Inlined calls count as frames, the outermost of a location first.
    public func passes(in symbols: SymbolTable) -> [Bool] {
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
