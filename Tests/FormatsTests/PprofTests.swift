import Formats
import Model
import Testing
import Wire

/// Decodes with the reference's limits, changed by the test.
private func decode(
    _ bytes: [UInt8], _ change: (inout PprofLimits) -> Void = { _ in }, language: Pprof.Language = .other
) throws(FormatError) -> DecodedProfile {
    var limits = PprofLimits.pyroscope
    change(&limits)
    return try Pprof.normalise(
        try Pprof.read(bytes, limits: limits), limits: limits, language: language, series: "{a=\"b\"}")
}

/// The sums of one sample type by stack, root first, over all groups or those of some labels.
private func stacks(_ profile: DecodedProfile, type: Int = 0, labels: [Label]? = nil) -> [String: Int64] {
    var sums: [String: Int64] = [:]
    let symbols = profile.symbols
    for group in profile.groups where labels == nil || group.labels == labels {
        let columns = group.columns[type]
        for (stack, value) in zip(columns.stacks, columns.values) {
            var frames: [String] = []
            var node = Int(stack)
            while node != 0 {
                let location = symbols.locations[Int(symbols.stacks.locations[node])]
                for line in symbols.lines[location.lineRange] {
                    frames.append(symbols.strings[symbols.functions[Int(line.function)].name].string)
                }
                node = Int(symbols.stacks.parents[node])
            }
            sums[frames.reversed().joined(separator: ";"), default: 0] += value
        }
    }
    return sums
}

@Suite struct PprofDecodingTests {
    @Test func `samples are stacks with a value for each type`() throws {
        var pprof = PprofWriter()
        pprof.types = [("samples", "count"), ("cpu", "nanoseconds")]
        pprof.add(["work", "main"], [1, 10])
        pprof.add(["main"], [2, 20])
        let profile = try decode(pprof.encoded())
        #expect(profile.sampleTypes.map(\.type) == ["samples", "cpu"])
        #expect(profile.periodType == ValueType(type: "cpu", unit: "nanoseconds"))
        #expect(profile.time == pprof.time)
        #expect(stacks(profile, type: 0) == ["main;work": 1, "main": 2])
        #expect(stacks(profile, type: 1) == ["main;work": 10, "main": 20])
    }

    @Test func `gzip is recognised by its first bytes`() throws {
        var pprof = PprofWriter()
        pprof.add(["a"], [1])
        #expect(stacks(try decode(Gzip.deflate(pprof.encoded()))) == ["a": 1])
    }

    @Test func `inlined lines are frames, the last line the outermost`() throws {
        var pprof = PprofWriter()
        pprof.functions = ["inner", "outer"]
        pprof.locations = [[(1, 1), (2, 2)]]
        pprof.samples = [.init(locations: [1], values: [5])]
        #expect(stacks(try decode(pprof.encoded())) == ["outer;inner": 5])
    }

    @Test func `samples of equal stack and labels are summed`() throws {
        var pprof = PprofWriter()
        pprof.add(["a"], [1])
        pprof.add(["a"], [2])
        let profile = try decode(pprof.encoded())
        #expect(stacks(profile) == ["a": 3] && profile.groups[0].columns[0].count == 1)
    }

    @Test func `a sample with a negative value is dropped, as is one of zeros`() throws {
        var pprof = PprofWriter()
        pprof.types = [("a", "count"), ("b", "count")]
        pprof.add(["negative"], [5, -1])
        pprof.add(["zero"], [0, 0])
        pprof.add(["half"], [0, 7])
        let profile = try decode(pprof.encoded())
        #expect(stacks(profile, type: 0).isEmpty)
        #expect(stacks(profile, type: 1) == ["half": 7])
    }

    @Test func `a sample that names an unknown location is dropped whole`() throws {
        var pprof = PprofWriter()
        pprof.add(["a"], [1])
        pprof.samples.append(.init(locations: [1, 99], values: [5]))
        #expect(stacks(try decode(pprof.encoded())) == ["a": 1])
    }

    @Test func `a sample without a stack keeps its value at the root`() throws {
        var pprof = PprofWriter()
        pprof.samples = [.init(locations: [], values: [4])]
        #expect(stacks(try decode(pprof.encoded())) == ["": 4])
    }

    @Test func `type parameters of Go's generic functions are removed, so that they merge`() throws {
        var pprof = PprofWriter()
        pprof.add(["pkg.F[go.shape.int]"], [1])
        pprof.add(["pkg.F[go.shape.struct { X []go.shape.int }]"], [2])
        #expect(stacks(try decode(pprof.encoded(), language: .go)) == ["pkg.F": 3])
        #expect(stacks(try decode(pprof.encoded(), language: .other)).count == 2)
    }

    @Test func `stacks deeper than the limit lose their leaf side`() throws {
        var pprof = PprofWriter()
        pprof.add(["leaf", "middle", "root"], [1])
        #expect(stacks(try decode(pprof.encoded()) { $0.maxDepth = 2 }) == ["root;middle": 1])
    }

