import Model

/// Decodes the text formats of older clients: one sample type, stacks of names.
public enum TextProfile {
    /// How the stacks are written.
    public enum Format: Sendable, Hashable {
        /// `root;child;leaf 12` on each line; also called collapsed or folded.
        case groups
        /// `root;child;leaf` on each line, counted as 1.
        case lines
        /// A prefix tree of whole stacks.
        case trie
        /// A tree of frames.
        case tree
    }

    /// A line of text is shorter than this, in bytes.
    public static let maxLine = 64 * 1024

    /// Stacks that were read, and are not yet judged as a profile.
    public struct Stacks {
        fileprivate var collector: StackCollector
        fileprivate var problem: FormatError?

        /// The stacks as a profile of one sample type, their values multiplied by `scale`.
        ///
        /// `time` is when the profile was taken, in nanoseconds. Values that are not positive are left out. What is beyond 64 bits
        /// wraps if the limits are strict, as in the reference, and becomes the largest number otherwise. Throws ``FormatError`` of
        /// kind `invalid` for what the limits refuse.
        public func profile(
            type: ValueType, periodType: ValueType?, scale: Int64, time: Int64
        ) throws(FormatError) -> DecodedProfile {
            let profile = try collector.profile(type: type, periodType: periodType, scale: scale, time: time)
            if profile.groups.isEmpty, let problem { throw problem }
            return profile
        }
    }

    /// Reads stacks and makes them a profile, as ``read(_:as:limits:reserving:)`` and ``Stacks`` do.
    public static func decode(
        _ bytes: [UInt8], as format: Format, type: ValueType, periodType: ValueType?, scale: Int64, time: Int64,
        limits: PprofLimits, reserving: @escaping (Int) -> Bool = { _ in true }
    ) throws(FormatError) -> DecodedProfile {
        try read(bytes, as: format, limits: limits, reserving: reserving)
            .profile(type: type, periodType: periodType, scale: scale, time: time)
    }

    /// Reads stacks with their values.
    ///
    /// Unless the limits are strict, lines that cannot be read are left out and counted. `reserving` is asked before memory is taken.
    public static func read(
        _ bytes: [UInt8], as format: Format, limits: PprofLimits, reserving: @escaping (Int) -> Bool = { _ in true }
    ) throws(FormatError) -> Stacks {
        var stacks = StackCollector(limits: limits, reserving: reserving)
        var problem: FormatError?
        do throws(FormatError) {
            switch format {
            case .groups: try readGroups(bytes, limits, into: &stacks, &problem)
            case .lines: try readLines(bytes, limits, into: &stacks, &problem)
            case .trie: try readTrie(bytes, limits, into: &stacks)
            case .tree: try readTree(bytes, limits, reserving, into: &stacks)
            }
        } catch {
            guard !limits.isStrict, error.kind == .unreadable else { throw error }
            // Of trees that end early or are damaged, what was complete stays.
            stacks.salvage.note(.cutShort, error.description)
            problem = error
        }
        return Stacks(collector: stacks, problem: problem)
    }

    /// The lines that are not empty, without their ends; nothing is copied.
    private static func forEachLine(
        _ bytes: [UInt8], _ body: (ArraySlice<UInt8>) throws(FormatError) -> Bool
    ) throws(FormatError) {
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0a) ?? bytes.count
            let line = bytes[start..<end]
            start = end + 1
            guard !line.isEmpty else { continue }
            guard try body(line) else { return }
        }
    }

    private static func readGroups(
        _ bytes: [UInt8], _ limits: PprofLimits, into stacks: inout StackCollector, _ problem: inout FormatError?
    ) throws(FormatError) {
        try forEachLine(bytes) { line throws(FormatError) in
            guard line.count < maxLine else {
                stacks.salvage.note(.line, "a line of \(line.count) bytes")
                // The reference stops reading at such a line.
                return !limits.isStrict
            }
            let line = line.last == 0x0d ? line.dropLast() : line
            guard let blank = line.lastIndex(of: 0x20) else {
                stacks.salvage.note(.line, String(decoding: line.prefix(100), as: UTF8.self))
                return true
            }
            let value: Int64
            do throws(FormatError) {
                value = try count(line[(blank + 1)...])
            } catch {
                guard !limits.isStrict else { throw error }
                stacks.salvage.note(.line, String(decoding: line.prefix(100), as: UTF8.self))
                problem = problem ?? error
                return true
            }
            try stacks.add(joined: line[..<blank], value: value)
            return true
        }
    }

    private static func count(_ digits: ArraySlice<UInt8>) throws(FormatError) -> Int64 {
        let text = String(decoding: digits, as: UTF8.self)
        let unsigned =
            digits.first == UInt8(ascii: "-") || digits.first == UInt8(ascii: "+") ? digits.dropFirst() : digits
        guard !unsigned.isEmpty, unsigned.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw FormatError(.unreadable, "strconv.Atoi: parsing \"\(text)\": invalid syntax")
        }
        guard let value = Int64(text) else {
            throw FormatError(.unreadable, "strconv.Atoi: parsing \"\(text)\": value out of range")
        }
        return value
    }

    private static func readLines(
        _ bytes: [UInt8], _ limits: PprofLimits, into stacks: inout StackCollector, _ problem: inout FormatError?
    ) throws(FormatError) {
        try forEachLine(bytes) { line throws(FormatError) in
            guard line.count < maxLine else {
                let error = FormatError(.unreadable, "a line is longer than \(maxLine - 1) bytes")
                guard !limits.isStrict else { throw error }
                stacks.salvage.note(.line, "a line of \(line.count) bytes")
                problem = problem ?? error
                return true
            }
            let line = line.last == 0x0d ? line.dropLast() : line
            if !line.isEmpty { try stacks.add(joined: line, value: 1) }
            return true
        }
    }
}
