public import Model
import Wire

/// Decodes pprof: validated, normalised, and split by the labels of its samples.
public enum Pprof {
    /// The language of the profiled program, as far as it changes how a profile is read.
    public enum Language: Sendable, Hashable {
        /// Look at the texts.
        case unknown
        /// Go: type parameters of generic instances are removed.
        case go
        /// Any other.
        case other
    }

    /// What was found beside the samples, for those who name a profile after its types.
    public struct Header: Sendable {
        /// What is measured.
        public var sampleTypes: [ValueType]
        /// When, in nanoseconds; 0 if the profile does not say.
        public var time: Int64
    }

    /// A pprof whose bytes were read but not yet judged, so that old clients' mistakes can be mended first.
    public struct Raw: Sendable {
        fileprivate var raw: RawPprof
        /// The number of bytes after inflating.
        public let byteCount: Int

        init(_ raw: RawPprof, byteCount: Int) {
            self.raw = raw
            self.byteCount = byteCount
        }

        /// About how many bytes the profile takes once its stacks are a tree, at most.
        public var decodedByteCount: Int {
            // A node of the tree, its place in the table of edges, and the id that it comes from.
            48 * raw.stacks.count + 8 * raw.values.count + 24 * raw.labels.count + 48 * raw.locations.count
        }

        /// When the profile was taken, in nanoseconds; 0 or less if it does not say.
        public var time: Int64 {
            get { raw.time }
            set { raw.time = newValue }
        }

        /// Gives all that the profile says, but for its time, as numbers: the same for the same bytes.
        public func content(_ number: (UInt64) -> Void) {
            func text(_ bytes: ArraySlice<UInt8>) {
                number(UInt64(bytes.count))
                var word: UInt64 = 0
                for (index, byte) in bytes.enumerated() {
                    word = word << 8 | UInt64(byte)
                    if index % 8 == 7 { number(word) }
                }
                number(word)
            }
            func numbers(_ list: some Collection<UInt64>) {
                number(UInt64(list.count))
                for entry in list { number(entry) }
            }
            numbers((raw.sampleTypes + [raw.periodType].compactMap { $0 }).flatMap { [$0.type, $0.unit] })
            numbers(raw.stacks)
            numbers(raw.values.lazy.map { UInt64(bitPattern: $0) })
            for ends in [raw.stackEnds, raw.valueEnds, raw.labelEnds] { numbers(ends.lazy.map { UInt64($0) }) }
            numbers(raw.labels.flatMap { [$0.key, $0.str, $0.numUnit] })
            numbers(
                raw.mappings.flatMap {
                    [$0.id, $0.start, $0.limit, $0.fileOffset, $0.filename, $0.buildID, UInt64($0.flags)]
                })
            numbers(raw.locations.flatMap { [$0.id, $0.mapping, $0.address, UInt64($0.lineCount)] })
            numbers(raw.lines.flatMap { [$0.function, UInt64(bitPattern: $0.line)] })
            numbers(
                raw.functions.flatMap {
                    [$0.id, $0.name, $0.systemName, $0.filename, UInt64(bitPattern: $0.startLine)]
                })
            for index in 0..<raw.strings.count { text(raw.strings.bytes[raw.strings.range(index)]) }
        }

        /// The names of the sample types; empty where an index points nowhere.
        public var sampleTypes: [Text] {
            raw.sampleTypes.map { $0.type < UInt64(raw.strings.count) ? raw.strings[Int($0.type)] : .empty }
        }
    }

    /// Inflates bytes if they are gzip; `reserving` is asked before memory is taken.
    public static func plain(
        _ bytes: [UInt8], limits: PprofLimits, reserving: (Int) -> Bool = { _ in true }
    ) throws(FormatError) -> [UInt8] {
        try Gzip.plain(bytes, part: "", limits: limits, reserving: reserving)
    }

    /// Inflates bytes if they are gzip, and reads them; `reserving` is asked before memory is taken.
    ///
    /// Throws ``FormatError`` of kind `unreadable`, `tooLarge` or `noRoom`.
    public static func read(
        _ bytes: [UInt8], limits: PprofLimits, reserving: (Int) -> Bool = { _ in true }
    ) throws(FormatError) -> Raw {
        let plain = try plain(bytes, limits: limits, reserving: reserving)
        guard !plain.isEmpty else { throw FormatError(.unreadable, "unexpected EOF") }
        let raw: Raw
        do throws(WireError) {
            let counts = try RawPprof.checkDensity(plain.span)
            raw = Raw(try RawPprof(decoding: plain, counts), byteCount: plain.count)
        } catch {
            throw FormatError(.unreadable, "cannot parse pprof: \(error)")
        }
        guard reserving(raw.decodedByteCount) else {
            throw FormatError(.noRoom, "no memory is left to decode a profile in")
        }
        return raw
    }

