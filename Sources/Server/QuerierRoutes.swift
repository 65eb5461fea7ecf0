import API
import HTTP
import Query
import Store
import Wire

/// The methods of `querier.v1.QuerierService`.
struct QuerierRoutes {
    let store: any ProfileStore
    let limits: TenantLimits

    var routes: [Route] {
        [
            method("ProfileTypes", profileTypes),
            method("LabelNames", labelNames),
            method("LabelValues", labelValues),
            method("Series", series),
            sampling("SelectMergeStacktraces", mergeStacktraces),
            sampling("SelectMergeSpanProfile", mergeSpans),
            sampling("SelectMergeProfile", mergeProfile),
            sampling("SelectSeries", selectSeries),
            sampling("SelectHeatmap", selectHeatmap),
            method("Diff", diff),
            method("GetProfileStats", tenants: .one, profileStats),
            method("AnalyzeQuery", analyze),
        ]
    }

    private func method<Question: Message, Answer: Message>(
        _ name: String, tenants: TenantHeader.Arity = .many,
        _ body: @escaping @Sendable (Question, RoutedRequest) async throws -> Answer
    ) -> Route {
        .rpc("/querier.v1.QuerierService/" + name, tenants: tenants, Question.self, body)
    }

    /// A method that says why its answer is empty.
    private func sampling<Question: SampleRequest, Answer: SampleAnswer>(
        _ name: String, _ body: @escaping @Sendable (Question, RoutedRequest) async throws -> Answer
    ) -> Route {
        let empty = EmptyAnswers(store: store, limits: limits)
        return .rpc(
            "/querier.v1.QuerierService/" + name, Question.self,
            whyEmpty: { question, answer, routed in
                await empty.reason(answer.isEmpty, question.samples(routed), routed)
            }, body)
    }

    /// The limits of whoever asks.
    func limits(_ routed: RoutedRequest) -> QueryLimits { limits.query(for: routed.tenants) }
}

extension RoutedRequest {
    /// Whether the client reads label names beyond Prometheus' older grammar.
    var allowsUTF8Names: Bool {
        request.head.headers.values("Accept").contains { accept in
            accept.split(separator: ",").contains { range in
                range.split(separator: ";").dropFirst().contains {
                    $0.filter { $0 != " " }.lowercased() == "allow-utf8-labelnames=true"
                }
            }
        }
    }
}
