import Formats
import Model
import Wire

@testable import Ingest
@testable import Server

extension FuzzTarget {
    /// Text formats of profiles, and what is uploaded by hand.
    static let texts = [
        text("groups", .groups), text("lines", .lines), text("trie", .trie), text("tree", .tree),
        FuzzTarget(name: "tree-bytes", seeds: { Seeds.texts("tree") }, check: checkTreeBytes),
        FuzzTarget(name: "speedscope", seeds: Seeds.speedscopes, check: checkSpeedscope),
    ]

    /// Files that people upload, in any format.
    static let uploads = [
        FuzzTarget(name: "upload", seeds: Seeds.uploads) { bytes throws(Violation) in
            guard let profile = try? AdHocProfile(bytes, limits: limits) else { return }
            for part in profile.parts {
                try require(part.tree.nodeCount <= bytes.count * 2048, "a tree of \(part.tree.nodeCount) nodes")
            }
        }
    ]

    private static let type = ValueType(type: "samples", unit: "count")

    private static func text(_ name: String, _ format: TextProfile.Format) -> FuzzTarget {
        FuzzTarget(name: name, seeds: { Seeds.texts(name) }) { bytes throws(Violation) in
            for scale in [1, 10_000_000] as [Int64] {
                let profile = try? TextProfile.decode(
                    bytes, as: format, type: type, periodType: nil, scale: scale, time: 7, limits: limits)
                // A frame of a trie is written once and stands below each of its prefixes.
                try profile?.check(byteCount: format == .trie ? 2 * bytes.count : bytes.count + 1)
            }
        }
    }

    /// A pushed tree, as the read side would answer it.
    private static func tree(_ bytes: [UInt8]) -> CallTree? {
        guard
            let profile = try? TextProfile.decode(
                bytes, as: .tree, type: type, periodType: nil, scale: 1, time: 7, limits: limits)
        else { return nil }
        var builder = CallTreeBuilder()
        for group in profile.groups {
            builder.add(
                stacks: group.columns[0].stacks, values: group.columns[0].values, symbols: profile.symbols)
        }
        return builder.finish()
    }

    private static func checkTreeBytes(_ bytes: [UInt8]) throws(Violation) {
        guard let tree = tree(bytes) else { return }
        let written = tree.encoded()
        let again = Self.tree(written)
        try require(again?.encoded() == written, "a tree is another after reading it again")
        try require(again?.total == tree.total, "a tree's total is another after reading it again")
    }

    private static func checkSpeedscope(_ bytes: [UInt8]) throws(Violation) {
        guard let profiles = try? Speedscope.decode(bytes, limits: limits) else { return }
        for profile in profiles {
            for scale in [1, 10_000_000] as [Int64] {
                try (try? profile.decoded(type: type, periodType: type, scale: scale, time: 7, limits: limits))?
                    .check(byteCount: bytes.count)
            }
        }
    }
}
