import Model
import Store
import Synchronization

/// The tree of names of one service, which the caches of all of its files share.
///
/// So a question about many days adds numbers of one tree, and compares no names.
final class SharedNameTree: Sendable {
    private let grower = Mutex(NameTreeGrower())

    /// The tree as it is now; every stack that was added ends in it.
    var current: NameTree { grower.withLock { $0.tree } }

    var byteCount: Int { grower.withLock { $0.byteCount } }

    var nodeCount: Int { grower.withLock { $0.tree.nodeCount } }

    /// Adds the stacks that a table has beyond those that were added.
    func add(_ table: SymbolTable, _ progress: inout NameTreeGrower.Progress) {
        grower.withLock { $0.add(table, &progress) }
    }
}

/// The trees of names that are in use.
final class NameTrees: Sendable {
    private struct Key: Hashable, Sendable {
        let tenant: Tenant
        let service: Text
    }

    private struct Entry: Sendable {
        weak var tree: SharedNameTree?
    }

    private struct State: Sendable {
        var entries: [Key: Entry] = [:]
        /// When there are so many, those that nobody holds are looked for.
        var mostEntries = 64
    }

    private let trees = Mutex(State())

    /// Beyond so many nodes, files that are opened next begin a new tree: what has not been seen for days makes way.
    private static let mostNodes = 1 << 20

    /// The tree of a service, which lives as long as somebody holds it.
    func tree(of service: Text, tenant: Tenant) -> SharedNameTree {
        trees.withLock { trees in
            let key = Key(tenant: tenant, service: service)
            if let known = trees.entries[key]?.tree, known.nodeCount < Self.mostNodes { return known }
            let new = SharedNameTree()
            if trees.entries.count >= trees.mostEntries {
                trees.entries = trees.entries.filter { $0.value.tree != nil }
                trees.mostEntries = max(64, 2 * trees.entries.count)
            }
            trees.entries[key] = Entry(tree: new)
            return new
        }
    }

    /// About how many bytes all of them take.
    var byteCount: Int {
        trees.withLock { $0.entries.values.compactMap(\.tree) }.reduce(0) { $0 + $1.byteCount }
    }
}
