import Formats
import Model
import Testing

@Suite struct JFRFrameTests {
    private func stacks(_ chunk: JFRWriter, limits: PprofLimits = .pyroscope) throws -> [String] {
        try decodeJFR(chunk.encode(), limits: limits).stacks["memory:live:count:objects:count"]?.keys.sorted() ?? []
    }

    @Test func `a frame is named after its class and method, and has its line`() throws {
        var chunk = JFRWriter()
        chunk.add("profiler.LiveObject", stack: "java/lang/Thread.run:840;libc.so.6.malloc;.stub:4294967295")
        #expect(try stacks(chunk) == ["java/lang/Thread.run:840;libc.so.6.malloc:0;.stub:4294967295"])
        let symbols = try #require(try decodeJFR(chunk.encode()).profiles.first?.profile.symbols)
        #expect(symbols.isConsistent)
        #expect(symbols.functions.allSatisfy { $0.filename == 0 })
    }

    @Test func `an event whose stack trace is missing is left out`() throws {
        var chunk = JFRWriter()
        chunk.add("profiler.LiveObject", stack: "a/A.run")
        chunk.add("profiler.LiveObject", ["stackTrace": 99])
        #expect(try stacks(chunk) == ["a/A.run:0"])
        #expect(try decodeJFR(chunk.encode()).salvage[.cutShort] == 0)
    }

    @Test func `a frame whose method is missing is left out of its stack`() throws {
        var chunk = JFRWriter()
        chunk.add("profiler.LiveObject", stack: "a/A.run;b/B.run;c/C.run")
        var bytes = chunk.encode()
        // The key of b/B.run in the stack becomes that of no method; it stands between those of its neighbours.
        let frames: [UInt8] = [0, 3, 3, 0, 0, 2, 0, 0, 1, 0, 0]
        let position = try #require(bytes.indices.first { bytes[$0...].starts(with: frames) })
        bytes[position + 5] = 99
        let result = try decodeJFR(bytes)
        #expect(result.stacks["memory:live:count:objects:count"] == ["a/A.run:0;c/C.run:0": 1])
    }

    @Test func `of a stack that is too deep the root side stays`() throws {
        var chunk = JFRWriter()
        chunk.add("profiler.LiveObject", stack: "a/A.a;b/B.b;c/C.c")
        var limits = PprofLimits.pyroscope
        limits.maxDepth = 2
        #expect(try stacks(chunk, limits: limits) == ["a/A.a:0;b/B.b:0"])
    }

    @Test func `a name that is too long keeps its tail`() throws {
        var chunk = JFRWriter()
        chunk.add("profiler.LiveObject", stack: "com/example/Service.run")
        var limits = PprofLimits.pyroscope
        limits.maxSymbolBytes = 7
        #expect(try stacks(chunk, limits: limits) == ["ice.run:0"])
    }

    @Test(
        arguments: [
            ("jdk/internal/reflect/GeneratedMethodAccessor31", "jdk/internal/reflect/GeneratedMethodAccessor_"),
            ("jdk/internal/reflect/GeneratedMethodAccessor", "jdk/internal/reflect/GeneratedMethodAccessor"),
            ("jdk/internal/reflect/GeneratedMethodAccessor31x", "jdk/internal/reflect/GeneratedMethodAccessor31x"),
            ("app/Main$$Lambda$14/0x0000000800c8", "app/Main$$Lambda_"),
            ("app/Main$$Lambda$15.0x0000000800c9", "app/Main$$Lambda_"),
            ("app/Main$$Lambda/0x00007f01", "app/Main$$Lambda_"),
            ("app/Main$$Lambda$14.1234", "app/Main$$Lambda_"),
            ("app/Main$$Lambda42", "app/Main$$Lambda_"),
            ("app/Main$$Lambda$14", "app/Main$$Lambda$14"),
            ("app/Main$$Lambda$14/0xyz", "app/Main$$Lambda$14/0xyz"),
            ("$$Lambda42", "$$Lambda42"),
            ("app/Bean$$EnhancerBySpringCGLIB$$a1b2c3", "app/Bean$$EnhancerBySpringCGLIB$$_"),
            ("app/Bean$$EnhancerBySpringCGLIB$$", "app/Bean$$EnhancerBySpringCGLIB$$"),
            ("/tmp/libzstd-jni-1.5.1-16931311898282279136.so", "libzstd-jni-_.so"),
            ("./tmp/libzstd-jni-1.5.1-1.so (deleted)", "libzstd-jni-_.so"),
            ("libzstd-jni-1.5-1.so", "libzstd-jni-1.5-1.so"),
            ("/tmp/libamazonCorrettoCryptoProvider0123456789abcdef.so", "libamazonCorrettoCryptoProvider_.so"),
            (
                "amazonCorrettoCryptoProviderNativeLibraries.0123456789abcdef/libcrypto.so (deleted)",
                "libamazonCorrettoCryptoProvider_.so"
            ),
            ("libamazonCorrettoCryptoProvider0123456789abcde.so", "libamazonCorrettoCryptoProvider0123456789abcde.so"),
            ("libasyncProfiler-linux-musl-x64-17b9a1d8156277a98ccc871afa9a8f69215f92.so", "libasyncProfiler-_.so"),
            (
                "libasyncProfiler-windows-17b9a1d8156277a98ccc871afa9a8f69215f92.so",
                "libasyncProfiler-windows-17b9a1d8156277a98ccc871afa9a8f69215f92.so"
            ),
        ])
    func `what a virtual machine numbers is taken out of names`(_ name: String, _ expected: String) throws {
        var chunk = JFRWriter()
        chunk.add("profiler.LiveObject", stack: "\(name).run")
        #expect(try stacks(chunk) == ["\(expected).run:0"])
    }

    @Test func `code that differs only in such numbers is one function`() throws {
        var chunk = JFRWriter()
        chunk.add("profiler.LiveObject", stack: "app/Main$$Lambda$14/0x01.run")
        chunk.add("profiler.LiveObject", stack: "app/Main$$Lambda$15/0x02.run")
        let result = try decodeJFR(chunk.encode())
        #expect(result.stacks["memory:live:count:objects:count"] == ["app/Main$$Lambda_.run:0": 2])
        #expect(result.profiles[0].profile.symbols.functions.count == 1)
    }
}
