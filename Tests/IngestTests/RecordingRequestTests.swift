import Formats
import Ingest
import MemoryStore
import Model
import Store
import Testing
import Wire

/// How a Java recording must lie in a request.
@Suite struct RecordingRequestTests {
    private func message(_ body: [UInt8], contentType: String = "", isStrict: Bool = false) async -> String? {
        let parameters: [Text: Text] = ["name": "app", "format": "jfr"]
        let request = IngestRequest(parameter: { parameters[$0] }, contentType: contentType, body: body, now: 1)
        var limits = IngestLimits.hearth
        limits.pprof.isStrict = isStrict
        do throws(IngestError) {
            try await IngestPipeline(store: MemoryStore(), limits: limits).ingest(
                request, now: 1)
            return nil
        } catch {
            #expect(error.kind == .unprocessable)
            return error.description
        }
    }

    private func form(_ parts: [(String, [UInt8])]) async -> String? {
        let body = parts.flatMap { name, content in
            Array("--b\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"\(name)\"\r\n\r\n".utf8)
                + content
                + Array("\r\n".utf8)
        }
        return await message(body + Array("--b--\r\n".utf8), contentType: "multipart/form-data; boundary=b")
    }

    @Test func `a form must have the part jfr, of two bytes at least`() async {
        #expect(await form([("profile", [1, 2, 3])])?.contains("jfr field is required") == true)
        #expect(await form([("jfr", [1])])?.contains("failed to read magic") == true)
        #expect(await message([])?.contains("failed to read magic") == true)
    }

    @Test func `a part may be compressed, and, unless it is read strictly, the body itself`() async {
        let recording = Array("no recording".utf8)
        #expect(await form([("jfr", Gzip.deflate(recording))])?.contains("invalid chunk magic") == true)
        #expect(await message(recording)?.contains("invalid chunk magic") == true)
        #expect(await message(Gzip.deflate(recording))?.contains("invalid chunk magic") == true)
        #expect(await message(Gzip.deflate(recording), isStrict: true)?.contains("compressed") == true)
    }

    @Test func `a recording that inflates beyond the limit of a profile is refused`() async {
        let bomb = Gzip.deflate([UInt8](repeating: 0, count: 17 << 20))
        #expect(await form([("jfr", bomb)])?.contains("exceeds maximum allowed size of 16777216 bytes") == true)
        #expect(await form([("jfr", [0, 0]), ("labels", bomb)])?.contains("exceeds maximum allowed size") == true)
    }
}
