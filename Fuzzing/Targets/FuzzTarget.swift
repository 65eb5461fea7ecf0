/// One parser under test: a name, bytes to begin with, and what must hold for any bytes.
struct FuzzTarget: Sendable {
    /// The name, which is also that of its folder of inputs.
    let name: String
    /// Inputs to begin with, written by the project's own writers.
    let seeds: @Sendable () -> [[UInt8]]
    /// Reads bytes and throws a ``Violation`` if what came of them breaks a rule; refusing them is fine.
    let check: @Sendable ([UInt8]) throws(Violation) -> Void

    /// Every target.
    static let all: [FuzzTarget] =
        profiles + texts + ingest + relabelling + messages + connections + queries + blobs + uploads
}

/// A rule that a parser broke.
struct Violation: Error, CustomStringConvertible {
    let description: String
}

/// Throws unless a rule holds.
func require(_ holds: Bool, _ rule: @autoclosure () -> String) throws(Violation) {
    guard holds else { throw Violation(description: rule()) }
}
