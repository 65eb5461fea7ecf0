import Formats
import Model
import Testing
import Wire

/// Requests in the JSON of protobuf, which shows their shape; the binary encoding shares its fields.
@Suite struct OTLPTests {
    private static let now: Int64 = 1_700_000_000_000_000_000

    /// A request of one resource and one profile over a dictionary of `main` calling `work`.
    private func request(
        resource: String = #"[{"key":"service.name","value":{"stringValue":"shop"}}]"#,
        samples: String = #"[{"stackIndex":1,"values":["3"]}]"#,
        type: String = #"{"typeStrindex":3,"unitStrindex":4}"#,
        period: String = #""periodType":{"typeStrindex":5,"unitStrindex":6},"period":"10000000","#,
        attributes: String = "[]"
    ) -> String {
        """
        {"resourceProfiles":[{"resource":{"attributes":\(resource)},"scopeProfiles":[{"profiles":[
          {"sampleType":\(type),\(period)"timeUnixNano":"5","samples":\(samples)}]}]}],
         "dictionary":{"stringTable":["","main","work","samples","count","cpu","nanoseconds","off_cpu","key"],
          "mappingTable":[{}],"locationTable":[{},{"lines":[{"functionIndex":1}]},{"lines":[{"functionIndex":2}]}],
          "functionTable":[{},{"nameStrindex":1},{"nameStrindex":2}],
          "linkTable":[{},{"traceId":"AAECAwQFBgcICQoLDA0ODw==","spanId":"AAECAwQFBgc="}],
          "attributeTable":\(attributes),"stackTable":[{},{"locationIndices":[2,1]},{"locationIndices":[9]}]}}
        """
    }

    private func convert(_ json: String) throws -> [OTLP.Profile] {
        let conversion = try OTLP.convert(
            OTLP.ExportRequest(json: Array(json.utf8)), now: Self.now, limits: .pyroscope)
        if let refused = conversion.refused.first { throw refused.error }
        return conversion.profiles
    }

    private func normalised(_ profile: OTLP.Profile) throws -> DecodedProfile {
        try Pprof.normalise(profile.pprof, limits: .pyroscope, language: .other, series: "{}")
    }

    private func total(_ profile: DecodedProfile) -> Int64 {
        profile.groups.flatMap(\.columns).flatMap(\.values).reduce(0, +)
    }

    private func value(_ name: Text, of profile: OTLP.Profile?) -> Text? {
        profile?.labels.first { $0.name == name }?.value
    }

