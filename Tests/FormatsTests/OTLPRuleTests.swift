import Formats
import Model
import Testing
import Wire

/// How an export becomes series: names, labels, values and stacks.
@Suite struct OTLPRuleTests {
    private static let now: Int64 = 1_700_000_000_000_000_000

    private static let strings = [
        "", "main", "work", "samples", "count", "cpu", "nanoseconds", "events", "service.name", "thread", "t1",
        "a.out", "process.executable.build_id.gnu", "b1d", "off_cpu",
    ]

    private struct Request {
        var resource = #""attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]"#
        var scope = "{}"
        var type = #""sampleType":{"typeStrindex":7,"unitStrindex":4},"#
        var period = #""periodType":{"typeStrindex":5,"unitStrindex":6},"period":"7","#
        var time = #""timeUnixNano":"5","#
        var samples = #"{"stackIndex":1,"values":["3"]}"#
        var attributes = ""
        var links = ""
        var mappings = "{}"
        var locations = #"{},{"lines":[{"functionIndex":1,"line":"11"}]},{"lines":[{"functionIndex":2,"line":"12"}]}"#
        var stacks = #"{},{"locationIndices":[2,1]},{"locationIndices":[0]}"#
        var functions = #"{},{"nameStrindex":1},{"nameStrindex":2}"#

        var json: String {
            let strings = OTLPRuleTests.strings.map { "\"\($0)\"" }.joined(separator: ",")
            return """
                {"dictionary":{"stringTable":[\(strings)],"mappingTable":[\(mappings)],"locationTable":[\(locations)],
                  "functionTable":[\(functions)],"linkTable":[\(links)],"attributeTable":[\(attributes)],
                  "stackTable":[\(stacks)]},
                 "resourceProfiles":[{"resource":{\(resource)},"scopeProfiles":[{"scope":\(scope),
                  "profiles":[{\(type)\(period)\(time)"samples":[\(samples)]}]}]}]}
                """
        }
    }

    private func convert(
        isStrict: Bool = true, _ change: (inout Request) -> Void = { _ in }
    ) throws -> [OTLP.Profile] {
        var request = Request()
        change(&request)
        var limits = PprofLimits.pyroscope
        limits.isStrict = isStrict
        let conversion = try OTLP.convert(
            OTLP.ExportRequest(json: Array(request.json.utf8)), now: Self.now, limits: limits)
        if let refused = conversion.refused.first, isStrict { throw refused.error }
        return conversion.profiles
    }

    private func normalised(_ profile: OTLP.Profile) throws -> DecodedProfile {
        try Pprof.normalise(profile.pprof, limits: .pyroscope, language: .other, series: "{}")
    }

    private func labels(_ change: (inout Request) -> Void) throws -> [String] {
        try #require(try convert(change).first).labels.map { "\($0.name)=\($0.value)" }
    }

    /// The value of each stack, root first.
    private func stacks(_ profile: DecodedProfile) -> [String: Int64] {
        var result: [String: Int64] = [:]
        let symbols = profile.symbols
        for columns in profile.groups.flatMap(\.columns) {
            for (stack, value) in zip(columns.stacks, columns.values) {
                var names: [String] = []
                var node = Int(stack)
                while node != 0 {
                    for line in symbols.locations[Int(symbols.stacks.locations[node])].lineRange {
                        names.append("\(symbols.strings[symbols.functions[Int(symbols.lines[line].function)].name])")
                    }
                    node = Int(symbols.stacks.parents[node])
                }
                result[names.reversed().joined(separator: ";"), default: 0] += value
            }
        }
        return result
    }

