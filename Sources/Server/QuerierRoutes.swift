import API
import Formats
import HTTP
import Model
import Query
import Store

/// The methods of `querier.v1.QuerierService`.
struct QuerierRoutes {
    let store: any ProfileStore
    let limits: TenantLimits

    private static let service = "/querier.v1.QuerierService/"

    var routes: [Route] {
        let (store, limits) = (store, limits)
        let empty = EmptyAnswers(store: store, limits: limits)
        return [
            .rpc(Self.service + "ProfileTypes", ProfileTypesRequest.self) { request, routed in
                var response = ProfileTypesResponse()
                response.profileTypes = try await LabelQuery(
                    tenants: routed.tenants, start: request.start, end: request.end
                ).profileTypes(of: store, limits: limits.query(for: routed.tenants), now: routed.now).map(
                    ProfileTypeMessage.init)
                return response
            },
            .rpc(Self.service + "LabelNames", LabelNamesRequest.self) { request, routed in
                var response = LabelNamesResponse()
                response.names = try await LabelQuery(
                    tenants: routed.tenants, matchers: request.matchers, start: request.start, end: request.end
                ).names(
                    of: store, utf8Names: routed.allowsUTF8Names, limits: limits.query(for: routed.tenants),
                    now: routed.now)
                return response
            },
            .rpc(Self.service + "LabelValues", LabelValuesRequest.self) { request, routed in
                var response = LabelValuesResponse()
                response.names = try await LabelQuery(
                    tenants: routed.tenants, matchers: request.matchers, start: request.start, end: request.end
                ).values(of: request.name, in: store, limits: limits.query(for: routed.tenants), now: routed.now)
                return response
            },
            .rpc(Self.service + "Series", SeriesRequest.self) { request, routed in
                var response = SeriesResponse()
                response.labelsSet = try await LabelQuery(
                    tenants: routed.tenants, matchers: request.matchers, start: request.start, end: request.end
                ).series(
                    on: request.labelNames, of: store, utf8Names: routed.allowsUTF8Names,
                    limits: limits.query(for: routed.tenants),
                    now: routed.now
                ).map { Labels($0.labels) }
                return response
            },
            .rpc(
                Self.service + "SelectMergeStacktraces", SelectMergeStacktracesRequest.self,
                whyEmpty: { request, answer, routed in
                    await empty.reason(answer.isEmpty, request.samples(routed), routed)
                }
            ) { request, routed in
                try await mergeStacktraces(request, routed, store, limits)
            },
            .rpc(
                Self.service + "SelectMergeSpanProfile", SelectMergeSpanProfileRequest.self,
                whyEmpty: { request, answer, routed in
                    await empty.reason(
                        answer.flamegraph.map { $0.total == 0 } ?? answer.tree.isEmpty, request.samples(routed), routed)
                }
            ) { request, routed in
                let query = StacktraceQuery(request.samples(routed), maxNodes: request.maxNodes)
                let limits = limits.query(for: routed.tenants)
                var response = SelectMergeSpanProfileResponse()
                if request.format == ProfileFormat.tree {
                    let (tree, maxNodes) = try await query.run(on: store, limits: limits, now: routed.now)
                    response.tree = tree.encoded(maxNodes: maxNodes)
                } else {
                    response.flamegraph = FlameGraphMessage(
                        try await query.flameGraph(on: store, limits: limits, now: routed.now))
                }
                return response
            },
            .rpc(
                Self.service + "SelectMergeProfile", SelectMergeProfileRequest.self,
                whyEmpty: { request, answer, routed in
                    await empty.reason(answer.sample.isEmpty, request.samples(routed), routed)
                }
            ) { request, routed in
                let query = ProfileQuery(
                    request.samples(routed), maxNodes: request.maxNodes ?? 0,
                    goPGO: request.stackTraceSelector?.goPgo.map(GoPGO.init))
                return try await query.run(on: store, limits: limits.query(for: routed.tenants), now: routed.now).map(
                    ProfileMessage.init)
                    ?? ProfileMessage()
            },
            .rpc(
                Self.service + "SelectSeries", SelectSeriesRequest.self,
                whyEmpty: { request, answer, routed in
                    await empty.reason(answer.series.isEmpty, request.samples(routed), routed)
                }
            ) { request, routed in
                guard (0...ExemplarType.span).contains(request.exemplarType) else {
                    throw APIError(.invalidArgument, "unknown exemplar type \(request.exemplarType)")
                }
                var response = SelectSeriesResponse()
                var query = SeriesQuery(
                    request.samples(routed), step: request.step, groupBy: request.groupBy,
                    aggregation: request.aggregation == TimeSeriesAggregation.average ? .average : .sum,
                    limit: request.limit ?? 0, exemplars: request.exemplarType == ExemplarType.individual
                )
                query.spanExemplars = request.exemplarType == ExemplarType.span
                response.series = try await query.run(
                    on: store, limits: limits.query(for: routed.tenants), now: routed.now
                )
                .map(SeriesMessage.init)
                return response
            },
            .rpc(
                Self.service + "SelectHeatmap", SelectHeatmapRequest.self,
                whyEmpty: { request, answer, routed in
                    await empty.reason(answer.series.isEmpty, request.samples(routed), routed)
                }
            ) { request, routed in
                var response = SelectHeatmapResponse()
                response.series = try await request.query(routed).run(
                    on: store, limits: limits.query(for: routed.tenants), now: routed.now
                )
                .map(HeatmapSeriesMessage.init)
                return response
            },
            .rpc(Self.service + "Diff", DiffRequest.self) { request, routed in
                let query = DiffQuery(
                    left: (request.left ?? SelectMergeStacktracesRequest()).query(routed),
                    right: (request.right ?? SelectMergeStacktracesRequest()).query(routed))
                var response = DiffResponse()
                if request.format == ProfileFormat.functions {
                    let (left, right, nodes) = try await query.trees(
                        on: store, limits: limits.query(for: routed.tenants), now: routed.now)
                    response.functions = FunctionsDiffMessage(
                        FunctionTotals(left), FunctionTotals(right),
                        limit: request.maxNodes.map { Int(clamping: $0) } ?? nodes)
                    return response
                }
                response.flamegraph = FlameGraphDiffMessage(
                    try await query.run(on: store, limits: limits.query(for: routed.tenants), now: routed.now))
                return response
            },
            .rpc(Self.service + "GetProfileStats", tenants: .one, GetProfileStatsRequest.self) { _, routed in
                var response = GetProfileStatsResponse()
                if let span = try await store.span(of: routed.tenant) {
                    response.dataIngested = true
                    response.oldestProfileTime = TimeRange.milliseconds(ofNanoseconds: span.oldest)
                    response.newestProfileTime = TimeRange.milliseconds(ofNanoseconds: span.newest)
                }
                return response
            },
            .rpc(Self.service + "AnalyzeQuery", AnalyzeQueryRequest.self) { request, routed in
                try await analyze(request, routed, store, limits)
            },
        ]
    }
}

