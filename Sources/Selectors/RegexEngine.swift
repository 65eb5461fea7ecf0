import CRE2
import Model

/// A pattern compiled by RE2, which matches whole texts.
///
/// Unchecked because the only stored state is a pointer to an expression that is never changed after `init`, and RE2 documents
/// concurrent matching of one expression as safe.
final class RegexEngine: @unchecked Sendable {
    private let regexp: OpaquePointer

    init(_ pattern: Text) throws(SelectorError) {
        let dialect = try GoRegexDialect.translate(pattern)
        var message = [CChar](repeating: 0, count: 256)
        let compiled = dialect.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { cre2_compile($0.baseAddress, $0.count, &message, 256) }
        }
        guard let compiled else {
            let reason = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw LabelRegex.invalid(pattern, String(decoding: reason, as: UTF8.self))
        }
        regexp = compiled
    }

    deinit { cre2_destroy(regexp) }

    func matches(_ text: [UInt8]) -> Bool {
        text.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { cre2_full_match(regexp, $0.baseAddress, $0.count) != 0 }
        }
    }

    /// The number of groups, without the whole match.
    var groupCount: Int { Int(cre2_group_count(regexp)) }

    /// The number of the group of a name.
    func group(named name: [UInt8]) -> Int? {
        let index = name.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { cre2_group_index(regexp, $0.baseAddress, $0.count) }
        }
        return index >= 0 ? Int(index) : nil
    }

    /// Where the whole match and each group lie, if all of a text matches; nil for a group that took no part.
    func groups(of text: [UInt8]) -> [Range<Int>?]? {
        let count = groupCount + 1
        var bounds = [Int](repeating: -1, count: 2 * count)
        let matches = text.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                cre2_full_match_groups(regexp, $0.baseAddress, $0.count, &bounds, Int32(count)) != 0
            }
        }
        guard matches else { return nil }
        return (0..<count).map { bounds[2 * $0] < 0 ? nil : bounds[2 * $0]..<bounds[2 * $0 + 1] }
    }
}
