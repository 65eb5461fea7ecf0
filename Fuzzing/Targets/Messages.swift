import API
import Model
import Wire

extension FuzzTarget {
    /// Messages of the services in both encodings, JSON by itself, and the framing of calls.
    static let messages = [
        FuzzTarget(name: "message", seeds: { Seeds.messages(json: false) }) { bytes throws(Violation) in
            guard let first = bytes.first else { return }
            try kinds[Int(first) % kinds.count].binary(Array(bytes.dropFirst()))
        },
        FuzzTarget(name: "message-json", seeds: { Seeds.messages(json: true) }) { bytes throws(Violation) in
            guard let first = bytes.first else { return }
            try kinds[Int(first) % kinds.count].json(Array(bytes.dropFirst()))
        },
        FuzzTarget(name: "json", seeds: Seeds.documents) { bytes throws(Violation) in
            guard let value = try? JSONValue(parsing: bytes) else { return }
            var written: [UInt8] = []
            try write(value, to: &written)
            try require((try? JSONValue(parsing: written)) == value, "a document is another when it is written again")
        },
        FuzzTarget(name: "rpc", seeds: Seeds.calls, check: checkCall),
    ]

    /// A kind of message with what holds for its encodings.
    private struct Kind: Sendable {
        let binary: @Sendable ([UInt8]) throws(Violation) -> Void
        let json: @Sendable ([UInt8]) throws(Violation) -> Void

        init<M: Message>(_: M.Type) {
            binary = { bytes throws(Violation) in
                if let message = try? M(binary: bytes) { try checkEncodings(of: message) }
            }
            json = { bytes throws(Violation) in
                if let message = try? M(json: bytes) { try checkEncodings(of: message) }
            }
        }
    }

    private static let kinds = [
        Kind(PushRequest.self), Kind(SelectMergeStacktracesRequest.self), Kind(SelectSeriesRequest.self),
        Kind(SelectMergeProfileRequest.self), Kind(SelectMergeSpanProfileRequest.self), Kind(DiffRequest.self),
        Kind(ProfileTypesRequest.self), Kind(SeriesRequest.self), Kind(SelectHeatmapRequest.self),
        Kind(AnalyzeQueryRequest.self), Kind(LabelNamesRequest.self), Kind(LabelValuesRequest.self),
        Kind(UpsertRecordingRuleRequest.self), Kind(AdHocProfilesUploadRequest.self),
        Kind(AdHocProfilesDiffRequest.self),
        Kind(SetSettingsRequest.self), Kind(ProfileMessage.self), Kind(SelectMergeStacktracesResponse.self),
        Kind(DiffResponse.self), Kind(SelectSeriesResponse.self), Kind(SelectHeatmapResponse.self),
        Kind(AnalyzeQueryResponse.self), Kind(GetFeatureFlagsResponse.self), Kind(ListRecordingRulesResponse.self),
    ]

    private static func write(_ value: JSONValue, to bytes: inout [UInt8]) throws(Violation) {
        switch value {
        case .null: bytes += Array("null".utf8)
        case .bool(let flag): bytes += Array("\(flag)".utf8)
        case .number(let digits): bytes += digits.utf8
        case .string(let text):
            try require(text.isValidUTF8, "a text is no UTF-8")
            JSONText.append(text, escapingHTML: bytes.count.isMultiple(of: 2), to: &bytes)
        case .array(let elements):
            bytes += Array("[".utf8)
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes += Array(",".utf8) }
                try write(element, to: &bytes)
            }
            bytes += Array("]".utf8)
        case .object(let members):
            bytes += Array("{".utf8)
            for (index, member) in members.enumerated() {
                if index > 0 { bytes += Array(",".utf8) }
                JSONText.append(member.name, to: &bytes)
                bytes += Array(":".utf8)
                try write(member.value, to: &bytes)
            }
            bytes += Array("}".utf8)
        }
    }

    /// Lines of header fields, an empty line, and a body.
    private static func checkCall(_ bytes: [UInt8]) throws(Violation) {
        var headers: [String: String] = [:]
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0a), end > rest.startIndex {
            let line = rest[..<end].split(separator: UInt8(ascii: ":"), maxSplits: 1)
            if line.count == 2 {
                let value = line[1].drop { $0 == 0x20 }
                headers[String(decoding: line[0], as: UTF8.self).lowercased()] = String(decoding: value, as: UTF8.self)
            }
            rest = rest[(end + 1)...]
        }
        let body = Array(rest.dropFirst())
        let contentType = headers["content-type"]
        let call: RPCCall
        let message: PushRequest
        do throws(APIError) {
            guard let read = try RPCCall(contentType: contentType, header: { headers[$0.lowercased()] }) else { return }
            call = read
            message = try call.decode(PushRequest.self, from: body, limit: 1 << 16)
        } catch {
            let answer = RPCCall.fallback(contentType: contentType).encode(error)
            let fields = answer.headers + (answer.trailers ?? [])
            try require(
                fields.allSatisfy { $0.value.utf8.allSatisfy { (0x20...0x7e).contains($0) } },
                "an error's field is not printable ASCII")
            return
        }
        try checkAnswer(call.encode(message), to: call, carries: message, in: contentType)
    }

    /// Throws unless an answer reads as the message that went in.
    private static func checkAnswer(
        _ response: RPCResponse, to call: RPCCall, carries message: PushRequest, in contentType: String?
    ) throws(Violation) {
        var body = response.body
        if call.rpcProtocol != .connect {
            try require(body.count >= 5, "an answer without an envelope")
            let length = body[1..<5].reduce(0) { $0 << 8 | Int($1) }
            try require(body.count >= 5 + length, "an envelope is cut short")
            body = Array(body[..<(5 + length)])
        }
        var encodings = ["content-encoding", "grpc-encoding"].reduce(into: [:]) { fields, name in
            fields[name] = response.headers.first { $0.name.lowercased() == name }?.value
        }
        encodings["te"] = "trailers"
        let asked = encodings
        guard
            let again = try? RPCCall(contentType: contentType, header: { asked[$0.lowercased()] }),
            let read = try? again.decode(PushRequest.self, from: body, limit: 1 << 22)
        else { throw Violation(description: "an answer cannot be read") }
        try require((try? read.binary()) == (try? message.binary()), "an answer is another message")
    }
}
