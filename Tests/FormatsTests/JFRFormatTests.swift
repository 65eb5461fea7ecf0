import Formats
import Model
import Testing
import Wire

@Suite struct JFRFormatTests {
    private let live = "memory:live:count:objects:count"

    private func chunk(_ stack: String = "a/A.main:3;b/Bé.run:7") -> JFRWriter {
        var chunk = JFRWriter()
        chunk.add("profiler.LiveObject", stack: stack)
        return chunk
    }

    @Test func `a recording may be gzip or plain`() throws {
        let bytes = chunk().encode()
        let plain = try decodeJFR(bytes)
        let zipped = try decodeJFR(Gzip.deflate(bytes))
        #expect(plain.stacks == zipped.stacks)
        #expect(plain.byteCount == bytes.count)
        #expect(zipped.byteCount == bytes.count)
    }

    @Test func `a recording that is larger than the limit is refused`() throws {
        let bytes = chunk().encode()
        var limits = PprofLimits.pyroscope
        limits.maxBytes = bytes.count - 1
        for bytes in [bytes, Gzip.deflate(bytes)] {
            let error = #expect(throws: FormatError.self) { try decodeJFR(bytes, limits: limits) }
            #expect(error?.kind == .tooLarge)
        }
        limits.maxBytes += 1
        #expect(try decodeJFR(bytes, limits: limits).profiles.count == 1)
    }

    @Test func `ids of classes and constants mean what their own chunk says`() throws {
        var second = JFRWriter()
        second.firstTypeID = 300
        second.add("profiler.LiveObject", stack: "c/C.other")
        second.add("profiler.LiveObject", stack: "a/A.main:3")
        let result = try decodeJFR(chunk("a/A.main:3").encode() + second.encode())
        #expect(result.stacks == [live: ["a/A.main:3": 2, "c/C.other:0": 1]])
        #expect(result.profiles[0].profile.symbols.functions.count == 2)
    }

    @Test func `a setting holds in the chunks that follow`() throws {
        var first = JFRWriter()
        first.addSetting("event", "wall")
        var second = JFRWriter()
        second.add("jdk.ExecutionSample", stack: "a/A.run", state: "STATE_SLEEPING")
        #expect(try decodeJFR(first.encode() + second.encode()).profiles.map(\.metric) == ["wall"])
    }

