import Model
import Testing

/// Whole stacks, leaf first, as decoders hand them over.
@Suite struct StackChainsTests {
    /// Locations 0 to 4, each with a function of its own name.
    private let symbols: SymbolTable = {
        var symbols = SymbolTable()
        for name in ["a", "b", "c", "d", "e"] {
            let text = symbols.strings.append(Array(name.utf8))
            symbols.functions.append(Function(name: text))
            symbols.lines.append(Line(function: UInt32(symbols.functions.count - 1)))
            symbols.locations.append(Location(firstLine: UInt32(symbols.lines.count - 1), lineCount: 1))
        }
        return symbols
    }()

    private func chains() -> StackChains {
        StackChains(locations: ContentHash.locations(of: symbols), reservingStacks: 1, frames: 1)
    }

    @Test func `a stack that comes again is the same, others are not, however many come`() {
        var chains = chains()
        var leaves: [[UInt32]: UInt32] = [:]
        for round in 0..<2 {
            for number in UInt32(1)..<3125 {
                var frames: [UInt32] = []
                var rest = number
                while rest > 0 {
                    frames.append(rest % 5)
                    rest /= 5
                }
                let leaf = chains.find(leafFirst: frames[...])
                if round == 1 { #expect(leaf == leaves[frames]) }
                leaves[frames] = leaf
            }
        }
        #expect(Set(leaves.values).count == 3124)
    }

    @Test func `the tree has the frames of a stack from its root to its leaf`() throws {
        var chains = chains()
        _ = chains.find(leafFirst: [4])
        let found = chains.find(leafFirst: [2, 1, 0])
        var node = try #require(found)
        var locations: [UInt32] = []
        while node != 0 {
            locations.append(chains.tree.locations[Int(node)])
            node = chains.tree.parents[Int(node)]
        }
        #expect(locations == [2, 1, 0])
    }

    @Test func `each stack has the hash that it has in a tree that was built otherwise`() throws {
        var chains = chains()
        let found = chains.find(leafFirst: [2, 1, 0])
        let leaf = try #require(found)
        _ = chains.find(leafFirst: [3, 1, 0])
        var shared = symbols
        let root = shared.stacks.append(parent: 0, location: 0)
        let middle = shared.stacks.append(parent: root, location: 1)
        let other = shared.stacks.append(parent: middle, location: 2)
        let index = try #require(chains.hashes.index(of: leaf, guess: 7))
        #expect(chains.hashes.count == 3 && chains.hashes.index(of: leaf, guess: 1) == index)
        #expect(chains.hashes.index(of: leaf - 1, guess: 1) == nil)
        #expect(chains.hashes.hashes[index] == ContentHash.stacks(of: shared)[Int(other)])
        #expect(chains.hashes.hashes[0] == ContentHash.stacks(of: shared)[0])
    }

    @Test func `no frames are the root, and a frame that means nothing makes a stack nothing`() {
        var chains = chains()
        let (root, broken) = (chains.find(leafFirst: []), chains.find(leafFirst: [1, StackChains.noLocation, 0]))
        #expect(root == 0)
        #expect(broken == nil)
        #expect(chains.tree.count == 1)
    }
}
