import API
import HTTP
import Ingest
import Wire

extension Route {
    /// A unary method: decodes the request, asks `body`, and answers in the protocol of the call.
    static func rpc<Question: Message, Answer: Message>(
        _ path: String, tenants: TenantHeader.Arity = .many, bodyLimit: Int = 4 << 20, messageLimit: Int = 16 << 20,
        _ question: Question.Type, push: PushGate? = nil,
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
                let response = await answer(call, routed, messageLimit, push, whyEmpty, body)
                return Response(response)
            } catch {
                push?.refuse(error, routed)
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
        _ call: RPCCall, _ routed: RoutedRequest, _ messageLimit: Int, _ push: PushGate?,
        _ whyEmpty: (@Sendable (Question, Answer, RoutedRequest) async -> String?)?,
        _ body: @escaping @Sendable (Question, RoutedRequest) async throws -> Answer
    ) async -> RPCResponse {
        var routed = routed
        let reservation = push?.budget.open()
        routed.reservation = reservation
        defer { reservation?.close() }
        let question: Question
        do throws(APIError) {
            question = try call.decode(
                Question.self, from: routed.request.body, limit: messageLimit,
                reserving: { reservation?.take($0) ?? true })
        } catch {
            let refusal = reservation?.refusal.map { APIError($0) } ?? error
            push?.refuse(refusal, routed)
            return call.encode(refusal)
        }
        let asked = routed
        do {
            guard let timeout = call.timeout else {
                let answer = try await body(question, asked)
                return explained(call.encode(answer), await whyEmpty?(question, answer, asked))
            }
            let answer = try await withThrowingTaskGroup(of: Answer?.self) { group in
                group.addTask { try await body(question, asked) }
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
            return explained(call.encode(answer), await whyEmpty?(question, answer, asked))
        } catch {
            return call.encode(APIError(error))
        }
    }
}