    /// Mends unless the limits are strict, validates and normalises; `series` describes the profile in messages.
    public static func normalise(
        _ raw: Raw, limits: PprofLimits, language: Language, series: @autoclosure () -> String
    ) throws(FormatError) -> DecodedProfile {
        var pprof = raw.raw
        var checked = limits
        var salvage = SalvageReport()
        if !limits.isStrict {
            salvage = pprof.mend(limits)
            // Too many samples are folded once equal ones are merged.
            checked.maxSamples = 0
        }
        try pprof.validate(checked, series: series)
        if language == .go || language == .unknown && pprof.looksLikeGo { pprof.removeGoTypeParameters() }
        var normaliser = PprofNormaliser(pprof, maxDepth: limits.maxDepth)
        var decoded = try normaliser.run()
        decoded.salvage.add(salvage)
        return decoded
    }
}

extension Pprof.Raw {
    /// Mends what old .NET clients send: dashes in type names become underscores, and functions without ids get those of the
    /// locations at their place.
    public mutating func repairDotnet() {
        var strings = TextTable(reservingTexts: raw.strings.count, bytes: raw.strings.bytes.count)
        let types = Set(raw.sampleTypes.map(\.type))
        for index in 0..<raw.strings.count {
            let text = raw.strings.bytes[raw.strings.range(index)]
            if types.contains(UInt64(index)) {
                strings.append(text.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 })
            } else {
                strings.append(text)
            }
        }
        raw.strings = strings
        if raw.functions.count == raw.locations.count, raw.functions.allSatisfy({ $0.id == 0 }) {
            for index in raw.functions.indices { raw.functions[index].id = raw.locations[index].id }
        }
    }

    /// Writes `<file> <function>` for function names, as the reference does for scripting languages sent through `/ingest`.
    ///
    /// With `keepsAbsolute`, functions of files with an absolute path stay. Many functions may share one long file name, so the
    /// sum of the names is bounded; throws ``FormatError`` of kind `tooLarge` beyond it.
    public mutating func prefixFilenames(keepsAbsolute: Bool) throws(FormatError) {
        let count = UInt64(raw.strings.count)
        let chosen = raw.functions.indices.filter { index in
            let function = raw.functions[index]
            guard function.name < count, function.filename < count else { return false }
            let filename = raw.strings.bytes[raw.strings.range(Int(function.filename))]
            return !(keepsAbsolute && filename.first == UInt8(ascii: "/"))
        }
        let byteCount = chosen.reduce(0) { sum, index in
            sum + raw.strings.range(Int(raw.functions[index].filename)).count
                + raw.strings.range(Int(raw.functions[index].name)).count
        }
        guard byteCount <= 256 << 20 else {
            throw FormatError(.tooLarge, "the names of all functions with their files take more than 256 MiB")
        }
        for index in chosen {
            let filename = raw.strings[Int(raw.functions[index].filename)].utf8
            let name = raw.strings[Int(raw.functions[index].name)].utf8
            raw.functions[index].name = UInt64(raw.strings.append(filename + [UInt8(ascii: " ")] + name))
        }
    }
}

extension RawPprof {
    /// Texts that betray the language of a program by how they begin or end.
    private static let marks: [(text: StaticString, isPrefix: Bool, isGo: Bool)] = [
        ("/usr/local/go/", true, true), ("java/", true, false), ("sun/", true, false), ("./node_modules/", true, false),
        ("System.", true, false), ("Microsoft.", true, false), (".go", false, true), (".rb", false, false),
        (".js", false, false), (".py", false, false), ("main.rs", false, false), ("core.rs", false, false),
    ]

    /// Whether the first text that betrays a language is one of Go's.
    var looksLikeGo: Bool {
        for index in 0..<strings.count {
            let found = strings.withBytes(index) { text in
                Self.marks.first { mark in
                    mark.text.withUTF8Buffer { wanted in
                        guard text.count >= wanted.count, let last = wanted.last, let first = wanted.first else {
                            return false
                        }
                        // The byte that most others differ in is compared first.
                        let start = mark.isPrefix ? 0 : text.count - wanted.count
                        guard text[start] == first && text[start + wanted.count - 1] == last else { return false }
                        return wanted.indices.allSatisfy { text[start + $0] == wanted[$0] }
                    }
                }
            }
            if let found { return found.isGo }
        }
        return false
    }
}
