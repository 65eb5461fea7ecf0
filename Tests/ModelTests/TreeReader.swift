import Model

extension CallTree {
    /// Reads what ``CallTree/encoded(maxNodes:)`` writes; nil for anything else.
    ///
    /// A few lines of their own, which know nothing of the writer; pushed trees are read by another module.
    init?(reading bytes: [UInt8]) {
        var rest = bytes[...]
        func number() -> Int? {
            var value = 0
            for shift in stride(from: 0, to: 63, by: 7) {
                guard let byte = rest.popFirst() else { return nil }
                value |= Int(byte & 0x7f) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }
        var builder = CallTreeBuilder()
        /// The names down to the node that is read, with how many children each still has.
        var path: [(name: Text, left: Int)] = []
        while !rest.isEmpty {
            guard let length = number(), length <= rest.count else { return nil }
            let name = Text(utf8: Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
            guard let own = number(), let children = number() else { return nil }
            path.append((name, children))
            if own > 0 { builder.add(path.dropFirst().map(\.name), value: Int64(own)) }
            while let last = path.last, last.left == 0 {
                path.removeLast()
                if !path.isEmpty { path[path.count - 1].left -= 1 }
            }
            guard path.isEmpty == rest.isEmpty else { return nil }
        }
        self = builder.finish()
    }
}
