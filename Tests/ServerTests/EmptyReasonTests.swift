import HTTP
import MemoryStore
import Server
import Testing

@Suite struct EmptyReasonTests {
    private let gateway = Gateway(store: MemoryStore())
    private let cpu = "process_cpu:samples:count::"

    private func reason(
        type: String? = nil, selector: String = "{}", start: Int64 = 1, end: Int64 = 99_999_999_999_999,
        more: String = ""
    ) async -> String? {
        let escaped = selector.replacing("\"", with: "\\\"")
        let response = await ask(
            gateway, "POST", "/querier.v1.QuerierService/SelectMergeStacktraces",
            headers: [("Content-Type", "application/json")],
            body: Array(
                """
                {"profileTypeID":"\(type ?? cpu)","labelSelector":"\(escaped)","start":"\(start)","end":"\(end)"\(more)}
                """.utf8))
        return response.headers["Hearth-Empty-Reason"]
    }

    private func push() async {
        _ = await ask(
            gateway, "POST", "/ingest?name=shop%7Bregion%3Deu%7D&sampleRate=0&from=1700000000&format=folded",
            body: Array("main 1\n".utf8))
    }

    @Test func `an answer with data has no reason`() async {
        await push()
        #expect(await reason() == nil)
    }

    @Test func `an empty store says so`() async {
        #expect(await reason() == "nothing was pushed yet")
    }

    @Test func `an unknown profile type is named beside those that exist`() async {
        await push()
        #expect(await reason(type: "a:b:c:d:e") == "no profile type a:b:c:d:e; there are: \(cpu)")
    }

    @Test func `the matcher that leaves nothing is named with the values that there are`() async {
        await push()
        let found = await reason(selector: #"{service_name="shop",region="us"}"#)
        #expect(found == #"no series matches region="us"; its values are: eu"#)
    }

    @Test func `a range beside the data names the nearest profile`() async {
        await push()
        let found = await reason(start: 1_600_000_000_000, end: 1_600_000_001_000)
        #expect(found == "there is no profile inside the range; the nearest is of 1700000000000 ms")
    }

    @Test func `spans without span labels say that the client does not link them`() async {
        await push()
        #expect(await reason(more: #","spanSelector":["00000000000000ff"]"#)?.contains("no span labels") == true)
    }

    @Test func `a stack that nothing passes says so`() async {
        await push()
        let found = await reason(more: #","stackTraceSelector":{"frameFilter":{"includeFunctionNames":["x"]}}"#)
        #expect(found == "no stack inside the range passes the stack trace selector")
    }

    @Test func `render says it in its document too`() async {
        let response = await ask(
            gateway, "GET", "/pyroscope/render?query=a:b:c:d:e%7B%7D&from=now-1h&until=now")
        #expect(String(decoding: response.body, as: UTF8.self).contains(#""emptyReason":"nothing was pushed yet""#))
    }
}
