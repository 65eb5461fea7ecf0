import Formats
import Model
import Testing

private let cpu = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
private let wall = "wall:wall:nanoseconds:wall:nanoseconds"
private let tick: Int64 = 10_000_000

/// The events that are read and the profile types they give are those of grafana/jfr-parser.
@Suite struct JFREventTests {
    @Test func `an execution sample is one period of CPU time`() throws {
        var chunk = JFRWriter()
        chunk.add("jdk.ExecutionSample", stack: "a/A.main:3;b/B.run:7", state: "STATE_RUNNABLE")
        chunk.add("jdk.ExecutionSample", stack: "a/A.main:3;b/B.run:7", state: "STATE_RUNNABLE")
        chunk.add("jdk.ExecutionSample", stack: "a/A.main:3", state: "STATE_DEFAULT")
        let result = try decodeJFR(chunk.encode())
        #expect(result.stacks == [cpu: ["a/A.main:3;b/B.run:7": 2 * tick, "a/A.main:3": tick]])
        #expect(result.profiles.map(\.profile.time) == [7])
        #expect(result.salvage[.cutShort] == 0)
        // Equal samples are one row, and no sample has a span or trace.
        #expect(result.profiles[0].profile.groups.map(\.columns[0].count) == [2])
        #expect(result.profiles[0].profile.groups.map(\.columns[0].spans) == [[]])
    }

    @Test(
        arguments: [(rate: 100, period: 10_000_000), (50, 20_000_000), (3, 333_333_333)]
            as [(rate: Int64, period: Int64)])
    func `the sample rate gives the worth of a sample`(_ rate: Int64, _ period: Int64) throws {
        var chunk = JFRWriter()
        chunk.add("jdk.ExecutionSample", stack: "a/A.main", state: "STATE_RUNNABLE")
        chunk.add("jdk.ObjectAllocationSample", stack: "a/A.main", ["weight": 64])
        let stacks = try decodeJFR(chunk.encode(), sampleRate: rate).stacks
        #expect(stacks[cpu] == ["a/A.main:0": period])
        #expect(stacks["memory:alloc_sample_bytes:bytes:space:bytes"] == ["a/A.main:0": 64])
    }

    @Test(arguments: [0, -1, 2_000_000_000] as [Int64])
    func `without a period CPU samples are worth nothing`(_ rate: Int64) throws {
        var chunk = JFRWriter()
        chunk.add("jdk.ExecutionSample", stack: "a/A.main", state: "STATE_RUNNABLE")
        #expect(try decodeJFR(chunk.encode(), sampleRate: rate).profiles.isEmpty)
    }

    @Test func `a thread that sleeps, or whose state is unknown, uses no CPU`() throws {
        var chunk = JFRWriter()
        chunk.add("jdk.ExecutionSample", stack: "a/A.sleep", state: "STATE_SLEEPING")
        chunk.add("jdk.ExecutionSample", stack: "a/A.lost", ["state": 99])
        #expect(try decodeJFR(chunk.encode()).profiles.isEmpty)
    }