    @Test func `texts longer than the limit keep their tail`() throws {
        var pprof = PprofWriter()
        pprof.types = [("a", "b")]
        pprof.periodType = nil
        pprof.add(["0123456789"], [1])
        #expect(stacks(try decode(pprof.encoded()) { $0.maxSymbolBytes = 4 }) == ["6789": 1])
    }
}

@Suite struct PprofLabelTests {
    @Test func `span and trace ids stay with their samples`() throws {
        var pprof = PprofWriter()
        let trace = "000102030405060708090a0b0c0d0e0f"
        pprof.add(["a"], [1], labels: [("span_id", "00000000000000Ff"), ("trace_id", trace)])
        pprof.add(["a"], [2], labels: [("profile_id", "0000000000000001")])
        pprof.add(["a"], [4], labels: [("span_id", "no id")])
        let profile = try decode(pprof.encoded())
        try #require(profile.groups.count == 1)
        let columns = profile.groups[0].columns[0]
        let bySpan = Dictionary(zip(columns.spans, columns.values), uniquingKeysWith: +)
        // Eight bytes in the order of the text, as a little-endian number or as the text's: only equality counts.
        #expect(bySpan.count == 3 && bySpan[0] == 4)
        #expect(Set(columns.traces).count == 2)
    }

    @Test func `other labels of text split a profile into groups`() throws {
        var pprof = PprofWriter()
        pprof.add(["a"], [1], labels: [("region", "eu")])
        pprof.add(["a"], [2], labels: [("region", "us")])
        pprof.add(["a"], [4])
        let profile = try decode(pprof.encoded())
        #expect(stacks(profile, labels: [Label("region", "eu")]) == ["a": 1])
        #expect(stacks(profile, labels: [Label("region", "us")]) == ["a": 2])
        #expect(stacks(profile, labels: []) == ["a": 4])
    }

    @Test func `of a label that a sample has twice the value that comes first in the table of texts counts`() throws {
        var pprof = PprofWriter()
        pprof.strings += ["z", "a"]
        pprof.add(["f"], [1], labels: [("region", "a"), ("region", "z")])
        let profile = try decode(pprof.encoded())
        #expect(profile.groups.map(\.labels) == [[Label("region", "z")]])
        #expect(profile.salvage[.labelTwice] == 1)
    }

    @Test func `of several span ids of a sample the first in the table of texts that is one counts`() throws {
        let ids = ["no id", "00000000000000b2", "00000000000000a1"]
        var pprof = PprofWriter()
        pprof.strings += ids
        pprof.add(["f"], [1], labels: [("span_id", ids[2]), ("profile_id", ids[1]), ("span_id", ids[0])])
        #expect(try decode(pprof.encoded()).groups.first?.columns.first?.spans == [0xb2])
    }

    @Test func `labels of numbers do not split`() throws {
        var pprof = PprofWriter()
        pprof.add(["a"], [1])
        pprof.add(["a"], [2])
        pprof.samples[0].labels = [(key: "bytes", text: nil, number: 512)]
        let profile = try decode(pprof.encoded())
        #expect(profile.groups.count == 1 && stacks(profile) == ["a": 3])
    }
}

@Suite struct PprofValidationTests {
    private static let valid: PprofWriter = {
        var pprof = PprofWriter()
        pprof.add(["a"], [1], labels: [("k", "v")])
        return pprof
    }()

