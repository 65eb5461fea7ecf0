import HTTP

extension Response {
    /// A page of text.
    static func text(
        _ text: String, type: String = "text/plain; charset=utf-8", status: Int = 200,
        more: [(name: String, value: String)] = []
    ) -> Response {
        Response(status: status, headers: HeaderFields([("Content-Type", type)] + more), body: Array(text.utf8))
    }

    /// A document of JSON.
    static func json(
        _ body: [UInt8], status: Int = 200, more: [(name: String, value: String)] = []
    ) -> Response {
        Response(
            status: status, headers: HeaderFields([("Content-Type", "application/json")] + more), body: body)
    }
}
