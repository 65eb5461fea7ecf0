import Formats
import Model
import Wire

@testable import Ingest
@testable import Server

extension FuzzTarget {
    /// Text formats of profiles, and what is uploaded by hand.
    static let texts = [
        text("groups", .groups), text("lines", .lines), text("trie", .trie), text("tree", .tree),
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