    @Test func `with the setting wall every execution sample is wall time too`() throws {
        var chunk = JFRWriter()
        chunk.addSetting("event", "wall")
        chunk.add("jdk.ExecutionSample", stack: "a/A.run", state: "STATE_RUNNABLE")
        chunk.add("jdk.ExecutionSample", stack: "a/A.sleep", state: "STATE_SLEEPING")
        #expect(
            try decodeJFR(chunk.encode()).stacks == [
                cpu: ["a/A.run:0": tick], wall: ["a/A.run:0": tick, "a/A.sleep:0": tick],
            ])
    }

    @Test func `a wall clock sample stands for as many samples as it says`() throws {
        var chunk = JFRWriter()
        chunk.add("profiler.WallClockSample", stack: "a/A.run", state: "STATE_RUNNABLE", ["samples": 2])
        chunk.addSetting("event", "wall")
        chunk.add("profiler.WallClockSample", stack: "a/A.run", state: "STATE_RUNNABLE", ["samples": 4])
        chunk.add("profiler.WallClockSample", stack: "a/A.sleep", state: "STATE_SLEEPING", ["samples": 8])
        #expect(
            try decodeJFR(chunk.encode()).stacks == [
                wall: ["a/A.run:0": 6 * tick, "a/A.sleep:0": 8 * tick], cpu: ["a/A.run:0": 4 * tick],
            ])
    }

    @Test func `the count of a wall clock sample stays with it`() throws {
        var chunk = JFRWriter()
        chunk.add("profiler.WallClockSample", stack: "a/A.run", state: "STATE_RUNNABLE", ["samples": 5])
        chunk.add("jdk.ObjectAllocationInNewTLAB", stack: "a/A.run", ["tlabSize": 10])
        let stacks = try decodeJFR(chunk.encode()).stacks
        #expect(stacks["memory:alloc_in_new_tlab_objects:count:space:bytes"] == ["a/A.run:0": 1])
    }

    @Test(
        arguments: [
            (
                "jdk.ObjectAllocationInNewTLAB", "tlabSize", "memory:alloc_in_new_tlab_objects:count:space:bytes",
                "memory:alloc_in_new_tlab_bytes:bytes:space:bytes"
            ),
            (
                "jdk.ObjectAllocationOutsideTLAB", "allocationSize",
                "memory:alloc_outside_tlab_objects:count:space:bytes",
                "memory:alloc_outside_tlab_bytes:bytes:space:bytes"
            ),
            (
                "jdk.ObjectAllocationSample", "weight", "memory:alloc_sample_objects:count:space:bytes",
                "memory:alloc_sample_bytes:bytes:space:bytes"
            ),
            (
                "jdk.JavaMonitorEnter", "duration", "mutex:contentions:count:mutex:count",
                "mutex:delay:nanoseconds:mutex:count"
            ),
            (
                "jdk.ThreadPark", "duration", "block:contentions:count:block:count",
                "block:delay:nanoseconds:block:count"
            ),
            ("profiler.Malloc", "size", "memory:malloc_objects:count::", "memory:malloc_bytes:bytes::"),
        ] as [(event: String, field: String, count: String, sum: String)])
    func `an event with a size or duration counts and sums`(
        _ event: String, _ field: String, _ count: String, _ sum: String
    ) throws {
        var chunk = JFRWriter()
        chunk.add(event, stack: "a/A.run", [field: 1000])
        chunk.add(event, stack: "a/A.run", [field: 24])
        chunk.add(event, stack: "a/A.empty")
        #expect(
            try decodeJFR(chunk.encode()).stacks == [
                count: ["a/A.run:0": 2, "a/A.empty:0": 1], sum: ["a/A.run:0": 1024],
            ])
    }

    @Test func `a live object counts as one`() throws {
        var chunk = JFRWriter()
        chunk.add("profiler.LiveObject", stack: "a/A.keep")
        #expect(try decodeJFR(chunk.encode()).stacks == ["memory:live:count:objects:count": ["a/A.keep:0": 1]])
    }

    @Test func `freed memory and events that nobody knows are stepped over`() throws {
        var chunk = JFRWriter()
        chunk.add("profiler.Free", stack: "a/A.free", ["size": 5])
        chunk.add("app.Odd")
        chunk.extraEvents = [JFRWriter.event(0, [1, 2, 3]), JFRWriter.event(5000, [0xff, 0xff])]
        let result = try decodeJFR(chunk.encode())
        #expect(result.profiles.isEmpty)
        #expect(result.salvage[.cutShort] == 0)
    }

    @Test func `a negative size counts for nothing`() throws {
        var chunk = JFRWriter()
        chunk.add("profiler.Malloc", stack: "a/A.run", ["size": .max])
        #expect(try decodeJFR(chunk.encode()).profiles.isEmpty)
    }

    @Test func `sums stop at the largest number`() throws {
        var chunk = JFRWriter()
        for _ in 0..<3 { chunk.add("profiler.Malloc", stack: "a/A.run", ["size": UInt64(Int64.max)]) }
        #expect(try decodeJFR(chunk.encode()).stacks["memory:malloc_bytes:bytes::"] == ["a/A.run:0": .max])
    }

    @Test func `the last setting named event is reported`() throws {
        var chunk = JFRWriter()
        #expect(try decodeJFR(chunk.encode()).event == "")
        chunk.addSetting("event", "cpu")
        chunk.addSetting("interval", "10ms")
        chunk.addSetting("event", "itimer")
        #expect(try decodeJFR(chunk.encode()).event == "itimer")
    }

    @Test func `a profile with more samples than the limit is refused`() throws {
        var chunk = JFRWriter()
        for index in 0..<3 { chunk.add("profiler.LiveObject", stack: "a/A.run:\(index)") }
        var limits = PprofLimits.pyroscope
        limits.maxSamples = 2
        let error = #expect(throws: FormatError.self) { try decodeJFR(chunk.encode(), limits: limits) }
        #expect(error?.kind == .tooLarge)
    }
}
