import API
import Model
import Query
import Store

/// What is there: types, labels, series and times.
extension QuerierRoutes {
    func profileTypes(_ request: ProfileTypesRequest, _ routed: RoutedRequest) async throws -> ProfileTypesResponse {
        let query = LabelQuery(tenants: routed.tenants, start: request.start, end: request.end)
        var response = ProfileTypesResponse()
        response.profileTypes = try await query.profileTypes(of: store, limits: limits(routed), now: routed.now)
            .map(ProfileTypeMessage.init)
        return response
    }

    func labelNames(_ request: LabelNamesRequest, _ routed: RoutedRequest) async throws -> LabelNamesResponse {
        let query = LabelQuery(
            tenants: routed.tenants, matchers: request.matchers, start: request.start, end: request.end)
        var response = LabelNamesResponse()
        response.names = try await query.names(
            of: store, utf8Names: routed.allowsUTF8Names, limits: limits(routed), now: routed.now)
        return response
    }

    func labelValues(_ request: LabelValuesRequest, _ routed: RoutedRequest) async throws -> LabelValuesResponse {
        let query = LabelQuery(
            tenants: routed.tenants, matchers: request.matchers, start: request.start, end: request.end)
        var response = LabelValuesResponse()
        response.names = try await query.values(of: request.name, in: store, limits: limits(routed), now: routed.now)
        return response
    }

    func series(_ request: SeriesRequest, _ routed: RoutedRequest) async throws -> SeriesResponse {
        let query = LabelQuery(
            tenants: routed.tenants, matchers: request.matchers, start: request.start, end: request.end)
        var response = SeriesResponse()
        response.labelsSet = try await query.series(
            on: request.labelNames, of: store, utf8Names: routed.allowsUTF8Names, limits: limits(routed),
            now: routed.now
        ).map { Labels($0.labels) }
        return response
    }

    func profileStats(
        _ request: GetProfileStatsRequest, _ routed: RoutedRequest
    ) async throws -> GetProfileStatsResponse {
        var response = GetProfileStatsResponse()
        if let span = try await store.span(of: routed.tenant) {
            response.dataIngested = true
            response.oldestProfileTime = TimeRange.milliseconds(ofNanoseconds: span.oldest)
            response.newestProfileTime = TimeRange.milliseconds(ofNanoseconds: span.newest)
        }
        return response
    }

    /// What a query over a range would read: its series and profiles.
    func analyze(_ request: AnalyzeQueryRequest, _ routed: RoutedRequest) async throws -> AnalyzeQueryResponse {
        var response = AnalyzeQueryResponse()
        guard request.start != 0 && request.end != 0 else { return response }
        let size = try await AnalysisQuery(
            tenants: routed.tenants, selector: request.query, start: request.start, end: request.end
        ).run(on: store, limits: limits(routed), now: routed.now)
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
}
