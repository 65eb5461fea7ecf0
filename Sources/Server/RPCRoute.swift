import API
import HTTP
import Wire

extension Route {
    /// A unary method: decodes the request, asks `body`, and answers in the protocol of the call.
    static func rpc<Question: Message, Answer: Message>(
        _ path: String, tenants: TenantHeader.Arity = .many, bodyLimit: Int = 4 << 20, messageLimit: Int = 16 << 20,
        _ question: Question.Type,
        whyEmpty: (@Sendable (Question, Answer, RoutedRequest) async -> String?)? = nil,
        _ body: @escaping @Sendable (Question, RoutedRequest) async throws -> Answer
    ) -> Route {
        Route("POST", path, family: .rpc, tenants: tenants, bodyLimit: bodyLimit) { routed in
            let headers = routed.request.head.headers
            let contentType = headers["Content-Type"]
            do throws(APIError) {
                guard let call = try RPCCall(contentType: contentType, header: { headers[$0] }) else {
                    return Response(RPCCall.unsupportedMediaType)
                }
                let response = await answer(call, routed, messageLimit, whyEmpty, body)
                return Response(response)
            } catch {
                return Response(RPCCall.fallback(contentType: contentType).encode(error))
            }
        }
    }

    private static func explained(_ response: RPCResponse, _ reason: String?) -> RPCResponse {
        guard let reason else { return response }
        var response = response
        response.headers.append((EmptyAnswers.header, reason))
        return response
    }

    private static func answer<Question: Message, Answer: Message>(
        _ call: RPCCall, _ routed: RoutedRequest, _ messageLimit: Int,
        _ whyEmpty: (@Sendable (Question, Answer, RoutedRequest) async -> String?)?,
        _ body: @escaping @Sendable (Question, RoutedRequest) async throws -> Answer
    ) async -> RPCResponse {
        do {
            let question = try call.decode(Question.self, from: routed.request.body, limit: messageLimit)
            guard let timeout = call.timeout else {
                let answer = try await body(question, routed)
                return explained(call.encode(answer), await whyEmpty?(question, answer, routed))
            }
            let answer = try await withThrowingTaskGroup(of: Answer?.self) { group in
                group.addTask { try await body(question, routed) }
                group.addTask {
                    try await Task.sleep(for: timeout)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
            guard let answer else {
                throw APIError(.deadlineExceeded, "the caller's timeout passed before the answer was ready")
            }
            return explained(call.encode(answer), await whyEmpty?(question, answer, routed))
        } catch {
            return call.encode(APIError(error))
        }
    }
}
