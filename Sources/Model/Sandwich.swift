/// Everything that calls one function above it, and everything that it calls below.
///
/// Both halves are merged from every occurrence of the function, so that one that calls itself is on both sides.
public struct Sandwich: Sendable {
    /// A half: node 0 is the function; a node's parent comes before it.
    public struct Half: Sendable, Hashable {
        /// The name of each node, as an index into ``Sandwich/names``.
        public fileprivate(set) var names: [UInt32] = []
        /// The parent of each node; the first is its own.
        public fileprivate(set) var parents: [UInt32] = []
        /// The sum at each node, saturated.
        public fileprivate(set) var totals: [Int64] = []
        /// What each node spent itself; 0 among the callers.
        public fileprivate(set) var selfs: [Int64] = []
        /// Whether a node stands for several that were cut.
        public fileprivate(set) var isCut: [Bool] = []
    }

    /// The distinct names.
    public private(set) var names: [Text]
    /// The callers, outwards.
    public private(set) var callers = Half()
    /// The callees, inwards.
    public private(set) var callees = Half()
    /// The function's total, each sample counted once.
    public let total: Int64
    /// What the function spent itself.
    public let own: Int64

    /// Finds a function in a tree, each half cut to about `maxNodes` nodes; 0 or less cuts nothing.
    public init(of function: Text, in tree: CallTree, maxNodes: Int = 0) {
        self.init(of: function, in: tree, maxNodes: maxNodes, mostRows: Self.mostRows)
    }

    /// The same, where a half looks at no more than `mostRows` nodes.
    init(of function: Text, in tree: CallTree, maxNodes: Int = 0, mostRows: Int) {
        names = (0..<tree.names.count).map { tree.names[$0] }
        let row = FunctionTotals(tree).rows.first { $0.name == function }
        total = row?.total ?? 0
        own = row?.own ?? 0
        let known = names.firstIndex(of: function).map(UInt32.init)
        let name = known ?? UInt32(names.count)
        if known == nil { names.append(function) }
        let occurrences = (1..<max(tree.parents.count, 1)).map(UInt32.init).filter {
            tree.nameIndices[Int($0)] == name && tree.totals[Int($0)] > 0
        }
        let weighted = occurrences.map { (node: $0, weight: tree.totals[Int($0)]) }
        callees = Self.half(name, weighted, maxNodes, mostRows, selfs: tree.selfs) { node, _ in
            tree.children(of: node).map { ($0, tree.totals[Int($0)]) }
        } name: {
            tree.nameIndices[Int($0)]
        }
        callers = Self.half(name, weighted, maxNodes, mostRows, selfs: nil) { node, weight in
            let parent = tree.parents[Int(node)]
            return parent == 0 ? [] : [(parent, weight)]
        } name: {
            tree.nameIndices[Int($0)]
        }
        let other = names.firstIndex(of: CallTree.otherName).map(UInt32.init) ?? UInt32(names.count)
        callers.nameCut(other)
        callees.nameCut(other)
        if Int(other) == names.count && (callers.isCut.contains(true) || callees.isCut.contains(true)) {
            names.append(CallTree.otherName)
        }
    }

    /// The most nodes of the tree that are looked at for a half: a function that calls itself has each of its callers for each of
    /// its calls.
    private static let mostRows = 1 << 24

    /// Merges level by level: the next nodes of all members of a node, grouped by name.
    ///
    /// Where that takes too many steps, what comes next to a node becomes one that is marked as cut.
    private static func half(
        _ name: UInt32, _ members: [(node: UInt32, weight: Int64)], _ maxNodes: Int, _ mostRows: Int,
        selfs: [Int64]?,
        next: (UInt32, Int64) -> [(node: UInt32, weight: Int64)], name nameOf: (UInt32) -> UInt32
    ) -> Half {
        var half = Half()
        var waiting: [[(node: UInt32, weight: Int64)]] = []
        func append(_ name: UInt32, _ parent: UInt32, _ members: [(node: UInt32, weight: Int64)], isCut: Bool = false) {
            half.names.append(name)
            half.parents.append(parent)
            half.totals.append(members.reduce(0) { $0.saturatingAdd($1.weight) })
            half.selfs.append(selfs.map { selfs in members.reduce(0) { $0.saturatingAdd(selfs[Int($1.node)]) } } ?? 0)
            half.isCut.append(isCut)
            waiting.append(isCut ? [] : members)
        }
        append(name, 0, members)
        var index = 0
        var rowCount = 0
        while index < waiting.count {
            var rows = waiting[index].flatMap { next($0.node, $0.weight) }
            waiting[index] = []
            rowCount += rows.count
            if rowCount > mostRows {
                if !rows.isEmpty { append(0, UInt32(index), rows, isCut: true) }
            } else {
                rows.sort { nameOf($0.node) < nameOf($1.node) }
                for group in rows.chunked(by: { nameOf($0.node) == nameOf($1.node) }) {
                    append(nameOf(group[group.startIndex].node), UInt32(index), Array(group))
                }
            }
            index += 1
        }
        half.cut(to: maxNodes)
        return half
    }
}

extension Sandwich.Half {
    /// Keeps the nodes whose total is among the largest and sums the others into one for each parent.
    fileprivate mutating func cut(to maxNodes: Int) {
        guard maxNodes > 0, names.count > maxNodes else { return }
        let threshold = OrderStatistic.largest(maxNodes, of: totals)
        let whole = self
        self = Sandwich.Half()
        var kept = [Int](repeating: -1, count: whole.names.count)
        var cutOfParent: [Int: Int64] = [:]
        for node in whole.names.indices {
            let parent = kept[Int(whole.parents[node])]
            guard node == 0 || parent >= 0 else { continue }
            guard node == 0 || whole.totals[node] >= threshold else {
                cutOfParent[parent, default: 0] = cutOfParent[parent, default: 0].saturatingAdd(whole.totals[node])
                continue
            }
            kept[node] = names.count
            append(
                whole.names[node], UInt32(max(parent, 0)), whole.totals[node], whole.selfs[node],
                isCut: whole.isCut[node])
        }
        for (parent, total) in cutOfParent.sorted(by: { $0.key < $1.key }) where total > 0 {
            append(0, UInt32(parent), total, total, isCut: true)
        }
    }

    private mutating func append(_ name: UInt32, _ parent: UInt32, _ total: Int64, _ own: Int64, isCut: Bool) {
        names.append(name)
        parents.append(parent)
        totals.append(total)
        selfs.append(own)
        self.isCut.append(isCut)
    }

    fileprivate mutating func nameCut(_ other: UInt32) {
        for node in names.indices where isCut[node] { names[node] = other }
    }
}

extension Array {
    /// Runs of neighbours that belong together.
    fileprivate func chunked(by belong: (Element, Element) -> Bool) -> [ArraySlice<Element>] {
        var chunks: [ArraySlice<Element>] = []
        var start = startIndex
        for index in indices where index + 1 == endIndex || !belong(self[index], self[index + 1]) {
            chunks.append(self[start...index])
            start = index + 1
        }
        return chunks
    }
}
