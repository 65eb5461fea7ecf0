import API
import HTTP
import Model
import Query
import Selectors
import Store
import Telemetry
import Wire

/// `POST /api/v1/profiles/delete`: deletes the profiles of a selector and a range, or counts them.
///
/// Selector, start and end are all required, in the query string or as a JSON object; every profile of a tenant is meant only
/// where the selector is written as `{}`.
struct DeletionRoutes {
    let store: any ProfileStore
    let logger: Logger

    static let path = "/api/v1/profiles/delete"

    var routes: [Route] {
        let routes = self
        return [
            Route("POST", Self.path, tenants: .one, bodyLimit: 64 << 10) { routed in
                do { return try await routes.delete(routed) } catch { return Response(APIError(error)) }
            }
        ]
    }

    private func delete(_ routed: RoutedRequest) async throws -> Response {
        let parameters = try DeletionParameters(routed.request)
        let deletion = try parameters.deletion(of: routed.tenant, now: routed.nanoseconds)
        let counts = try await store.delete(deletion, dryRun: parameters.dryRun)
        logger.log(
            .info, parameters.dryRun ? "counted what a deletion would take" : "deleted on request",
            [
                "tenant": routed.tenant.id, "selector": parameters.selector.string, "start": "\(deletion.start)",
                "end": "\(deletion.end)", "series": "\(counts.series)", "profiles": "\(counts.profiles)",
                "bytes": "\(counts.bytes)",
            ])
        let json = """
            {"dryRun":\(parameters.dryRun),"series":\(counts.series),"profiles":\(counts.profiles),\
            "bytes":\(counts.bytes)}

            """
        return .json(Array(json.utf8))
    }
}

/// What a request wants deleted, before it has been understood.
private struct DeletionParameters {
    let selector: Text
    let start: Text
    let end: Text
    let dryRun: Bool

    private static let names: [Text] = ["selector", "start", "end", "dryRun"]

    init(_ request: Request) throws {
        var values: [Text: Text] = [:]
        func take(_ name: Text, _ value: Text) throws {
            guard Self.names.contains(name) else { throw QueryError("unknown parameter \"\(name)\"") }
            guard values.updateValue(value, forKey: name) == nil else {
                throw QueryError("\"\(name)\" is given twice")
            }
        }
        for pair in FormFields(request.head.rawQuery).pairs { try take(pair.name, pair.value) }
        if !request.body.isEmpty {
            guard let json = try? JSONValue(parsing: request.body), let members = json.members else {
                throw QueryError("the body must be a JSON object with selector, start, end and dryRun")
            }
            for member in members {
                switch member.value {
                case .string(let text), .number(let text): try take(member.name, text)
                case .bool(let isTrue): try take(member.name, isTrue ? "true" : "false")
                default: throw QueryError("\"\(member.name)\" must be text, a number, true or false")
                }
            }
        }
        func required(_ name: Text) throws -> Text {
            guard let value = values[name], !value.isEmpty else { throw QueryError("\"\(name)\" is required") }
            return value
        }
        selector = try required("selector")
        start = try required("start")
        end = try required("end")
        switch values["dryRun"] ?? "false" {
        case "true": dryRun = true
        case "false": dryRun = false
        case let other: throw QueryError("\"dryRun\" must be true or false, got \"\(other)\"")
        }
    }

    func deletion(of tenant: Tenant, now: Int64) throws -> Deletion {
        let matchers: [LabelMatcher]
        do throws(SelectorError) {
            matchers = try Selector.parse(selector)
        } catch {
            throw QueryError("failed to parse \"selector\": \(error)")
        }
        let (start, end) = (try time("start", start, now), try time("end", end, now))
        guard start <= end else { throw QueryError("\"start\" must not be after \"end\"") }
        return Deletion(tenant: tenant, matchers: matchers, start: start, end: end)
    }

    private func time(_ name: String, _ text: Text, _ now: Int64) throws -> Int64 {
        guard let time = Instant.nanoseconds(text, now: now) else {
            throw QueryError(
                "\"\(name)\" must be a time such as 2026-11-25T03:00:00Z, now-1h, or an epoch in seconds, milliseconds, "
                    + "microseconds or nanoseconds, got \"\(text)\"")
        }
        return time
    }
}
