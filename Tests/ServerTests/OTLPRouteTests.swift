import Formats
import HTTP
import Ingest
import MemoryStore
import Model
import Server
import Testing
import Wire

@Suite struct OTLPRouteTests {
    private let gateway = Gateway(store: MemoryStore())
    private static let paths = [
        "/v1development/profiles",
        "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
    ]
    private static let json = """
        {"resourceProfiles":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
          "scopeProfiles":[{"profiles":[{"sampleType":{"typeStrindex":1,"unitStrindex":2},
          "periodType":{"typeStrindex":1,"unitStrindex":2},"period":"1","samples":[{"stackIndex":1,"values":["3"]}]}]}]}],
         "dictionary":{"stringTable":["","cpu","nanoseconds","main"],"mappingTable":[{}],"functionTable":[{},{"nameStrindex":3}],
          "locationTable":[{},{"lines":[{"functionIndex":1}]}],"stackTable":[{},{"locationIndices":[1]}]}}
        """

    private func export(
        _ body: [UInt8], _ type: String, path: String = paths[0], headers: [(String, String)] = [],
        to other: Gateway? = nil
    ) async -> Response {
        await ask(other ?? gateway, "POST", path, headers: [("Content-Type", type)] + headers, body: body)
    }

    private func text(_ response: Response) -> String { String(decoding: response.body, as: UTF8.self) }

    private func total() async throws -> Text? {
        try await askJSON(
            gateway, "SelectMergeStacktraces",
            #"{"profileTypeID":"cpu:cpu:nanoseconds:cpu:nanoseconds","labelSelector":"{service_name=\"shop\"}","start":1,"end":"99999999999999"}"#
        )["flamegraph"]?["total"]?.text
    }

    @Test(arguments: paths, ["application/json", "application/x-protobuf", "application/protobuf"])
    func `both paths take JSON and protobuf, plain and gzip, and answer with an empty protobuf`(
        _ path: String, _ type: String
    ) async throws {
        let plain = Array(Self.json.utf8)
        let body = type == "application/json" ? plain : try OTLP.ExportRequest(json: plain).binary()
        let answers = [
            await export(body, type, path: path),
            await export(Gzip.deflate(body), type, path: path, headers: [("Content-Encoding", "GZIP")]),
        ]
        for answer in answers {
            #expect(answer.status == 200 && answer.body.isEmpty)
            #expect(answer.headers["Content-Type"] == "application/x-protobuf")
        }
        #expect(try await total() == "6")
    }

    @Test(arguments: paths)
    func `gRPC takes the same message`(_ path: String) async throws {
        let message = try OTLP.ExportRequest(json: Array(Self.json.utf8)).binary()
        let frame = [0] + (0..<4).reversed().map { UInt8(truncatingIfNeeded: message.count >> ($0 * 8)) } + message
        let answer = await export(frame, "application/grpc", path: path)
        #expect(answer.status == 200 && answer.trailers?["grpc-status"] == "0")
        #expect(try await total() == "3")
        let empty = await export([0, 0, 0, 0, 0], "application/grpc", path: path)
        #expect((empty.trailers?["grpc-status"] ?? empty.headers["grpc-status"]) == "3")
    }

    @Test(arguments: ["application/json; charset=utf-8", "text/plain", "application/octet-stream"])
    func `another content type is refused by its name`(_ type: String) async {
        let answer = await export(Array(Self.json.utf8), type)
        #expect(answer.status == 415 && text(answer) == "Unsupported Content-Type: \(type)\n")
    }

    @Test func `what cannot be read is the sender's mistake`() async {
        let json = await export(Array("{".utf8), "application/json")
        #expect(json.status == 400 && text(json).hasPrefix("Failed to parse JSON request"))
        let binary = await export([0xff], "application/x-protobuf")
        #expect(binary.status == 400 && text(binary).hasPrefix("Failed to parse protobuf request"))
        let gzip = await export(Array("{}".utf8), "application/json", headers: [("Content-Encoding", "gzip")])
        #expect(gzip.status == 400)
    }

    @Test(arguments: ["{}", #"{"dictionary":{}}"#, #"{"resourceProfiles":[{}]}"#])
    func `a request without a dictionary or resources is the sender's mistake`(_ json: String) async {
        #expect(await export(Array(json.utf8), "application/json").status == 400)
    }

    @Test func `a profile without a period's type has no name, and is strictly refused`() async {
        let body = Self.json.replacing(#""period":"1","#, with: "")
        var configuration = GatewayConfiguration()
        configuration.limits.ingest.pprof.isStrict = true
        let strict = Gateway(store: MemoryStore(), configuration: configuration)
        let answer = await export(Array(body.utf8), "application/json", to: strict)
        #expect(answer.status == 400 && text(answer).contains("invalid metric name"))
    }

    @Test func `a profile without a period's type is named after its sample type`() async throws {
        let body = Self.json.replacing(#""period":"1","#, with: "")
        #expect(await export(Array(body.utf8), "application/json").status == 200)
        let names = try await askJSON(gateway, "LabelValues", #"{"name":"__profile_type__"}"#)
        #expect(names["names"]?.elements?.compactMap(\.text) == ["process_cpu:cpu:nanoseconds::"])
    }

    @Test func `a request that is larger after inflating than may be sent is refused`() async {
        var configuration = GatewayConfiguration()
        configuration.maxPushBytes = 1000
        let gateway = Gateway(store: MemoryStore(), configuration: configuration)
        let body = Gzip.deflate([UInt8](repeating: 0x20, count: 5000))
        let answer = await ask(
            gateway, "POST", Self.paths[0],
            headers: [("Content-Type", "application/json"), ("Content-Encoding", "gzip")], body: body)
        #expect(answer.status == 413 && text(answer).contains("exceeds limit"))
    }

    @Test func `with multi-tenancy a missing tenant is told in JSON`() async {
        var configuration = GatewayConfiguration()
        configuration.multitenancy = true
        let gateway = Gateway(store: MemoryStore(), configuration: configuration)
        let answer = await ask(
            gateway, "POST", Self.paths[0], headers: [("Content-Type", "application/x-protobuf")], body: [])
        #expect(answer.status == 401 && text(answer).contains(#""code":"unauthenticated""#))
    }
}
