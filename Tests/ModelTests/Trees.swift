import Model

/// Builds a tree of stacks written root first with `;` between frames.
func tree(_ stacks: [(String, Int64)]) -> CallTree {
    var builder = CallTreeBuilder()
    for (stack, value) in stacks {
        builder.add(stack.split(separator: ";", omittingEmptySubsequences: false).map { Text($0) }, value: value)
    }
    return builder.finish()
}

/// The tree that the format's worked vectors use.
let exampleStacks: [(String, Int64)] = [("main;foo;bar", 1), ("main;foo", 2), ("main;baz", 3), ("init", 4)]

/// A tree of random stacks over few names, so that paths meet often; `other` and the empty name are among them.
func randomTree(seed: UInt64, stacks: Int = 60, largest: Int64 = 100) -> CallTree {
    var random = SplitMix(seed: seed)
    let names = ["a", "b", "c", "other", "", "total", "é", "e\u{301}"]
    var builder = CallTreeBuilder()
    for _ in 0..<stacks {
        let depth = Int.random(in: 1...6, using: &random)
        let frames = (0..<depth).map { _ in Text(names.randomElement(using: &random) ?? "a") }
        builder.add(frames, value: Int64.random(in: 1...largest, using: &random))
    }
    return builder.finish()
}

/// A small repeatable generator.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
