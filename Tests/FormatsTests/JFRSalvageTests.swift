import Formats
import Model
import Testing

@Suite struct JFRSalvageTests {
    private let live = "memory:live:count:objects:count"

    private static let lenient: PprofLimits = {
        var limits = PprofLimits.pyroscope
        limits.isStrict = false
        return limits
    }()

    private func decode(
        _ bytes: [UInt8], labels: [UInt8]? = nil, sampleRate: Int64 = 100, limits: PprofLimits = lenient
    ) throws -> JFR.Result {
        try decodeJFR(bytes, labels: labels, sampleRate: sampleRate, limits: limits)
    }

    private func chunk(_ stacks: [String]) -> JFRWriter {
        var chunk = JFRWriter()
        for stack in stacks { chunk.add("profiler.LiveObject", stack: stack) }
        return chunk
    }

    @Test func `a chunk cut short yields the events before the cut`() throws {
        var chunk = chunk(["a/A.a", "b/B.b", "c/C.c"])
        chunk.isPoolFirst = true
        let result = try decode(chunk.encode().dropLast())
        #expect(result.stacks == [live: ["a/A.a:0": 1, "b/B.b:0": 1]])
        #expect(result.salvage[.cutShort] == 1)
    }

    @Test func `a stack that a chunk lacks is the one of its key in a chunk before; one that is nowhere is counted`()
        throws
    {
        let first = chunk(["a/A.a"])
        var second = JFRWriter()
        second.firstKey = first.firstKey + 50
        second.add("profiler.LiveObject", stack: "b/B.b")
        second.add("profiler.LiveObject", ["stackTrace": first.firstKey])
        second.add("profiler.LiveObject", ["stackTrace": 999])
        second.add("profiler.LiveObject", ["stackTrace": 0])
        let bytes = first.encode() + second.encode()
        let result = try decode(bytes)
        #expect(result.stacks == [live: ["a/A.a:0": 2, "b/B.b:0": 1]])
        #expect(result.salvage[.sampleReference] == 1)
        // The reference resolves within a chunk, and passes over what is not there.
        #expect(try decode(bytes, limits: .pyroscope).stacks == [live: ["a/A.a:0": 1, "b/B.b:0": 1]])
    }

    @Test func `chunks before one that is cut short are kept`() throws {
        let first = chunk(["a/A.a"]).encode()
        let second = chunk(["b/B.b"]).encode()
        for length in [1, 10, 68, second.count / 2, second.count - 1] {
            let result = try decode(first + second.prefix(length))
            #expect(result.stacks == [live: ["a/A.a:0": 1]])
            #expect(result.salvage[.cutShort] == 1)
        }
    }

    @Test func `a recording of which nothing is whole is an error`() throws {
        let bytes = chunk(["a/A.a"]).encode()
        for length in [1, 68, bytes.count / 2, bytes.count - 1] {
            let error = #expect(throws: FormatError.self) { try decode(Array(bytes.prefix(length))) }
            #expect(error?.kind == .unreadable)
        }
    }

    @Test(arguments: [[0, 0, 0], [0xff, 0x7f, 1]] as [[UInt8]])
    func `a chunk with an event of an impossible size gives nothing, others are kept`(_ event: [UInt8]) throws {
        var damaged = chunk(["a/A.a"])
        damaged.isPoolFirst = true
        damaged.extraEvents = [event]
        #expect(throws: FormatError.self) { try decode(damaged.encode()) }
        let good = chunk(["b/B.b"]).encode()
        for bytes in [damaged.encode() + good, good + damaged.encode()] {
            let result = try decode(bytes)
            #expect(result.stacks == [live: ["b/B.b:0": 1]])
            #expect(result.salvage[.cutShort] == 1)
        }
    }

    @Test func `an event too short for its fields is left out and counted`() throws {
        var chunk = chunk(["a/A.a"])
        chunk.extraEvents = [JFRWriter.event(chunk.typeID("profiler.LiveObject"), [])]
        let result = try decode(chunk.encode())
        #expect(result.stacks == [live: ["a/A.a:0": 1]])
        #expect(result.salvage[.cutShort] == 1)
    }

    @Test func `bytes after the last chunk are counted`() throws {
        let result = try decode(chunk(["a/A.a"]).encode() + [1, 2, 3, 4, 5])
        #expect(result.stacks == [live: ["a/A.a:0": 1]])
        #expect(result.salvage[.cutShort] == 1)
    }

    @Test func `strictly, a recording that is cut short or damaged anywhere gives nothing`() throws {
        let good = chunk(["a/A.a"]).encode()
        var damaged: [JFRWriter] = (0..<4).map { _ in chunk(["b/B.b"]) }
        damaged[0].extraEvents = [[0, 0, 0]]
        damaged[1].extraEvents = [[0xff, 0x7f, 1]]
        damaged[2].extraEvents = [JFRWriter.event(damaged[2].typeID("profiler.LiveObject"), [])]
        damaged[3].isChained = true
        damaged[3].undeclaredPool = true
        for bytes in damaged.map({ $0.encode() }) + [[1, 2, 3, 4, 5], Array(good.dropLast()), Array(good.prefix(70))] {
            let error = #expect(throws: FormatError.self) { try decodeJFR(good + bytes) }
            #expect(error?.kind == .unreadable)
        }
    }