    @Test func `samples of a CPU period become nanoseconds of a CPU profile`() throws {
        let profiles = try convert(request())
        #expect(profiles.count == 1 && value("__name__", of: profiles.first) == "process_cpu")
        let decoded = try normalised(try #require(profiles.first))
        #expect(decoded.sampleTypes == [ValueType(type: "cpu", unit: "nanoseconds")])
        #expect(total(decoded) == 30_000_000 && decoded.time == 5)
    }

    @Test func `timestamps count where there are no values`() throws {
        let profiles = try convert(request(samples: #"[{"stackIndex":1,"timestampsUnixNano":["1","2"]}]"#))
        #expect(total(try normalised(profiles[0])) == 20_000_000)
    }

    @Test func `off-CPU values of a sample are summed`() throws {
        let profiles = try convert(
            request(
                samples: #"[{"stackIndex":1,"values":["5","7"]}]"#, type: #"{"typeStrindex":7,"unitStrindex":6}"#,
                period: ""))
        #expect(value("__name__", of: profiles.first) == "off_cpu")
        #expect(total(try normalised(profiles[0])) == 12)
    }

    @Test(
        arguments: [
            (#"[{"key":"service.name","value":{"stringValue":"a"}}]"#, "a"), ("[]", "unknown_service"),
            (#"[{"key":"service.name","value":{"intValue":"5"}}]"#, "5"),
            (#"[{"key":"process.executable.name","value":{"stringValue":"x"}}]"#, "unknown_service:x"),
        ] as [(String, Text)])
    func `the service is the resource's, or an unknown one`(_ resource: String, _ service: Text) throws {
        #expect(value("service_name", of: try convert(request(resource: resource)).first) == service)
    }

    @Test func `attributes of a resource are labels where their values can be`() throws {
        let resource = """
            [{"key":"a","value":{"stringValue":"x"}},{"key":"a","value":{"stringValue":"again"}},
             {"key":"one","value":{"arrayValue":{"values":[{"stringValue":"y"}]}}},
             {"key":"two","value":{"arrayValue":{"values":[{"stringValue":"y"},{"stringValue":"z"}]}}},
             {"key":"flag","value":{"boolValue":true}},{"key":"float","value":{"doubleValue":1.5}}]
            """
        let profile = try convert(request(resource: resource)).first
        #expect(value("a", of: profile) == "x" && value("one", of: profile) == "y")
        #expect(["two", "flag", "float"].allSatisfy { value($0, of: profile) == nil })
    }

    @Test func `a sample's own service splits the profile`() throws {
        let profiles = try convert(
            request(
                samples: #"[{"stackIndex":1,"values":["1"],"attributeIndices":[0]},{"stackIndex":1,"values":["2"]}]"#,
                attributes: #"[{"keyStrindex":8,"value":{"stringValue":"v"}}]"#))
        #expect(profiles.count == 1)
        #expect(try normalised(profiles[0]).groups.map(\.labels).contains([Label("key", "v")]))
    }

    @Test func `a link makes a sample one of a span and a trace`() throws {
        let profiles = try convert(request(samples: #"[{"stackIndex":1,"values":["1"],"linkIndex":1}]"#))
        let columns = try #require(try normalised(profiles[0]).groups.first?.columns.first)
        #expect(columns.spans.count == 1 && columns.spans[0] != 0)
        #expect(columns.traces == [TraceID(high: 0x0001_0203_0405_0607, low: 0x0809_0a0b_0c0d_0e0f)])
    }

    @Test(
        arguments: [
            #"[{"stackIndex":99,"values":["1"]}]"#, #"[{"stackIndex":2,"values":["1"]}]"#,
            #"[{"stackIndex":-1,"values":["1"]}]"#, #"[{"stackIndex":1,"values":["1"],"linkIndex":7}]"#,
            #"[{"stackIndex":1,"values":["1"],"attributeIndices":[3]}]"#, #"[{"stackIndex":1}]"#,
            #"[{"stackIndex":1,"values":["1","2"]}]"#, #"[{"stackIndex":1,"values":["9223372036854775807"]}]"#,
        ])
    func `an index that points nowhere, or a value that is missing or too large, is refused`(_ samples: String) {
        #expect(throws: FormatError.self) { try convert(request(samples: samples)) }
    }

    @Test(arguments: ["{}", #"{"dictionary":{}}"#, #"{"resourceProfiles":[{}]}"#])
    func `a request without a dictionary or without resources is refused`(_ json: String) {
        #expect(throws: FormatError.self) { try convert(json) }
    }

    @Test func `mutated requests are read or refused and never trap`() throws {
        let corpus = try OTLP.ExportRequest(
            json: Array(request(samples: #"[{"stackIndex":1,"values":["1"],"linkIndex":1}]"#).utf8)
        ).binary()
        var state: UInt64 = 7
        func below(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        var readable = 0
        for _ in 0..<20_000 {
            var bytes = corpus
            for _ in 0...below(3) { bytes[below(bytes.count)] = UInt8(below(256)) }
            if below(4) == 0 { bytes.removeLast(below(bytes.count)) }
            guard let message = try? OTLP.ExportRequest(binary: bytes),
                let profiles = try? OTLP.convert(message, now: Self.now, limits: .pyroscope).profiles
            else { continue }
            readable += 1
            for profile in profiles { _ = try? normalised(profile) }
        }
        #expect(readable > 100)
    }
}

@Suite struct SpeedscopeTests {
    private func document(_ profile: String) -> [UInt8] {
        Array(
            """
            {"$schema":"https://www.speedscope.app/file-format-schema.json",
             "shared":{"frames":[{"name":"main"},{"name":"work"}]},"profiles":[\(profile)]}
            """.utf8)
    }

    private func stacks(_ profile: String) throws -> [String] {
        try Speedscope.decode(document(profile), limits: .pyroscope).flatMap(\.stacks).map { stack in
            "\(stack.frames.map(\.string).joined(separator: ";")) \(stack.weight)"
        }
    }

    @Test func `samples have weights in hundredths of their unit, bytes are whole`() throws {
        func profile(_ unit: String) -> String {
            #"{"type":"sampled","unit":"\#(unit)","samples":[[0,1],[0]],"weights":[3,2.5]}"#
        }
        #expect(try stacks(profile("seconds")) == ["main;work 300", "main 250"])
        #expect(try stacks(profile("bytes")) == ["main;work 3", "main 2"])
    }

    @Test func `time between events belongs to the stack that is open`() throws {
        let events = """
            {"type":"evented","unit":"none","startValue":0,"endValue":6,"events":[{"type":"O","frame":0,"at":1},
             {"type":"O","frame":1,"at":2},{"type":"C","frame":1,"at":4},{"type":"C","frame":0,"at":5}]}
            """
        #expect(try stacks(events) == ["main 100", "main;work 200", "main 100"])
    }

    @Test(
        arguments: [
            #"{"type":"other"}"#, #"{"type":"sampled","samples":[[7]],"weights":[1]}"#,
            #"{"type":"sampled","samples":[[2]],"weights":[1]}"#, #"{"type":"sampled","samples":[[0]],"weights":[]}"#,
            #"{"type":"sampled","samples":[[0]],"weights":[1e300]}"#,
            #"{"type":"evented","events":[{"type":"C","frame":0,"at":1}]}"#,
            #"{"type":"evented","events":[{"type":"O","frame":0,"at":1},{"type":"O","frame":0,"at":0}]}"#,
        ])
    func `what is no profile is refused`(_ profile: String) {
        #expect(throws: FormatError.self) { try Speedscope.decode(document(profile), limits: .pyroscope) }
    }

    @Test func `another schema is refused`() {
        #expect(throws: FormatError.self) {
            try Speedscope.decode(Array(#"{"$schema":"x","profiles":[]}"#.utf8), limits: .pyroscope)
        }
    }
}
