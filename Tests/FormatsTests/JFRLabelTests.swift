import Formats
import Model
import Testing
import Wire

@Suite struct JFRLabelTests {
    private let runnable = "STATE_RUNNABLE"

    @Test func `the labels of a context become those of its samples`() throws {
        var chunk = JFRWriter()
        for context in 0..<4 as Range<UInt64> {
            chunk.add("jdk.ExecutionSample", stack: "a/A.run", state: runnable, ["contextId": context])
        }
        let snapshot = labelsSnapshot([1: [("vehicle", "car")], 2: [("vehicle", "bike"), ("region", "eu")]])
        // Context 3 is not in the snapshot.
        let expected: [String: Int64] = [
            "": 20_000_000, "vehicle=car": 10_000_000, "region=eu,vehicle=bike": 10_000_000,
        ]
        #expect(try decodeJFR(chunk.encode(), labels: snapshot).labelTotals == expected)
        #expect(try decodeJFR(chunk.encode(), labels: Gzip.deflate(snapshot)).labelTotals == expected)
        #expect(try decodeJFR(chunk.encode()).labelTotals == ["": 40_000_000])
    }

    @Test func `contexts with equal labels share a group`() throws {
        var chunk = JFRWriter()
        for context in [1, 2] as [UInt64] {
            chunk.add("jdk.ExecutionSample", stack: "a/A.run", state: runnable, ["contextId": context])
        }
        let snapshot = labelsSnapshot([1: [("a", "1"), ("b", "2")], 2: [("b", "2"), ("a", "1")]])
        let result = try decodeJFR(chunk.encode(), labels: snapshot)
        #expect(result.profiles[0].profile.groups.count == 1)
        #expect(result.labelTotals == ["a=1,b=2": 20_000_000])
    }

    @Test func `a label without a name or a value is left out`() throws {
        var chunk = JFRWriter()
        chunk.add("jdk.ExecutionSample", stack: "a/A.run", state: runnable, ["contextId": 1])
        let snapshot = labelsSnapshot([1: [("", "x"), ("y", ""), ("z", "1")]])
        #expect(try decodeJFR(chunk.encode(), labels: snapshot).labelTotals == ["z=1": 10_000_000])
    }

    @Test func `span ids are kept beside the samples, span names become a label`() throws {
        var chunk = JFRWriter()
        chunk.add("jdk.ExecutionSample", stack: "a/A.run", state: runnable, ["spanId": 0xa1, "spanName": 1])
        chunk.add("jdk.ExecutionSample", stack: "a/A.run", state: runnable, ["spanId": 1 << 63, "spanName": 1])
        chunk.add("jdk.ExecutionSample", stack: "a/A.run", state: runnable, ["spanName": 77])
        let result = try decodeJFR(chunk.encode(), labels: labelsSnapshot([:], texts: ["GET /"]))
        #expect(result.labelTotals == ["": 10_000_000, "span_name=GET /": 20_000_000])
        let spans = result.profiles[0].profile.groups.map(\.columns[0].spans)
        #expect(Set(spans) == [[], [0xa1, 1 << 63]])
    }

    @Test func `a profile id in a context is the span of its samples`() throws {
        var chunk = JFRWriter()
        chunk.add("jdk.ExecutionSample", stack: "a/A.run", state: runnable, ["contextId": 1])
        let snapshot = labelsSnapshot([1: [("profile_id", "00000000000000ff"), ("a", "1")]])
        let result = try decodeJFR(chunk.encode(), labels: snapshot)
        #expect(result.labelTotals == ["a=1": 10_000_000])
        #expect(result.profiles[0].profile.groups.map(\.columns[0].spans) == [[0xff]])
    }

    @Test func `trace ids are kept beside the samples and tell them apart`() throws {
        var chunk = JFRWriter()
        chunk.add("jdk.JavaMonitorEnter", stack: "a/A.run", ["duration": 1, "traceIdHi": 5, "traceIdLo": 6])
        chunk.add("jdk.JavaMonitorEnter", stack: "a/A.run", ["duration": 1, "traceIdLo": 6])
        chunk.add("jdk.JavaMonitorEnter", stack: "a/A.run", ["duration": 1])
        let group = try #require(try decodeJFR(chunk.encode()).profiles.first?.profile.groups.first)
        #expect(group.columns[1].traces == [.none, TraceID(high: 0, low: 6), TraceID(high: 5, low: 6)])
        #expect(group.columns[1].values == [1, 1, 1])
    }

    @Test(arguments: ["profiler.LiveObject", "jdk.ObjectAllocationSample"])
    func `events without correlation have no labels even if a field says so`(_ event: String) throws {
        var chunk = JFRWriter()
        chunk.add(event, stack: "a/A.run", ["contextId": 1, "spanId": 9, "traceIdLo": 8])
        let result = try decodeJFR(chunk.encode(), labels: labelsSnapshot([1: [("a", "1")]]))
        let group = try #require(result.profiles.first?.profile.groups.first)
        #expect(group.labels.isEmpty)
        #expect(group.columns[0].spans.isEmpty)
        #expect(group.columns[0].traces.isEmpty)
    }

    @Test func `a snapshot that is damaged is an error`() {
        let chunk = JFRWriter()
        #expect(throws: FormatError.self) { try decodeJFR(chunk.encode(), labels: [0x0a, 0x7f]) }
        #expect(throws: FormatError.self) { try decodeJFR(chunk.encode(), labels: [0x12, 5, 8, 1, 0x12, 1, 0xff]) }
    }

    @Test func `a context with more labels than the limit is refused`() {
        let chunk = JFRWriter()
        var limits = PprofLimits.pyroscope
        limits.maxSampleLabels = 1
        let snapshot = labelsSnapshot([1: [("a", "1"), ("b", "2")]])
        let error = #expect(throws: FormatError.self) {
            try decodeJFR(chunk.encode(), labels: snapshot, limits: limits)
        }
        #expect(error?.kind == .tooLarge)
    }
}
