import Formats
import Model
import Testing
import Wire

/// Few bytes that would become very many are refused before they do.
@Suite struct ExpansionTests {
    private let limits = IngestedLimits.small

    private func isTooLarge(_ error: any Error) -> Bool { (error as? FormatError)?.kind == .tooLarge }

    private func text(_ body: [UInt8], as format: TextProfile.Format) throws -> DecodedProfile {
        try TextProfile.decode(
            body, as: format, type: ValueType(type: "samples", unit: "count"), periodType: nil, scale: 1, time: 0,
            limits: limits)
    }

    @Test(arguments: [[0x22, 0], [0x2a, 0], [0x1a, 0], [0x12, 0]] as [[UInt8]])
    func `a pprof of messages without contents is unreadable`(_ message: [UInt8]) {
        let bytes = [UInt8]((0..<10_000).flatMap { _ in message })
        #expect(throws: FormatError.self) { _ = try Pprof.read(bytes, limits: limits).byteCount }
    }

    @Test func `text has at most so many frames and functions`() {
        let names = Array((0..<70_000).map { "\($0) 1\n" }.joined().utf8)
        #expect(throws: (any Error).self) { try text(names, as: .groups) }
        let deep = Array((0..<40).map { "\($0);" + String(repeating: "a;", count: 5000) + " 1\n" }.joined().utf8)
        #expect {
            try text(deep, as: .groups)
        } throws: { isTooLarge($0) }
    }

    @Test func `a trie whose keys are long together is refused`() {
        // One key of 60 000 bytes and 5000 that go on from it.
        var trie: [UInt8] = [0xe0, 0xd4, 3] + [UInt8](repeating: UInt8(ascii: "a"), count: 60_000) + [0, 0x88, 0x27]
        for _ in 0..<5000 { trie += [1, UInt8(ascii: "b"), 1, 0] }
        #expect {
            try text(trie, as: .trie)
        } throws: { isTooLarge($0) }
    }

    @Test func `speedscope's nested events are counted by the frames of their stacks`() {
        let events = (0..<5000).map { #"{"type":"O","frame":0,"at":\#($0)}"# }.joined(separator: ",")
        let document = """
            {"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{"frames":[{"name":"a"}]},
             "profiles":[{"type":"evented","unit":"none","startValue":0,"endValue":1,"events":[\(events)]}]}
            """
        #expect {
            try Speedscope.decode(Array(document.utf8), limits: limits)
        } throws: { isTooLarge($0) }
    }

    @Test func `OTLP's shared stacks are counted each time that a sample uses them`() throws {
        let samples = [String](repeating: #"{"stackIndex":0,"values":["1"]}"#, count: 20_000).joined(separator: ",")
        let stack = [String](repeating: "0", count: 1000).joined(separator: ",")
        let request = try OTLP.ExportRequest(
            json: Array(
                """
                {"resourceProfiles":[{"scopeProfiles":[{"profiles":[
                   {"sampleType":{"typeStrindex":1,"unitStrindex":1},"samples":[\(samples)]}]}]}],
                 "dictionary":{"stringTable":["","x"],"mappingTable":[{}],"locationTable":[{}],"stackTable":[{"locationIndices":[\(stack)]}]}}
                """.utf8))
        for isStrict in [false, true] {
            var limits = limits
            limits.isStrict = isStrict
            #expect {
                try OTLP.convert(request, now: 1, limits: limits)
            } throws: { isTooLarge($0) }
        }
    }

    @Test func `a decoder that gets no memory says so`() {
        var pprof = PprofWriter()
        pprof.add(["main"], [1])
        let bytes = Gzip.deflate(pprof.encoded())
        for room in [0, pprof.encoded().count] {
            var left = room
            #expect {
                try Pprof.read(bytes, limits: limits) { count in
                    left -= count
                    return left >= 0
                }
            } throws: { ($0 as? FormatError)?.kind == .noRoom }
        }
    }
}

private enum IngestedLimits {
    /// Lenient limits of a MiB.
    static let small: PprofLimits = {
        var limits = PprofLimits.pyroscope
        limits.isStrict = false
        limits.maxBytes = 1 << 20
        return limits
    }()
}
