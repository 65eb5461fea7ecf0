import Formats
import Model
import Wire

@testable import SQLiteStore

/// What fuzzing begins with: small valid inputs of every shape, from the writers that the tests use.
enum Seeds {
    @Sendable static func pprofs() -> [[UInt8]] {
        var plain = PprofWriter()
        plain.add(["leaf", "main"], [3])
        plain.add(["other", "main"], [4], labels: [("thread", "1"), ("span_id", "00000000000000ff")])
        var types = PprofWriter()
        types.types = [("alloc_objects", "count"), ("inuse_space", "bytes")]
        types.periodType = nil
        types.add(
            ["pkg.F[go.shape.int]", "main.go"], [1, 2], labels: [("trace_id", "000102030405060708090a0b0c0d0e0f")])
        types.add(["pkg.F[go.shape.int]", "main.go"], [0, 5])
        var inlined = PprofWriter()
        inlined.add(["a", "b", "c"], [7])
        inlined.locations[0].append((function: 2, line: 9))
        // A mapping and a location with an address and no lines; packed numbers.
        inlined.tail = [0x1a, 6, 8, 1, 16, 64, 24, 127, 0x22, 6, 8, 9, 16, 1, 24, 80, 0x12, 5, 10, 1, 9, 18, 0]
        return [
            plain.encoded(), types.encoded(), inlined.encoded(), Gzip.deflate(plain.encoded()), PprofWriter().encoded(),
        ]
    }

    private static func recording(_ change: (inout JFRWriter) -> Void) -> [UInt8] {
        var chunk = JFRWriter()
        change(&chunk)
        let ids: [String: UInt64] = ["contextId": 1, "spanId": 0xa1, "spanName": 1, "traceIdHi": 5, "traceIdLo": 6]
        chunk.addSetting("event", "itimer")
        chunk.add("jdk.ExecutionSample", stack: "a/A.main:3;b/B.run:7", state: "STATE_RUNNABLE", ids)
        chunk.add("profiler.WallClockSample", stack: "a/A.main:3", state: "STATE_SLEEPING", ["samples": 2])
        chunk.add("jdk.ObjectAllocationInNewTLAB", stack: "a/A.main:3", ["tlabSize": 512])
        chunk.add("jdk.ObjectAllocationOutsideTLAB", stack: "a/A$$Lambda$14.0x00007f.run", ["allocationSize": 64])
        chunk.add("jdk.ObjectAllocationSample", stack: "a/A.main", ["weight": 64])
        chunk.add("jdk.JavaMonitorEnter", stack: "a/A.main", ["duration": 5])
        chunk.add("jdk.ThreadPark", stack: "a/A.main", ["duration": 6])
        chunk.add("profiler.LiveObject", stack: "a/A.main")
        chunk.add("profiler.Malloc", stack: "a/A.main", ["size": 9])
        return chunk.encode()
    }

    @Sendable static func recordings() -> [[UInt8]] {
        let plain = recording { _ in }
        return [
            plain, plain + recording { $0.firstTypeID = 900 }, recording { $0.isChained = true },
            recording { $0.isPoolFirst = true }, recording { $0.textEncoding = 2 }, recording { $0.textEncoding = 4 },
            recording { $0.textEncoding = 5 }, recording { $0.circle = true }, recording { $0.undeclaredPool = true },
            Gzip.deflate(plain), Array(plain.dropLast(plain.count / 3)),
        ]
    }

    /// A recording whose samples name a context, a span and a trace.
    static let recordingWithContexts = recording { _ in }

    @Sendable static func labelSnapshots() -> [[UInt8]] {
        let snapshot = labelsSnapshot(
            [1: [("a", "1"), ("profile_id", "00000000000000ff")], 2: [("b", "2")]], texts: ["GET /"])
        return [snapshot, Gzip.deflate(snapshot), []]
    }

    static func exportRequests(json: Bool) -> [[UInt8]] {
        let documents = [
            (#"[{"stackIndex":1,"values":["3"]}]"#, "3", "4"),
            (#"[{"stackIndex":1,"timestampsUnixNano":["1","2"],"attributeIndices":[1,2],"linkIndex":1}]"#, "3", "4"),
            (#"[{"stackIndex":2,"values":["5","7"],"attributeIndices":[2]}]"#, "7", "6"),
        ].map { samples, type, unit in
            """
            {"resourceProfiles":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},
             {"key":"n","value":{"intValue":"5"}},{"key":"b","value":{"boolValue":true}},
             {"key":"d","value":{"doubleValue":1.5}},{"key":"l","value":{"arrayValue":{"values":[{"stringValue":"y"}]}}},
             {"key":"m","value":{"kvlistValue":{"values":[{"key":"k","value":{"bytesValue":"AAE="}}]}}}]},
             "scopeProfiles":[{"scope":{"name":"s","attributes":[{"key":"c","value":{"stringValue":"x"}}]},"profiles":[
              {"sampleType":{"typeStrindex":\(type),"unitStrindex":\(unit)},
               "periodType":{"typeStrindex":5,"unitStrindex":6},"period":"10000000",
               "timeUnixNano":"5","samples":\(samples)}]}]}],
             "dictionary":{"stringTable":["","main","work","samples","count","cpu","nanoseconds","off_cpu","key",
               "service.name","process.executable.build_id.gnu"],
              "mappingTable":[{},{"memoryStart":"1","memoryLimit":"9","filenameStrindex":1,"attributeIndices":[3]}],
              "locationTable":[{},{"lines":[{"functionIndex":1,"line":"4"}]},
               {"mappingIndex":1,"address":"7","lines":[{"functionIndex":2},{"functionIndex":1}]}],
              "functionTable":[{},{"nameStrindex":1},{"nameStrindex":2,"systemNameStrindex":2,"startLine":"3"}],
              "linkTable":[{},{"traceId":"AAECAwQFBgcICQoLDA0ODw==","spanId":"AAECAwQFBgc="}],
              "attributeTable":[{},{"keyStrindex":8,"value":{"stringValue":"v"}},
               {"keyStrindex":9,"value":{"stringValue":"other"}},{"keyStrindex":10,"value":{"stringValue":"id"}}],
              "stackTable":[{},{"locationIndices":[2,1]},{"locationIndices":[1]}]}}
            """
        }.map { Array($0.utf8) }
        return json ? documents : documents.compactMap { try? OTLP.ExportRequest(json: $0).binary() }
    }

    private static var decoded: [DecodedProfile] {
        pprofs().compactMap { bytes in
            guard let raw = try? Pprof.read(bytes, limits: .pyroscope) else { return nil }
            return try? Pprof.normalise(raw, limits: .pyroscope, language: .go, series: "{}")
        }
    }

    @Sendable static func sampleBlobs() -> [[UInt8]] {
        decoded.flatMap(\.groups).flatMap(\.columns).map { SampleBlob.encode($0).dropLast(4) }
    }

    @Sendable static func symbolChunks() -> [[UInt8]] {
        decoded.map { SymbolChunk.encode($0.symbols, since: .fresh).dropLast(4) }
    }

    @Sendable static func labelBlobs() -> [[UInt8]] {
        [LabelSet.empty, LabelSet([Label("service_name", "shop"), Label("é", "")])].map {
            LabelBlob.encode($0).dropLast(4)
        }
    }
}