/// Answers in the format that was asked for; unknown formats mean the flame graph.
private func mergeStacktraces(
    _ request: SelectMergeStacktracesRequest, _ routed: RoutedRequest, _ store: any ProfileStore, _ limits: TenantLimits
) async throws -> SelectMergeStacktracesResponse {
    var response = SelectMergeStacktracesResponse()
    switch request.format {
    case ProfileFormat.pprof, ProfileFormat.dot:
        let isDot = request.format == ProfileFormat.dot
        let query = ProfileQuery(
            request.samples(routed), maxNodes: isDot ? 0 : request.maxNodes ?? 0,
            goPGO: isDot ? nil : request.stackTraceSelector?.goPgo.map(GoPGO.init))
        let profile = try await query.run(on: store, limits: limits.query(for: routed.tenants), now: routed.now)
        if isDot {
            response.dot = profile.map { Text(utf8: $0.dot(maxNodes: Int(clamping: request.maxNodes ?? 0))) } ?? .empty
        } else {
            var wrapped = PprofProfile()
            wrapped.profile = profile.map(ProfileMessage.init) ?? ProfileMessage()
            response.pprof = wrapped
        }
    case ProfileFormat.tree, ProfileFormat.functions, ProfileFormat.sandwich:
        let (tree, maxNodes) = try await request.query(routed).run(
            on: store, limits: limits.query(for: routed.tenants), now: routed.now)
        switch request.format {
        case ProfileFormat.tree: response.tree = tree.encoded(maxNodes: maxNodes)
        case ProfileFormat.functions:
            response.functions = FunctionsMessage(FunctionTotals(tree), limit: maxNodes)
        default:
            guard let function = request.sandwichFunction, !function.isEmpty else {
                throw APIError(.invalidArgument, "sandwich_function is required for the sandwich format")
            }
            response.sandwich = SandwichMessage(Sandwich(of: function, in: tree, maxNodes: maxNodes))
        }
    default:
        response.flamegraph = FlameGraphMessage(
            try await request.query(routed).flameGraph(
                on: store, limits: limits.query(for: routed.tenants), now: routed.now))
    }
    return response
}

/// What a query over a range would read: its series and profiles.
private func analyze(
    _ request: AnalyzeQueryRequest, _ routed: RoutedRequest, _ store: any ProfileStore, _ limits: TenantLimits
) async throws -> AnalyzeQueryResponse {
    var response = AnalyzeQueryResponse()
    guard request.start != 0 && request.end != 0 else { return response }
    let size = try await AnalysisQuery(
        tenants: routed.tenants, selector: request.query, start: request.start, end: request.end
    ).run(on: store, limits: limits.query(for: routed.tenants), now: routed.now)
    var scope = QueryScope()
    scope.componentType = "Store"
    scope.componentCount = 1
    scope.seriesCount = UInt64(size.series)
    scope.profileCount = UInt64(size.profiles)
    var impact = QueryImpact()
    impact.totalQueriedSeries = UInt64(size.series)
    response.queryScopes = [scope]
    response.queryImpact = impact
    return response
}

extension MergedProfile {
    /// The profile as a call graph in DOT.
    func dot(maxNodes: Int) -> [UInt8] {
        DotGraph(
            symbols: symbols, stacks: stacks, totals: totals, type: type.sampleType, unit: type.sampleUnit,
            maxNodes: maxNodes
        ).text
    }
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
