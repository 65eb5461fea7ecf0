import API
import Formats
import Model
import Query
import Store

/// Samples, merged and over time.
extension QuerierRoutes {
    /// Answers in the format that was asked for; unknown formats mean the flame graph.
    func mergeStacktraces(
        _ request: SelectMergeStacktracesRequest, _ routed: RoutedRequest
    ) async throws -> SelectMergeStacktracesResponse {
        var response = SelectMergeStacktracesResponse()
        switch request.format {
        case ProfileFormat.pprof:
            let query = ProfileQuery(
                request.samples(routed), maxNodes: request.maxNodes ?? 0,
                goPGO: request.stackTraceSelector?.goPgo.map(GoPGO.init))
            var wrapped = PprofProfile()
            wrapped.profile = try await message(query, routed)
            response.pprof = wrapped
        case ProfileFormat.dot:
            let profile = try await ProfileQuery(request.samples(routed), maxNodes: 0, goPGO: nil)
                .run(on: store, limits: limits(routed), now: routed.now)
            response.dot = profile.map { Text(utf8: $0.dot(maxNodes: Int(clamping: request.maxNodes ?? 0))) } ?? .empty
        case ProfileFormat.tree:
            let (tree, maxNodes) = try await tree(request, routed)
            response.tree = tree.encoded(maxNodes: maxNodes)
        case ProfileFormat.functions:
            let (tree, maxNodes) = try await tree(request, routed)
            response.functions = FunctionsMessage(FunctionTotals(tree), limit: maxNodes)
        case ProfileFormat.sandwich:
            let (tree, maxNodes) = try await tree(request, routed)
            guard let function = request.sandwichFunction, !function.isEmpty else {
                throw APIError(.invalidArgument, "sandwich_function is required for the sandwich format")
            }
            response.sandwich = SandwichMessage(Sandwich(of: function, in: tree, maxNodes: maxNodes))
        default:
            response.flamegraph = FlameGraphMessage(
                try await request.query(routed).flameGraph(on: store, limits: limits(routed), now: routed.now))
        }
        return response
    }

    private func tree(
        _ request: SelectMergeStacktracesRequest, _ routed: RoutedRequest
    ) async throws -> (tree: CallTree, maxNodes: Int) {
        try await request.query(routed).run(on: store, limits: limits(routed), now: routed.now)
    }

    func mergeSpans(
        _ request: SelectMergeSpanProfileRequest, _ routed: RoutedRequest
    ) async throws -> SelectMergeSpanProfileResponse {
        let query = StacktraceQuery(request.samples(routed), maxNodes: request.maxNodes)
        var response = SelectMergeSpanProfileResponse()
        if request.format == ProfileFormat.tree {
            let (tree, maxNodes) = try await query.run(on: store, limits: limits(routed), now: routed.now)
            response.tree = tree.encoded(maxNodes: maxNodes)
        } else {
            response.flamegraph = FlameGraphMessage(
                try await query.flameGraph(on: store, limits: limits(routed), now: routed.now))
        }
        return response
    }

    func mergeProfile(_ request: SelectMergeProfileRequest, _ routed: RoutedRequest) async throws -> ProfileMessage {
        let query = ProfileQuery(
            request.samples(routed), maxNodes: request.maxNodes ?? 0,
            goPGO: request.stackTraceSelector?.goPgo.map(GoPGO.init))
        return try await message(query, routed)
    }

    private func message(_ query: ProfileQuery, _ routed: RoutedRequest) async throws -> ProfileMessage {
        guard let profile = try await query.run(on: store, limits: limits(routed), now: routed.now) else {
            return ProfileMessage()
        }
        let memory = MemoryReservation(store.memory)
        try memory.take(profile.expandedByteCount, for: "writing each stack of a profile in full")
        return withExtendedLifetime(memory) { ProfileMessage(profile) }
    }

    func selectSeries(_ request: SelectSeriesRequest, _ routed: RoutedRequest) async throws -> SelectSeriesResponse {
        guard (0...ExemplarType.span).contains(request.exemplarType) else {
            throw APIError(.invalidArgument, "unknown exemplar type \(request.exemplarType)")
        }
        var query = SeriesQuery(
            request.samples(routed), step: request.step, groupBy: request.groupBy,
            aggregation: request.aggregation == TimeSeriesAggregation.average ? .average : .sum,
            limit: request.limit ?? 0, exemplars: request.exemplarType == ExemplarType.individual)
        query.spanExemplars = request.exemplarType == ExemplarType.span
        var response = SelectSeriesResponse()
        response.series = try await query.run(on: store, limits: limits(routed), now: routed.now)
            .map(SeriesMessage.init)
        return response
    }

    func selectHeatmap(_ request: SelectHeatmapRequest, _ routed: RoutedRequest) async throws -> SelectHeatmapResponse {
        var response = SelectHeatmapResponse()
        response.series = try await request.query(routed).run(on: store, limits: limits(routed), now: routed.now)
            .map(HeatmapSeriesMessage.init)
        return response
    }

    func diff(_ request: DiffRequest, _ routed: RoutedRequest) async throws -> DiffResponse {
        let query = DiffQuery(
            left: (request.left ?? SelectMergeStacktracesRequest()).query(routed),
            right: (request.right ?? SelectMergeStacktracesRequest()).query(routed))
        var response = DiffResponse()
        if request.format == ProfileFormat.functions {
            let (left, right, nodes) = try await query.trees(on: store, limits: limits(routed), now: routed.now)
            response.functions = FunctionsDiffMessage(
                FunctionTotals(left), FunctionTotals(right),
                limit: request.maxNodes.map { Int(clamping: $0) } ?? nodes)
        } else {
            response.flamegraph = FlameGraphDiffMessage(
                try await query.run(on: store, limits: limits(routed), now: routed.now))
        }
        return response
    }
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
