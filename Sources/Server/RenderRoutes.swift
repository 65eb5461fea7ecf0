import API
import HTTP
import Ingest
import Model
import Query
import Selectors
import Store

/// The HTTP API of Pyroscope's first generation, which Grafana's Drilldown still asks for diffs and exports.
struct RenderRoutes {
    let store: any ProfileStore
    let limits: TenantLimits

    var routes: [Route] {
        let (store, limits) = (store, limits)
        return [
            Route("GET", "/pyroscope/render", tenants: .many) { routed in
                await answer { try await render(routed, store, limits) }
            },
            Route("GET", "/pyroscope/render-diff", tenants: .many) { routed in
                await answer { try await renderDiff(routed, store, limits) }
            },
            Route("GET", "/pyroscope/label-values", tenants: .many) { routed in
                await answer { try await labelValues(routed, store, limits) }
            },
        ]
    }
}

private func answer(_ body: () async throws -> Response) async -> Response {
    do { return try await body() } catch { return Response(APIError(error)) }
}

/// A selector whose `__name__` is a profile type's id.
private struct RenderQuery {
    let type: ProfileType
    /// The type's id as it was written, perhaps with `:delta` at its end.
    let typeID: Text
    let selector: Text

    init(_ text: Text?, parameter: String) throws {
        guard let text, !text.isEmpty else { throw QueryError("\"\(parameter)\" is required") }
        let matchers: [LabelMatcher]
        do throws(SelectorError) {
            matchers = try Selector.parse(text)
        } catch {
            throw QueryError("failed to parse \"\(parameter)\": \(error)")
        }
        guard let name = matchers.last(where: { $0.name == LabelName.name && $0.operation == .equal }) else {
            throw QueryError("\"\(parameter)\" must contain a profile-type selection")
        }
        guard let type = try? ProfileType(parsing: name.value) else {
            throw QueryError("failed to parse \"\(parameter)\"")
        }
        self.type = type
        typeID = name.value
        selector = Text(utf8: Self.written(matchers.filter { $0.name != LabelName.name }))
    }

    /// The matchers as a selector again.
    private static func written(_ matchers: [LabelMatcher]) -> [UInt8] {
        func quoted(_ text: Text) -> [UInt8] {
            [UInt8(ascii: "\"")]
                + text.utf8.flatMap { byte -> [UInt8] in
                    switch byte {
                    case UInt8(ascii: "\""), UInt8(ascii: "\\"): [UInt8(ascii: "\\"), byte]
                    case 0x0a: Array("\\n".utf8)
                    default: [byte]
                    }
                } + [UInt8(ascii: "\"")]
        }
        var text: [UInt8] = [UInt8(ascii: "{")]
        for (index, matcher) in matchers.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text += quoted(matcher.name)
            text += matcher.operation.sign.utf8
            text += quoted(matcher.value)
        }
        return text + [UInt8(ascii: "}")]
    }
}

private func milliseconds(_ text: Text?, _ now: Int64) -> Int64 {
    guard let text, !text.isEmpty else { return now }
    return TimeExpression.nanoseconds(text, now: now * 1_000_000) / 1_000_000
}

private func maxNodes(_ fields: FormFields) -> Int64? {
    var nodes: Int64?
    for name in ["max-nodes", "maxNodes"] as [Text] {
        // What says nothing does not hide what the other spelling says.
        if let number = fields[name].flatMap({ Int64($0.string) }), number != 0 { nodes = number }
    }
    return nodes
}