    @Test(arguments: [1, 1 << 32, .max - 20] as [UInt64])
    func `keys of constants may have 64 bits`(_ firstKey: UInt64) throws {
        var chunk = JFRWriter()
        chunk.firstKey = firstKey
        chunk.add("jdk.ExecutionSample", stack: "a/A.main:3;b/B.run:7", state: "STATE_RUNNABLE")
        #expect(
            try decodeJFR(chunk.encode()).stacks == [
                "process_cpu:cpu:nanoseconds:cpu:nanoseconds": ["a/A.main:3;b/B.run:7": 10_000_000]
            ])
    }

    @Test(arguments: [2, 3, 4, 5] as [UInt8])
    func `texts may be references, UTF-8, characters or Latin-1`(_ encoding: UInt8) throws {
        var chunk = chunk()
        chunk.textEncoding = encoding
        #expect(try decodeJFR(chunk.encode()).stacks == [live: ["a/A.main:3;b/Bé.run:7": 1]])
    }

    @Test func `bytes that are no UTF-8 are replaced`() throws {
        var bytes = chunk("a/Aé.run").encode()
        let position = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("a/Aé".utf8)) })
        bytes[position + 3] = 0xff
        let names = try #require(try decodeJFR(bytes).stacks[live]).keys
        #expect(names.allSatisfy { $0.hasPrefix("a/A\u{fffd}") })
    }

    @Test func `constants may be spread over several pool events`() throws {
        var chunk = chunk()
        chunk.isChained = true
        #expect(try decodeJFR(chunk.encode()).stacks == [live: ["a/A.main:3;b/Bé.run:7": 1]])
    }

    @Test(arguments: [
        "ratio float", "share double", "on boolean", "note java.lang.String", "odd app.Odd", "odds app.Odd array",
    ])
    func `fields that nobody asked for are stepped over`(_ field: String) throws {
        var chunk = JFRWriter()
        chunk.prepend(field, to: "profiler.LiveObject")
        chunk.add("profiler.LiveObject", stack: "a/A.run")
        #expect(try decodeJFR(chunk.encode()).stacks == [live: ["a/A.run:0": 1]])
    }

    @Test func `a field of the right name and another type is not the one`() throws {
        var chunk = JFRWriter()
        chunk.classes[try #require(chunk.classes.firstIndex { $0.name == "profiler.Malloc" })].fields =
            ["stackTrace jdk.types.StackTrace cp", "size int"]
        chunk.add("profiler.Malloc", stack: "a/A.run", ["size": 9])
        #expect(try decodeJFR(chunk.encode()).stacks == ["memory:malloc_objects:count::": ["a/A.run:0": 1]])
    }

    @Test func `a class that holds itself is not followed for ever`() throws {
        var chunk = JFRWriter()
        chunk.prepend("more app.Odd", to: "app.Odd")
        chunk.prepend("odd app.Odd", to: "profiler.Malloc")
        // Nobody can write a value of such a class: the event is empty.
        chunk.hasOddConstants = false
        chunk.extraEvents = [JFRWriter.event(chunk.typeID("profiler.Malloc"), [])]
        var good = JFRWriter()
        good.add("profiler.LiveObject", stack: "a/A.run")
        var limits = PprofLimits.pyroscope
        limits.isStrict = false
        let result = try decodeJFR(good.encode() + chunk.encode(), limits: limits)
        #expect(result.stacks == [live: ["a/A.run:0": 1]])
        #expect(result.salvage[.cutShort] == 1)
    }

    @Test(arguments: [
        (bytes: [] as [UInt8], message: "unexpected EOF"), (Array("FL".utf8), "unexpected EOF"),
        (Array("RIFF1234".utf8), "invalid chunk magic"),
    ])
    func `what does not begin as a recording is refused`(_ bytes: [UInt8], _ message: String) throws {
        let error = #expect(throws: FormatError.self) { try decodeJFR(bytes) }
        #expect(error?.description.contains(message) == true)
        #expect(error?.kind == .unreadable)
    }

    @Test(arguments: [0, 1, 0xffff] as [UInt64])
    func `all minor versions of 2 are read`(_ minor: UInt64) throws {
        var chunk = chunk()
        chunk.minor = minor
        #expect(try decodeJFR(chunk.encode()).profiles.isEmpty == false)
    }

    @Test func `the header of a chunk among the constants takes 68 bytes`() throws {
        var chunk = chunk()
        chunk.hasChunkHeader = true
        let result = try decodeJFR(chunk.encode())
        #expect(result.stacks == (try decodeJFR(self.chunk().encode()).stacks) && result.salvage[.cutShort] == 0)
    }

    @Test(arguments: [1, 3] as [UInt64])
    func `other versions are refused`(_ major: UInt64) throws {
        var chunk = chunk()
        chunk.major = major
        let error = #expect(throws: FormatError.self) { try decodeJFR(chunk.encode()) }
        #expect(error?.description.contains("unknown version") == true)
    }

    @Test(
        arguments: [
            (offset: 8, value: 0, message: "invalid size"), (8, 67, "invalid size"), (16, 0, "invalid offsets"),
            (24, 0, "invalid offsets"), (8, 0xff, "invalid size"), (24, 0xff, "invalid offsets"),
        ] as [(offset: Int, value: UInt8, message: String)])
    func `a header with a size or an offset that cannot be is refused`(
        _ offset: Int, _ value: UInt8, _ message: String
    ) throws {
        var bytes = chunk().encode()
        // 0xff in all bytes is -1.
        for index in offset..<offset + 8 { bytes[index] = value == 0xff ? 0xff : 0 }
        bytes[offset + 7] = value
        let error = #expect(throws: FormatError.self) { try decodeJFR(bytes) }
        #expect(error?.description.contains(message) == true)
    }

    @Test(arguments: ["int", "java.lang.Thread", "jdk.types.StackTrace"])
    func `a chunk without the classes that all recordings have is refused`(_ name: String) throws {
        var chunk = chunk()
        for index in chunk.classes.indices where chunk.classes[index].name == name {
            chunk.classes[index].name = "app.X"
        }
        let error = #expect(throws: FormatError.self) { try decodeJFR(chunk.encode()) }
        #expect(error?.description.contains("missing \"\(name)\"") == true)
    }
}
