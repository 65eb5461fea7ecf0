import Formats
import Model
import Testing

@testable import Server

/// Flame graphs that were exported and come back as uploads.
@Suite struct FlamebearerBoxesTests {
    private func tree(levels: [[Int]], names: [String]) throws -> CallTree? {
        let json = """
            {"flamebearer":{"names":\(names),"levels":\(levels)},"metadata":{"format":"single"}}
            """
        return try AdHocProfile(Array(json.utf8), limits: .pyroscope).parts.first?.tree
    }

    private func stacks(_ tree: CallTree) -> [String: Int64] {
        var stacks: [String: Int64] = [:]
        for node in 1..<max(tree.parents.count, 1) where tree.selfs[node] > 0 {
            var frames: [String] = []
            var frame = node
            while frame != 0 {
                frames.append(tree.names[tree.nameIndices[frame]].string)
                frame = Int(tree.parents[frame])
            }
            stacks[frames.reversed().joined(separator: ";")] = tree.selfs[node]
        }
        return stacks
    }

    @Test func `a box lies below the box that holds it, also behind a gap and where it has no width`() throws {
        let tree = try tree(
            levels: [[0, 10, 0, 0], [0, 4, 1, 1, 2, 4, 0, 2], [1, 3, 3, 3, 2, 4, 4, 1, 0, 0, 0, 3]],
            names: ["total", "a", "b", "c"])
        #expect(stacks(try #require(tree)) == ["a": 1, "a;c": 3, "b;a": 4])
    }

    @Test func `a box that no box above holds is refused`() {
        #expect(throws: FormatError.self) { try tree(levels: [[0, 3, 0, 0], [2, 2, 2, 0]], names: ["total"]) }
    }

    @Test func `a graph of 20 000 levels is a stack of as many frames`() throws {
        let levels = (0...20_000).map { [0, 1, $0 == 20_000 ? 1 : 0, 0] }
        let tree = try #require(try tree(levels: levels, names: ["f"]))
        #expect(tree.nodeCount == 20_000 && tree.total == 1)
    }
}