private func render(_ routed: RoutedRequest, _ store: any ProfileStore, _ limits: TenantLimits) async throws -> Response
{
    let fields = FormFields(routed.request.head.rawQuery)
    let query = try RenderQuery(fields["query"], parameter: "query")
    let samples = SampleQuery(
        tenants: routed.tenants, profileType: query.type.id, selector: query.selector,
        start: milliseconds(fields["from"], routed.now), end: milliseconds(fields["until"], routed.now))
    if fields["format"] == "dot" {
        let profile = try await ProfileQuery(samples).run(
            on: store, limits: limits.query(for: routed.tenants), now: routed.now)
        let nodes = Int(clamping: maxNodes(fields) ?? 0)
        return Response(
            status: 200, headers: HeaderFields([("Content-Type", "text/plain; charset=utf-8")]),
            body: profile?.dot(maxNodes: nodes) ?? [])
    }
    let stacktraces = StacktraceQuery(samples, maxNodes: maxNodes(fields))
    let graph = try await stacktraces.flameGraph(on: store, limits: limits.query(for: routed.tenants), now: routed.now)
    let groupBy = fields.all("groupBy")
    let step = Timeline.step(start: samples.start, end: samples.end)
    let series = try await SeriesQuery(
        samples, step: Double(step), groupBy: groupBy, aggregation: fields["aggregation"] == "avg" ? .average : .sum
    ).run(on: store, limits: limits.query(for: routed.tenants), now: routed.now)
    func timeline(_ points: [SeriesPoint]) -> Timeline {
        Timeline(points: points, start: samples.start, end: samples.end, step: step)
    }
    var groups: [(name: Text, timeline: Timeline)]?
    if let first = groupBy.first {
        groups = series.map { line in
            (line.labels.first { $0.name == first }?.value ?? "*", timeline(line.points))
        }
    }
    var flamebearer = Flamebearer(
        graph, type: query.type,
        timeline: timeline(series.count == 1 ? series[0].points : []), groups: groups)
    flamebearer.emptyReason = await EmptyAnswers(store: store, limits: limits).reason(
        graph.total == 0, samples, routed)
    var response = Response.flamebearer(flamebearer)
    if let reason = flamebearer.emptyReason { response.headers.add(EmptyAnswers.header, reason) }
    return response
}

private func renderDiff(
    _ routed: RoutedRequest, _ store: any ProfileStore, _ limits: TenantLimits
) async throws -> Response {
    let fields = FormFields(routed.request.head.rawQuery)
    func side(_ name: String) throws -> (selected: RenderQuery, query: StacktraceQuery) {
        let query = try RenderQuery(fields[Text("\(name)Query")], parameter: "\(name)Query")
        let samples = SampleQuery(
            tenants: routed.tenants, profileType: query.type.id, selector: query.selector,
            start: milliseconds(fields[Text("\(name)From")], routed.now),
            end: milliseconds(fields[Text("\(name)Until")], routed.now))
        return (query, StacktraceQuery(samples, maxNodes: maxNodes(fields)))
    }
    let left = try side("left")
    let right = try side("right")
    guard left.selected.typeID == right.selected.typeID else { throw QueryError("profile types must match") }
    let diff = try await DiffQuery(left: left.query, right: right.query).run(
        on: store, limits: limits.query(for: routed.tenants), now: routed.now)
    return .flamebearer(Flamebearer(diff, type: left.selected.type))
}

private func labelValues(
    _ routed: RoutedRequest, _ store: any ProfileStore, _ limits: TenantLimits
) async throws -> Response {
    let fields = FormFields(routed.request.head.rawQuery)
    guard let label = fields["label"], !label.isEmpty else { throw QueryError("label parameter is required") }
    let query = LabelQuery(tenants: routed.tenants, start: 0, end: 0)
    let values =
        label == LabelName.name
        ? try await query.profileTypes(of: store, limits: limits.query(for: routed.tenants), now: routed.now).map(\.id)
        : try await query.values(of: label, in: store, limits: limits.query(for: routed.tenants), now: routed.now)
    return Response(
        status: 200, headers: HeaderFields([("Content-Type", "application/json")]), body: Flamebearer.list(values))
}

extension Response {
    fileprivate static func flamebearer(_ flamebearer: Flamebearer) -> Response {
        Response(
            status: 200, headers: HeaderFields([("Content-Type", "application/json")]), body: flamebearer.json)
    }
}