    private func refusal(
        _ change: (inout PprofWriter) -> Void, _ limits: (inout PprofLimits) -> Void = { _ in }
    ) -> FormatError? {
        var pprof = Self.valid
        change(&pprof)
        do throws(FormatError) {
            _ = try decode(pprof.encoded(), limits)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a profile without sample types is refused`() {
        #expect(refusal { $0.types = [] }?.description == "empty profile")
    }

    @Test func `a location or function with the id 0 is refused`() {
        // An empty message has the id 0.
        #expect(refusal { $0.tail = [0x22, 0] }?.description == "location id is 0")
        #expect(refusal { $0.tail = [0x2a, 0] }?.description == "function id is 0")
    }

    @Test func `each sample needs a value for each type`() {
        #expect(refusal { $0.samples[0].values = [1, 2] }?.description == "sample value length mismatch")
    }

    @Test func `the first text must be empty`() {
        #expect(refusal { $0.strings = ["x"] }?.description == "string 0 should be empty string")
    }

    @Test func `an index beyond the texts names its field`() {
        #expect(refusal { $0.tail = [0x0a, 2, 8, 99] } != nil)
        let function = refusal { $0.tail = [0x2a, 4, 8, 7, 0x10, 99] }
        #expect(function?.description == "function name string index out of range")
        let label = refusal { $0.tail = [0x12, 8, 0x08, 1, 0x10, 1, 0x1a, 2, 0x08, 99] }
        #expect(label?.description == "sample label string index out of range")
    }

    @Test func `a dash or a colon in a sample type is refused`() {
        #expect(refusal { $0.types = [("inuse-space", "bytes")] }?.description == "sample type contains -")
        #expect(refusal { $0.types = [("a:b", "bytes")] }?.kind == .invalid)
    }

    @Test func `a text that is no UTF-8 is shown in hex`() {
        #expect(refusal { $0.tail = [0x32, 2, 0xc3, 0x28] }?.description == "invalid utf8 string hex: c328")
    }

    @Test func `limits name themselves`() {
        let size = refusal({ _ in }, { $0.maxBytes = 10 })
        #expect(size?.kind == .tooLarge && size?.description.contains("max-profile-size") == true)
        let samples = refusal({ $0.add(["b"], [1]) }, { $0.maxSamples = 1 })
        #expect(samples?.description.contains("(max_profile_stacktrace_samples, actual: 2, limit: 1)") == true)
        let labels = refusal(
            { $0.samples[0].labels.append((key: "l", text: "w", number: 0)) }, { $0.maxSampleLabels = 1 })
        #expect(labels?.description.contains("(max_profile_stacktrace_sample_labels, actual: 2, limit: 1)") == true)
    }

    @Test func `a bomb is refused at the limit`() {
        let bomb = Gzip.deflate([UInt8](repeating: 0, count: 32 << 20))
        #expect(throws: FormatError.self) { try Pprof.read(bomb, limits: .pyroscope) }
    }

    @Test func `functions that share a long file name are refused before they take its size many times`() throws {
        var pprof = PprofWriter()
        let file = pprof.string(String(repeating: "f", count: 1 << 20))
        for id in 1...300 as ClosedRange<UInt64> {
            ProtobufWriter.message(5, to: &pprof.tail) { bytes in
                for (field, value) in [(1, id), (2, 0), (4, file)] {
                    ProtobufWriter.key(field, .varint, to: &bytes)
                    ProtobufWriter.varint(value, to: &bytes)
                }
            }
        }
        var raw = try Pprof.read(pprof.encoded(), limits: .pyroscope)
        #expect {
            try raw.prefixFilenames(keepsAbsolute: false)
        } throws: {
            ($0 as? FormatError)?.kind == .tooLarge
        }
    }

    @Test func `samples that share long labels are refused before the labels are read too often`() {
        let long = String(repeating: "v", count: 60_000)
        let refused = refusal { pprof in
            for index in 0..<30 {
                pprof.add(["a"], [1], labels: (0..<40).map { ("k\($0)", long + "\(index)") })
            }
        }
        #expect(refused?.kind == .tooLarge && refused?.description.contains("labels") == true)
    }

    @Test(
        arguments: [
            ("a[go.shape.int]b", "ab"), ("[go.shape.[x]y]z", "z"), ("[go.shape.[go.shape.x]", "[go.shape."),
            ("a][go.shape.x", "a][go.shape.x"), ("a[b]", "a[b]"),
        ] as [(String, String)])
    func `brackets of type parameters go where they close`(_ name: String, _ left: String) throws {
        var pprof = PprofWriter()
        pprof.add([name], [1])
        #expect(stacks(try decode(pprof.encoded(), language: .go)) == [left: 1])
    }

    @Test func `no bytes are refused`() {
        #expect(throws: FormatError.self) { try Pprof.read([], limits: .pyroscope) }
    }
}

@Suite struct PprofMutationTests {
    @Test func `mutated profiles are read or refused, and what is read is consistent`() {
        var pprof = PprofWriter()
        pprof.types = [("samples", "count"), ("cpu", "nanoseconds")]
        for index in 0..<20 {
            pprof.add(
                ["leaf\(index)", "f\(index % 3)", "main"], [1, Int64(index)],
                labels: index % 4 == 0 ? [("span_id", "00000000000000ff"), ("k", "v\(index)")] : [])
        }
        let corpus = pprof.encoded()
        var random = Xorshift(state: 1)
        var readable = 0
        for _ in 0..<20_000 {
            var bytes = corpus
            for _ in 0...random.below(3) {
                let place = random.below(bytes.count)
                switch random.below(4) {
                case 0: bytes[place] = UInt8(random.below(256))
                case 1: bytes[place] ^= 1 << UInt8(random.below(8))
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + random.below(6)))
                default: bytes.insert(contentsOf: [0xff, 0xff, 0xff, 0xff, 0x0f].prefix(random.below(6)), at: place)
                }
            }
            guard let profile = try? decode(bytes, language: .unknown) else { continue }
            readable += 1
            #expect(profile.symbols.isConsistent)
        }
        #expect(readable > 100)
    }
}

/// A generator whose numbers are the same in each run (xorshift64).
private struct Xorshift {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }
}
