import API
import Query

extension SelectMergeStacktracesRequest {
    func samples(_ routed: RoutedRequest) -> SampleQuery {
        var query = SampleQuery(
            tenants: routed.tenants, profileType: profileTypeID, selector: labelSelector, start: start, end: end)
        query.spans = spanSelector
        query.traces = traceIDSelector
        query.profiles = profileIDSelector
        query.select(stackTraceSelector)
        return query
    }

    func query(_ routed: RoutedRequest) -> StacktraceQuery {
        StacktraceQuery(samples(routed), maxNodes: maxNodes)
    }
}

extension SelectMergeSpanProfileRequest {
    func samples(_ routed: RoutedRequest) -> SampleQuery {
        var query = SampleQuery(
            tenants: routed.tenants, profileType: profileTypeID, selector: labelSelector, start: start, end: end)
        query.spans = spanSelector
        return query
    }
}

extension SelectMergeProfileRequest {
    func samples(_ routed: RoutedRequest) -> SampleQuery {
        var query = SampleQuery(
            tenants: routed.tenants, profileType: profileTypeID, selector: labelSelector, start: start, end: end)
        query.traces = traceIDSelector
        query.profiles = profileIDSelector
        query.select(stackTraceSelector)
        return query
    }
}

extension SelectSeriesRequest {
    func samples(_ routed: RoutedRequest) -> SampleQuery {
        var query = SampleQuery(
            tenants: routed.tenants, profileType: profileTypeID, selector: labelSelector, start: start, end: end)
        query.select(stackTraceSelector)
        return query
    }
}

extension SelectHeatmapRequest {
    func samples(_ routed: RoutedRequest) -> SampleQuery {
        SampleQuery(
            tenants: routed.tenants, profileType: profileTypeID, selector: labelSelector, start: start, end: end)
    }

    func query(_ routed: RoutedRequest) throws -> HeatmapQuery {
        let kind: HeatmapKind? =
            switch queryType {
            case HeatmapQueryType.individual: .profiles
            case HeatmapQueryType.span: .spans
            default: nil
            }
        if exemplarType == ExemplarType.individual && kind == .spans {
            throw APIError(.invalidArgument, "individual exemplars only available for individual query type")
        }
        if exemplarType == ExemplarType.span && kind == .profiles {
            throw APIError(.invalidArgument, "span exemplars only available for span query type")
        }
        return HeatmapQuery(
            samples(routed), step: step, groupBy: groupBy, kind: kind,
            exemplars: exemplarType == ExemplarType.individual || exemplarType == ExemplarType.span, limit: limit ?? 0)
    }
}

extension GoPGO {
    init(_ message: GoPGOMessage) {
        self.init(keepLocations: message.keepLocations, aggregateCallees: message.aggregateCallees)
    }
}

extension SampleQuery {
    /// Takes over a client's condition on stacks.
    fileprivate mutating func select(_ selector: StackTraceSelector?) {
        callSite = selector?.callSite.map(\.name) ?? []
        guard let filter = selector?.frameFilter else { return }
        frameFilter = FrameFilter(
            includeNames: filter.includeNames, excludeNames: filter.excludeNames,
            includePatterns: filter.includePatterns, excludePatterns: filter.excludePatterns)
    }
}
