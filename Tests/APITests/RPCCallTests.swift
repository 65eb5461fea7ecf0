import API
import Model
import Testing
import Wire

@Suite struct RPCCallTests {
    private func call(_ contentType: String?, _ headers: [String: String] = [:]) throws(APIError) -> RPCCall? {
        try RPCCall(contentType: contentType) { headers[$0] }
    }

    @Test(arguments: [
        ("application/json", RPCProtocol.connect, RPCCodec.json), ("Application/JSON", .connect, .json),
        ("application/json;charset=UTF-8", .connect, .json), ("application/json; charset=utf-8", .connect, .json),
        ("application/proto", .connect, .proto), ("application/grpc", .grpc, .proto),
        ("application/grpc+proto", .grpc, .proto), ("application/grpc-web", .grpcWeb, .proto),
        ("application/grpc-web+json", .grpcWeb, .json),
    ])
    func `the content type tells protocol and codec`(_ type: String, _ rpc: RPCProtocol, _ codec: RPCCodec) throws {
        let call = try #require(try call(type))
        #expect(call.rpcProtocol == rpc && call.codec == codec)
    }

    @Test(arguments: [
        "text/plain", nil, "application/xml", "application/json; charset=iso-8859-1", "application/grpc-web-text",
    ])
    func `other content types are none of ours`(_ type: String?) throws {
        #expect(try call(type) == nil)
        let answer = RPCCall.unsupportedMediaType
        #expect(answer.status == 415 && answer.body.isEmpty)
        #expect(answer.headers[0].value.hasPrefix("application/grpc, application/grpc+json, "))
    }

    @Test func `an answer repeats the codec and is compressed when the client reads gzip`() throws {
        var message = LabelNamesResponse()
        message.names = ["a"]
        let plain = try #require(try call("application/json")).encode(message)
        #expect(plain.body == Array(#"{"names":["a"]}"#.utf8))
        #expect(plain.headers[0].value == "application/json")
        let packed = try #require(try call("application/proto", ["Accept-Encoding": "br, gzip"])).encode(message)
        #expect(packed.headers.contains { $0.name == "Content-Encoding" && $0.value == "gzip" })
        #expect(try Gzip.inflate(packed.body, limit: 100) == message.binary())
        let unweighted = try #require(try call("application/json", ["Accept-Encoding": "gzip;q=0.8"])).encode(message)
        #expect(unweighted.body == plain.body)
    }

    @Test func `errors are JSON in both codecs and never compressed`() throws {
        let call = try #require(try call("application/proto", ["Accept-Encoding": "gzip"]))
        let answer = call.encode(APIError(.invalidArgument, "step must be >= \"1ms\""))
        #expect(answer.status == 400)
        #expect(answer.body == Array(#"{"code":"invalid_argument","message":"step must be >= \"1ms\""}"#.utf8))
    }

    @Test(arguments: [("br", ErrorCode.unimplemented), ("deflate", .unimplemented)])
    func `another request encoding is not implemented`(_ encoding: String, _ code: ErrorCode) {
        #expect {
            _ = try call("application/json", ["Content-Encoding": encoding])
        } throws: { error in
            (error as? APIError)?.code == code
        }
    }

    @Test func `an empty body is the empty message in protobuf and an error in JSON`() throws {
        let proto = try #require(try call("application/proto"))
        #expect(try proto.decode(ProfileTypesRequest.self, from: [], limit: 10).start == 0)
        let json = try #require(try call("application/json"))
        #expect(throws: APIError.self) { _ = try json.decode(ProfileTypesRequest.self, from: [], limit: 10) }
    }

    @Test func `a message over the limit is named with its size`() throws {
        let call = try #require(try call("application/proto", ["Content-Encoding": "gzip"]))
        #expect(throws: APIError(.resourceExhausted, "message size 11 is larger than configured max 10")) {
            _ = try call.decode(
                ProfileTypesRequest.self, from: Gzip.deflate([UInt8](repeating: 0, count: 99)), limit: 10)
        }
    }

    @Test(arguments: [("10", Duration.milliseconds(10)), ("9999999999", .milliseconds(9_999_999_999))])
    func `a timeout is read in milliseconds`(_ text: String, _ duration: Duration) throws {
        #expect(try call("application/json", ["Connect-Timeout-Ms": text])?.timeout == duration)
    }

    @Test(arguments: ["12345678901", "soon", "-1"])
    func `a malformed timeout is refused`(_ text: String) {
        #expect(throws: APIError.self) { _ = try call("application/json", ["Connect-Timeout-Ms": text]) }
    }

    @Test func `gRPC-Web frames message and trailers, errors included, with status 200`() throws {
        let call = try #require(try call("application/grpc-web"))
        var request = ProfileTypesRequest()
        request.start = 7
        let message = try request.binary()
        let framed = [0, 0, 0, 0, UInt8(message.count)] + message
        #expect(try call.decode(ProfileTypesRequest.self, from: framed, limit: 100).start == 7)
        let good = call.encode(request)
        #expect(good.status == 200 && good.body.starts(with: framed))
        #expect(String(decoding: good.body.suffix(16), as: UTF8.self) == "grpc-status: 0\r\n")
        let bad = call.encode(APIError(.unimplemented, "n\u{f6}"))
        #expect(bad.status == 200 && bad.body[0] == 0x80)
        #expect(String(decoding: bad.body[5...], as: UTF8.self) == "grpc-status: 12\r\ngrpc-message: n%C3%B6\r\n")
        for broken in [[], [0, 0, 0, 0], [0, 0, 0, 0, 9, 1], [2, 0, 0, 0, 0]] as [[UInt8]] {
            #expect(throws: APIError.self) { _ = try call.decode(ProfileTypesRequest.self, from: broken, limit: 100) }
        }
    }
}
