import API
import Model

extension FunctionsMessage {
    /// The first `limit` functions; 0 or less for all.
    init(_ functions: FunctionTotals, limit: Int) {
        self.init()
        total = functions.total
        self.functions = functions.rows.prefix(limit > 0 ? limit : functions.rows.count).map { row in
            var message = FunctionRowMessage()
            message.name = row.name
            message.own = row.own
            message.total = row.total
            return message
        }
    }
}

extension FunctionsDiffMessage {
    /// The functions of both sides, the first `limit` by the selfs of both; 0 or less for all.
    init(_ left: FunctionTotals, _ right: FunctionTotals, limit: Int) {
        self.init()
        leftTotal = left.total
        rightTotal = right.total
        var indexOfName: [Text: Int] = [:]
        for row in left.rows {
            indexOfName[row.name] = functions.count
            var message = FunctionDiffMessage()
            message.name = row.name
            message.leftSelf = row.own
            message.leftTotal = row.total
            functions.append(message)
        }
        for row in right.rows {
            let index = indexOfName[row.name] ?? functions.count
            if index == functions.count {
                functions.append(FunctionDiffMessage())
                functions[index].name = row.name
            }
            functions[index].rightSelf = row.own
            functions[index].rightTotal = row.total
        }
        functions.sort { left, right in
            let selfs = (
                left.leftSelf.saturatingAdd(left.rightSelf), right.leftSelf.saturatingAdd(right.rightSelf)
            )
            return selfs.0 != selfs.1 ? selfs.0 > selfs.1 : left.name < right.name
        }
        if limit > 0 { functions.removeLast(max(functions.count - limit, 0)) }
    }
}

extension SandwichMessage {
    init(_ sandwich: Sandwich) {
        self.init()
        names = sandwich.names
        total = sandwich.total
        own = sandwich.own
        callers = SandwichNodeMessage(sandwich.callers)
        callees = SandwichNodeMessage(sandwich.callees)
    }
}

extension SandwichNodeMessage {
    /// Nests a half: from its last node to its first, so that children are complete before their parents take them.
    init?(_ half: Sandwich.Half) {
        var nodes = half.names.indices.map { node in
            var message = SandwichNodeMessage()
            message.nameIndex = Int64(half.names[node])
            message.total = half.totals[node]
            message.own = half.selfs[node]
            message.truncated = half.isCut[node]
            return message
        }
        for node in nodes.indices.dropFirst().reversed() {
            nodes[node].children.reverse()
            nodes[Int(half.parents[node])].children.append(nodes[node])
            nodes[node].children = []
        }
        guard var first = nodes.first else { return nil }
        first.children.reverse()
        self = first
    }
}