    @Test func `a series has the labels of its resource with their dots, and those of every export`() throws {
        let labels = try labels { _ in }
        #expect(
            labels == [
                "__delta__=false", "__otel__=true", "__name__=cpu", "service.name=shop", "service_name=shop",
            ])
    }

    @Test func `other samples are named after their period, and keep type, unit and value`() throws {
        let profile = try #require(try convert().first)
        let decoded = try normalised(profile)
        #expect(decoded.sampleTypes == [ValueType(type: "events", unit: "count")])
        #expect(decoded.periodType == ValueType(type: "cpu", unit: "nanoseconds"))
        #expect(stacks(decoded) == ["main;work": 3])
    }

    @Test(
        arguments: ["", #""periodType":{"typeStrindex":5,"unitStrindex":6},"period":"0","#, #""period":"7","#])
    func `without a period or its type there is neither a period nor a name`(_ period: String) throws {
        let profile = try #require(try convert { $0.period = period }.first)
        #expect(profile.labels.contains(Label("__name__", "")))
        #expect(try normalised(profile).periodType == nil)
    }

    @Test func `the type of an off-CPU profile's period stays, though it has no length`() throws {
        let none = #""periodType":{"typeStrindex":5,"unitStrindex":6},"period":"0","#
        let profile = try #require(
            try convert {
                $0.type = #""sampleType":{"typeStrindex":14,"unitStrindex":6},"#
                $0.period = none
            }.first)
        #expect(profile.labels.contains(Label("__name__", "off_cpu")))
        #expect(try normalised(profile).periodType == ValueType(type: "cpu", unit: "nanoseconds"))
    }

    @Test func `a profile without samples is nothing, whatever else is missing`() throws {
        #expect(try convert { $0.samples = "" }.isEmpty)
        #expect(
            try convert {
                $0.samples = ""
                $0.type = #""sampleType":{"typeStrindex":99,"unitStrindex":4},"#
            }.isEmpty)
    }

    @Test func `strictly, a location needs the table of mappings`() throws {
        #expect(throws: FormatError.self) { try convert { $0.mappings = "" } }
        #expect(try convert(isStrict: false) { $0.mappings = "" }.count == 1)
    }

    @Test func `samples that are counted by another period than CPU time are not scaled`() throws {
        let profile = try #require(
            try convert {
                $0.type = #""sampleType":{"typeStrindex":3,"unitStrindex":4},"#
                $0.period = #""periodType":{"typeStrindex":7,"unitStrindex":4},"period":"7","#
            }.first)
        #expect(profile.labels.contains(Label("__name__", "events")))
        #expect(stacks(try normalised(profile)) == ["main;work": 3])
    }

    @Test func `a resource wins over a scope, whose name is no label`() throws {
        let labels = try labels {
            $0.resource = #""attributes":[{"key":"k","value":{"stringValue":"resource"}}]"#
            $0.scope =
                #"{"name":"lib","version":"1","attributes":[{"key":"k","value":{"stringValue":"scope"}},{"key":"own","value":{"intValue":"42"}}]}"#
        }
        #expect(labels.dropFirst(3) == ["k=resource", "own=42", "service_name=unknown_service"])
    }

    @Test func `an attribute cannot name the profile, nor the service by another way, which collides strictly`() throws
    {
        func labels(isStrict: Bool) throws -> [String] {
            try #require(
                try convert(isStrict: isStrict) {
                    $0.resource =
                        #""attributes":[{"key":"__name__","value":{"stringValue":"x"}},{"key":"service_name","value":{"stringValue":"y"}}]"#
                }.first
            ).labels.map { "\($0.name)=\($0.value)" }
        }
        let expected = ["__name__=cpu", "service_name=unknown_service"]
        #expect(try labels(isStrict: false).dropFirst(2) == expected[...])
        #expect(try labels(isStrict: true).dropFirst(2) == [expected[0], "service_name=y", expected[1]])
    }

    @Test(
        arguments: [
            (#"{"intValue":"-5"}"#, "-5"), (#"{"arrayValue":{"values":[{"intValue":7}]}}"#, "7"),
            (#"{"arrayValue":{"values":[]}}"#, nil), (#"{"stringValue":""}"#, nil),
            (#"{"arrayValue":{"values":[{"arrayValue":{"values":[{"intValue":7}]}}]}}"#, nil),
            (#"{"kvlistValue":{"values":[]}}"#, nil), (#"{"bytesValue":"AAAA"}"#, nil), ("{}", nil),
        ] as [(String, String?)])
    func `texts, whole numbers and lists of one such are labels`(_ value: String, _ label: String?) throws {
        let labels = try labels { $0.resource = #""attributes":[{"key":"k","value":\#(value)}]"# }
        #expect(labels.filter { $0.hasPrefix("k=") } == (label.map { ["k=\($0)"] } ?? []))
    }

    @Test func `keys and texts may be given by their place in the dictionary`() throws {
        let labels = try labels {
            $0.resource =
                #""attributes":[{"keyStrindex":8,"value":{"stringValueStrindex":1}},{"keyStrindex":9,"value":{"arrayValue":{"values":[{"stringValueStrindex":10}]}}}]"#
        }
        #expect(labels.dropFirst(3) == ["service.name=main", "thread=t1", "service_name=main"])
        #expect(throws: FormatError.self) {
            try convert { $0.resource = #""attributes":[{"keyStrindex":99,"value":{"intValue":1}}]"# }
        }
    }

    @Test func `an attribute whose text is not there is left out and counted, and the profile kept`() throws {
        let profiles = try convert(isStrict: false) {
            $0.resource =
                #""attributes":[{"keyStrindex":99,"value":{"intValue":1}},{"key":"k","value":{"stringValueStrindex":-5}},{"key":"zone","value":{"stringValue":"eu"}}]"#
            $0.attributes = #"{"keyStrindex":9,"value":{"stringValueStrindex":77}},{}"#
        }
        let profile = try #require(profiles.first)
        #expect(
            profile.labels.dropFirst(3)
                == [Label("zone", "eu"), Label("service_name", "unknown_service")])
        let lost = try #require(profile.salvage.entries[.stringIndex])
        #expect(lost.count == 2)
        #expect(lost.example == "failed to convert otel profile: attribute key string index 99 is out of range (15)")
    }

    @Test func `a sample with an attribute whose text is not there is left out and counted`() throws {
        let profiles = try convert(isStrict: false) {
            $0.attributes = #"{"keyStrindex":9,"value":{"stringValueStrindex":77}}"#
            $0.samples =
                #"{"stackIndex":1,"values":["1"],"attributeIndices":[0]},{"stackIndex":1,"values":["2"]}"#
        }
        let profile = try #require(profiles.first)
        #expect(profile.salvage.entries[.sampleReference]?.count == 1)
        #expect(try normalised(profile).groups.map(\.columns[0].total) == [2])
    }

    private let threadAttributes =
        #"{"keyStrindex":9,"value":{"stringValueStrindex":10}},{"keyStrindex":9,"value":{"intValue":8}},{"keyStrindex":9,"value":{"boolValue":true}}"#

    @Test func `attributes of samples are labels of samples`() throws {
        let profiles = try convert {
            $0.attributes = threadAttributes
            $0.samples =
                #"{"stackIndex":1,"values":["1"],"attributeIndices":[0]},{"stackIndex":1,"values":["2"],"attributeIndices":[1]},{"stackIndex":1,"values":["4"],"attributeIndices":[2]}"#
        }
        #expect(profiles.count == 1)
        let groups = try normalised(profiles[0]).groups
        var totals: [[Label]: Int64] = [:]
        for group in groups { totals[group.labels] = group.columns[0].total }
        #expect(totals == [[Label("thread", "t1")]: 1, [Label("thread", "8")]: 2, []: 4])
    }

    @Test func `samples of several services are as many profiles, and the others are the resource's`() throws {
        let profiles = try convert {
            $0.attributes =
                #"{"keyStrindex":8,"value":{"stringValue":"a"}},{"keyStrindex":8,"value":{"stringValue":"b"}}"#
            $0.samples =
                #"{"stackIndex":1,"values":["1"],"attributeIndices":[0]},{"stackIndex":1,"values":["2"],"attributeIndices":[1]},{"stackIndex":1,"values":["4"]}"#
        }
        var totals: [Text: Int64] = [:]
        for profile in profiles {
            let service = try #require(profile.labels.first { $0.name == "service_name" }).value
            let decoded = try normalised(profile)
            #expect(decoded.groups.map(\.labels) == [[]])
            totals[service] = decoded.groups.first?.columns[0].total
        }
        #expect(totals == ["a": 1, "b": 2, "shop": 4])
    }

    @Test func `the first location is one like the others`() throws {
        let profile = try #require(
            try convert {
                $0.samples = #"{"stackIndex":2,"values":["3"]}"#
                $0.locations = #"{"lines":[{"functionIndex":0}]}"#
                $0.functions = #"{"nameStrindex":2}"#
            }.first)
        #expect(stacks(try normalised(profile)) == ["work": 3])
    }

    @Test func `a location without lines is kept by its address, and its mapping has no functions`() throws {
        let profile = try #require(
            try convert {
                $0.mappings =
                    #"{},{"memoryStart":"4096","memoryLimit":"8192","filenameStrindex":11,"attributeIndices":[0]}"#
                $0.attributes = #"{"keyStrindex":12,"value":{"stringValueStrindex":13}}"#
                $0.locations =
                    #"{},{"lines":[{"functionIndex":1}],"mappingIndex":1},{"address":"4660","mappingIndex":1}"#
            }.first)
        let decoded = try normalised(profile)
        #expect(decoded.groups.map(\.columns[0].values) == [[3]])
        #expect(decoded.symbols.locations.contains { $0.address == 4660 })
        let mapping = try #require(decoded.symbols.mappings.first { $0.start == 4096 })
        #expect(decoded.symbols.strings[mapping.filename] == "a.out")
        #expect(decoded.symbols.strings[mapping.buildID] == "b1d")
    }

    @Test(arguments: [#""timeUnixNano":"0","#, ""])
    func `a profile without a time is taken now`(_ time: String) throws {
        let profile = try convert { $0.time = time }[0]
        #expect(try normalised(profile).time == Self.now)
    }

    @Test(
        arguments: [
            (#"{"traceId":"AAECAwQFBgcICQoLDA0ODw==","spanId":"AAECAwQFBgc="}"#, true, true),
            (#"{"spanId":"AAECAwQFBgc="}"#, true, false),
            // Ids in hexadecimal are read as base64, and so have a wrong length.
            (#"{"traceId":"000102030405060708090a0b0c0d0e0f","spanId":"0001020304050607"}"#, false, false),
        ])
    func `ids of a link count where their lengths are right`(_ link: String, _ hasSpan: Bool, _ hasTrace: Bool) throws {
        let profile = try convert {
            $0.links = "{},\(link)"
            $0.samples = #"{"stackIndex":1,"values":["3"],"linkIndex":1}"#
        }[0]
        let columns = try #require(try normalised(profile).groups.first?.columns.first)
        #expect(columns.values == [3])
        #expect(columns.spans.isEmpty != hasSpan && columns.traces.isEmpty != hasTrace)
    }

    @Test(arguments: [#""linkIndex":0"#, #""linkIndex":0,"timestampsUnixNano":["1"]"#])
    func `the first link is none`(_ link: String) throws {
        let profile = try convert {
            $0.links = #"{"spanId":"AAECAwQFBgc="}"#
            $0.samples = #"{"stackIndex":1,"values":["3"],\#(link)}"#
        }[0]
        #expect(try normalised(profile).groups[0].columns[0].spans.isEmpty)
    }

    @Test(
        arguments: [
            #"{},{"mappingIndex":5,"lines":[{"functionIndex":1}]},{}"#, #"{},{"lines":[{"functionIndex":9}]},{}"#,
            #"{},{"lines":[{"functionIndex":-1}]},{}"#,
        ])
    func `a location that leads nowhere is refused`(_ locations: String) {
        #expect(throws: FormatError.self) { try convert { $0.locations = locations } }
    }

    @Test func `a function without a name that exists, or a profile without a type, is refused`() {
        #expect(throws: FormatError.self) { _ = try convert { $0.functions = #"{},{"nameStrindex":99},{}"# } }
        #expect(throws: FormatError.self) { _ = try convert { $0.type = "" } }
    }

    /// The numbers and wire types of opentelemetry-proto 1.10, dictionary first as some clients write it.
    @Test func `the binary form has the fields of the schema`() throws {
        func message(_ number: Int, _ content: [UInt8]) -> [UInt8] {
            var bytes: [UInt8] = []
            ProtobufWriter.field(number, content, to: &bytes)
            return bytes
        }
        func number(_ field: Int, _ value: UInt64) -> [UInt8] {
            var bytes: [UInt8] = []
            ProtobufWriter.key(field, .varint, to: &bytes)
            ProtobufWriter.varint(value, to: &bytes)
            return bytes
        }
        func fixed(_ field: Int, _ value: UInt64) -> [UInt8] {
            var bytes: [UInt8] = []
            ProtobufWriter.key(field, .fixed64, to: &bytes)
            ProtobufWriter.fixed64(value, to: &bytes)
            return bytes
        }
        func text(_ field: Int, _ text: String) -> [UInt8] { message(field, Array(text.utf8)) }

        let strings = ["", "main", "samples", "count", "cpu", "nanoseconds", "thread"].flatMap { text(5, $0) }
        let dictionary =
            message(1, number(1, 4096)) + message(2, [])
            + message(2, number(1, 0) + number(2, 9) + message(3, number(1, 1) + number(2, 7) + number(3, 2)))
            + message(3, []) + message(3, number(1, 1) + number(2, 1) + number(4, 3))
            + message(4, []) + message(4, message(1, Array(0..<16)) + message(2, Array(0..<8))) + strings
            + message(6, number(1, 6) + message(2, number(3, 42)) + number(3, 0)) + message(7, [])
            + message(7, message(1, [1]))
        let sample = number(1, 1) + message(2, [0]) + number(3, 1) + message(5, Array(repeating: 0, count: 16))
        let profile =
            message(1, number(1, 2) + number(2, 3)) + message(2, sample) + fixed(3, 5) + number(4, 10)
            + message(5, number(1, 4) + number(2, 5)) + number(6, 1000) + message(7, Array(0..<16)) + number(8, 1)
            + text(9, "pprof") + message(10, [1]) + message(11, [0])
        let scope = message(1, text(1, "lib") + text(2, "1") + message(3, text(1, "own") + message(2, text(1, "s"))))
        let resource = message(1, message(1, text(1, "service.name") + message(2, text(1, "shop"))) + number(2, 0))
        let request =
            message(2, dictionary)
            + message(1, resource + message(2, scope + message(2, profile) + text(3, "url")) + text(3, "url"))

        let converted = try #require(
            try OTLP.convert(OTLP.ExportRequest(binary: request), now: Self.now, limits: .pyroscope).profiles.first)
        #expect(
            converted.labels.map { "\($0.name)=\($0.value)" }.dropFirst(2)
                == ["__name__=process_cpu", "service.name=shop", "own=s", "service_name=shop"])
        let decoded = try normalised(converted)
        #expect(converted.id == Array(0..<16) && converted.hasTime)
        #expect(decoded.time == 5 && decoded.groups.map(\.labels) == [[Label("thread", "42")]])
        #expect(stacks(decoded) == ["main": 2000])
        #expect(
            decoded.groups[0].columns[0].traces == [TraceID(high: 0x0001_0203_0405_0607, low: 0x0809_0a0b_0c0d_0e0f)])
    }
}
