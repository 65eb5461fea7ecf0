import Model
import Wire

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

    /// The longest line of text, in bytes.
    public static let maxLine = 64 * 1024

    /// Reads stacks and multiplies their values by `scale`.
    ///
    /// `time` is when the profile was taken, in nanoseconds. Values that are not positive are left out; a product that cannot be
    /// represented is an error. Unless the limits are strict, lines that cannot be read are left out and counted. `reserving` is asked
    /// before memory is taken.
    public static func decode(
        _ bytes: [UInt8], as format: Format, type: ValueType, periodType: ValueType?, scale: Int64, time: Int64,
        limits: PprofLimits, reserving: @escaping (Int) -> Bool = { _ in true }
    ) throws(FormatError) -> DecodedProfile {
        var stacks = StackCollector(limits: limits, reserving: reserving)
        var problem: FormatError?
        do throws(FormatError) {
            switch format {
            case .groups: try readGroups(bytes, limits, into: &stacks, &problem)
            case .lines: try readLines(bytes, limits, into: &stacks, &problem)
            case .trie: try readTrie(bytes, limits, into: &stacks)
            case .tree: try readTree(bytes, limits, into: &stacks)
            }
        } catch {
            guard !limits.isStrict, error.kind == .unreadable else { throw error }
            // Of trees that end early or are damaged, what was complete stays.
            stacks.salvage.note(.cutShort, error.description)
            problem = error
        }
        let profile = try stacks.profile(type: type, periodType: periodType, scale: scale, time: time)
        if profile.groups.isEmpty, let problem { throw problem }
        return profile
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
            guard line.count <= maxLine else {
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
            guard line.count <= maxLine else {
                let error = FormatError(.unreadable, "a line is longer than \(maxLine) bytes")
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

    // MARK: - Binary trees

    private static func uvarint(_ bytes: [UInt8], _ offset: inout Int) throws(FormatError) -> UInt64 {
        var cursor = ProtobufCursor(offset: offset, end: bytes.count)
        defer { offset = cursor.offset }
        do throws(WireError) {
            return try ProtobufReader.varint(bytes.span, &cursor)
        } catch {
            throw FormatError(.unreadable, "malformed number at byte \(cursor.offset)")
        }
    }

    private static func name(
        _ bytes: [UInt8], _ offset: inout Int, _ limits: PprofLimits
    ) throws(FormatError) -> ArraySlice<UInt8> {
        let length = try uvarint(bytes, &offset)
        guard limits.maxSymbolBytes <= 0 || length <= UInt64(limits.maxSymbolBytes) else {
            throw FormatError(.tooLarge, "a name is longer than \(limits.maxSymbolBytes) bytes (max-symbol-length)")
        }
        guard length <= UInt64(bytes.count - offset) else {
            throw FormatError(.unreadable, "unexpected end at byte \(offset)")
        }
        defer { offset += Int(length) }
        return bytes[offset..<offset + Int(length)]
    }

    private static func readTrie(
        _ bytes: [UInt8], _ limits: PprofLimits, into stacks: inout StackCollector
    ) throws(FormatError) {
        var offset = 0
        // The length of the key at each open node, and how many children are still to come.
        var open: [(keyLength: Int, left: UInt64)] = []
        var key: [UInt8] = []
        // Keys share what they begin with, so that a small body can hold very many long ones.
        var room = limits.maxBytes > 0 ? max(limits.maxBytes, bytes.count).saturatingMultiply(4) : .max
        while offset < bytes.count {
            if let last = open.last { key.removeLast(key.count - last.keyLength) }
            if !open.isEmpty { open[open.count - 1].left -= 1 }
            key.append(contentsOf: try name(bytes, &offset, limits))
            guard key.count <= 1 << 20 else { throw FormatError(.tooLarge, "a stack is longer than 1 MiB") }
            let value = try uvarint(bytes, &offset)
            let children = try uvarint(bytes, &offset)
            if value > 0 {
                room -= key.count
                guard room >= 0 else { throw FormatError(.tooLarge, "the stacks of a trie are too long together") }
                try stacks.add(joined: key[...], value: Int64(bitPattern: value))
            }
            if children > 0 { open.append((key.count, children)) }
            while open.last?.left == 0 { open.removeLast() }
            if open.isEmpty { break }
        }
        guard open.isEmpty else { throw FormatError(.unreadable, "unexpected end at byte \(offset)") }
    }

    private static func readTree(
        _ bytes: [UInt8], _ limits: PprofLimits, into stacks: inout StackCollector
    ) throws(FormatError) {
        var offset = 0
        var open: [(node: UInt32, left: UInt64)] = []
        var isRoot = true
        while offset < bytes.count {
            let name = try name(bytes, &offset, limits)
            let value = try uvarint(bytes, &offset)
            let children = try uvarint(bytes, &offset)
            guard limits.maxSamples <= 0 || children <= UInt64(limits.maxSamples) else {
                throw FormatError(.tooLarge, "a node has more than \(limits.maxSamples) children (max-profile-samples)")
            }
            var node: UInt32 = 0
            if isRoot {
                isRoot = false
            } else {
                open[open.count - 1].left -= 1
                node = try stacks.child(of: open[open.count - 1].node, named: name)
                stacks.add(Int64(bitPattern: value), to: node)
            }
            if children > 0 { open.append((node, children)) }
            while open.last?.left == 0 { open.removeLast() }
            if open.isEmpty { break }
        }
        guard open.isEmpty else { throw FormatError(.unreadable, "unexpected end at byte \(offset)") }
    }
}