    @Test func `constants of a type that nobody declared end their pool event only`() throws {
        var chunk = chunk(["a/A.a"])
        chunk.isChained = true
        chunk.undeclaredPool = true
        let result = try decode(chunk.encode())
        #expect(result.stacks == [live: ["a/A.a:0": 1]])
        #expect(result.salvage[.cutShort] == 1)
    }

    @Test func `pool events that lead back to themselves are an error`() throws {
        var chunk = chunk(["a/A.a"])
        chunk.isChained = true
        chunk.circle = true
        let error = #expect(throws: FormatError.self) { try decode(chunk.encode()) }
        #expect(error?.description.contains("circle") == true)
    }

    /// Decodes a recording and returns whether it could be.
    private func decodes(_ bytes: [UInt8]) throws -> Bool {
        do {
            let result = try decode(bytes, labels: labelsSnapshot([1: [("a", "1")]]))
            #expect(result.profiles.allSatisfy { $0.profile.symbols.isConsistent })
            return true
        } catch is FormatError {
            return false
        }
    }

    private func variedChunk(textEncoding: UInt8) -> [UInt8] {
        var chunk = JFRWriter()
        chunk.isChained = true
        chunk.isPoolFirst = true
        chunk.textEncoding = textEncoding
        chunk.addSetting("event", "wall")
        let stack = "a/A.main:3;b/B$$Lambda$1/0x2.run:7"
        chunk.add("jdk.ExecutionSample", stack: stack, state: "STATE_RUNNABLE", ["contextId": 1])
        chunk.add("profiler.WallClockSample", stack: stack, state: "STATE_RUNNABLE", ["samples": 3, "traceIdLo": 4])
        chunk.add("profiler.Malloc", stack: "a/A.main:3;b/B.run:8", ["size": .max >> 1])
        return chunk.encode()
    }

    @Test(arguments: [2, 3] as [UInt8])
    func `whatever byte changes, decoding ends with a profile or an error`(_ textEncoding: UInt8) throws {
        let bytes = variedChunk(textEncoding: textEncoding)
        let values: [UInt8] = [0, 0x7f, 0x80, 0xff, 1]
        var decoded = 0
        for index in bytes.indices {
            var mutated = bytes
            mutated[index] = values[index % values.count]
            if try decodes(mutated) { decoded += 1 }
        }
        #expect(decoded > 0 && decoded < bytes.count)
    }

    @Test func `whatever many bytes change, decoding ends with a profile or an error`() throws {
        let bytes = variedChunk(textEncoding: 2) + variedChunk(textEncoding: 3)
        var seed: UInt64 = 0x9e37_79b9_7f4a_7c15
        func next(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        var decoded = 0
        for round in 0..<600 {
            var mutated = bytes
            for _ in 0...next(8) { mutated[next(mutated.count)] = UInt8(next(256)) }
            if round % 3 == 0 { mutated.removeLast(next(mutated.count)) }
            if try decodes(mutated) { decoded += 1 }
        }
        #expect(decoded > 0 && decoded < 600)
    }

    @Test func `whatever bytes of a snapshot change, decoding ends with a profile or an error`() throws {
        var chunk = JFRWriter()
        chunk.add("jdk.ExecutionSample", stack: "a/A.run", state: "STATE_RUNNABLE", ["contextId": 1, "spanName": 1])
        let bytes = chunk.encode()
        let snapshot = labelsSnapshot([1: [("a", "1"), ("b", "2")]], texts: ["GET /"])
        for index in snapshot.indices {
            for value in [0, 1, 0x7f, 0x80, 0xff] as [UInt8] {
                var mutated = snapshot
                mutated[index] = value
                do {
                    #expect(try decode(bytes, labels: mutated).profiles.count == 1)
                } catch is FormatError {}
            }
        }
    }

    @Test func `what was lost is reported with its reason`() throws {
        let result = try decode(chunk(["a/A.a"]).encode() + [1, 2, 3, 4, 5])
        #expect(result.salvage[.cutShort] == 1)
        #expect(result.salvage.entries[.cutShort]?.example.isEmpty == false)
        #expect(try decode(chunk(["a/A.a"]).encode()).salvage.isEmpty)
    }

    @Test func `labels that cannot be read cost a recording nothing else, unless it is read strictly`() throws {
        let bytes = chunk(["a/A.a"]).encode()
        let result = try decode(bytes, labels: [0xff, 0xff])
        #expect(result.stacks == [live: ["a/A.a:0": 1]])
        #expect(result.salvage[.recordingLabels] == 1)
        #expect(throws: FormatError.self) { try decodeJFR(bytes, labels: [0xff, 0xff]) }
    }

    @Test func `samples to which the rate gives no time are counted`() throws {
        var chunk = chunk(["a/A.a"])
        chunk.add("jdk.ExecutionSample", stack: "b/B.b", state: "STATE_RUNNABLE")
        #expect(try decode(chunk.encode(), sampleRate: 0).salvage[.sampleRate] == 1)
        #expect(try decode(chunk.encode(), sampleRate: 100).salvage.isEmpty)
    }

    @Test func `more samples than the limit are an error only when read strictly`() throws {
        var limits = Self.lenient
        limits.maxSamples = 1
        let bytes = chunk(["a/A.a", "b/B.b"]).encode()
        #expect(try decode(bytes, limits: limits).stacks == [live: ["a/A.a:0": 1, "b/B.b:0": 1]])
        limits.isStrict = true
        #expect(throws: FormatError.self) { try decode(bytes, limits: limits) }
    }
}
