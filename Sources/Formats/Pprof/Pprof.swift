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

        /// When the profile was taken, in nanoseconds; 0 or less if it does not say.
        public var time: Int64 {
            get { raw.time }
            set { raw.time = newValue }
        }

        /// The names of the sample types; empty where an index points nowhere.
        public var sampleTypes: [Text] {
            raw.sampleTypes.map { $0.type < UInt64(raw.strings.count) ? raw.strings[Int($0.type)] : .empty }
        }
    }

    /// Inflates bytes if they are gzip, and reads them.
    ///
    /// Throws ``FormatError`` of kind `unreadable` or `tooLarge`.
    public static func read(_ bytes: [UInt8], limits: PprofLimits) throws(FormatError) -> Raw {
        let ceiling = limits.maxBytes > 0 ? limits.maxBytes : Int.max / 2
        var plain = bytes
        if Gzip.isGzip(bytes) {
            do throws(Gzip.Problem) {
                plain = try Gzip.inflate(bytes, limit: ceiling)
            } catch {
                switch error {
                case .malformed: throw FormatError(.unreadable, error.description)
                case .tooLarge: throw tooLarge(ceiling)
                }
            }
        }
        guard plain.count <= ceiling else { throw tooLarge(ceiling) }
        guard !plain.isEmpty else { throw FormatError(.unreadable, "unexpected EOF") }
        do throws(WireError) {
            return Raw(try RawPprof(decoding: plain), byteCount: plain.count)
        } catch {
            throw FormatError(.unreadable, "cannot parse pprof: \(error)")
        }
    }

    private static func tooLarge(_ limit: Int) -> FormatError {
        FormatError(.tooLarge, "decompressed size exceeds maximum allowed size of \(limit) bytes (max-profile-size)")
    }

    /// Validates and normalises; `series` describes the profile in messages.
    public static func normalise(
        _ raw: Raw, limits: PprofLimits, language: Language, series: String
    ) throws(FormatError) -> DecodedProfile {
        var pprof = raw.raw
        try pprof.validate(limits, series: series)
        if language == .go || language == .unknown && pprof.looksLikeGo { pprof.removeGoTypeParameters() }
        var normaliser = PprofNormaliser(pprof, maxDepth: limits.maxDepth)
        return try normaliser.run()
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
