extension Response {
    /// The answer to a request that cannot be read: an error as Connect writes it.
    init(_ problem: RequestProblem) {
        let code =
            switch problem.status {
            case 408: "deadline_exceeded"
            case 501, 505: "unimplemented"
            case 503: "unavailable"
            default: "invalid_argument"
            }
        self.init(
            status: problem.status, headers: HeaderFields([("Content-Type", "application/json")]),
            body: Array("{\"code\":\"\(code)\",\"message\":\"\(problem.message)\"}".utf8))
    }

    /// The answer while too many bodies are in memory.
    static var overBudget: Response {
        var response = Response(
            RequestProblem(
                status: 503, message: "too many bytes of request bodies in flight (max-body-bytes-in-flight)"))
        response.headers.add("Retry-After", "1")
        return response
    }
}
