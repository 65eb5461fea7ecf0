import API
import HTTP
import Model
import Selectors
import Store
import Wire

/// `settings.v1.RecordingRulesService`: rules are kept and listed; nothing evaluates them yet.
struct RecordingRuleRoutes {
    let documents: any DocumentStore

    private static let service = "/settings.v1.RecordingRulesService/"
    private static let collection = "recording-rules"
    private static let maxRules = 25

    var routes: [Route] {
        let routes = self
        return [
            .rpc(Self.service + "GetRecordingRule", tenants: .one, RecordingRuleIDRequest.self) { request, routed in
                var response = RecordingRuleResponse()
                response.rule = try await routes.rule(request.id, of: routed.tenant)
                return response
            },
            .rpc(Self.service + "ListRecordingRules", tenants: .one, EmptyMessage.self) { _, routed in
                var response = ListRecordingRulesResponse()
                response.rules = try await documents.documents(in: Self.collection, of: routed.tenant)
                    .map { try RecordingRule(binary: $0.content) }
                return response
            },
            .rpc(Self.service + "UpsertRecordingRule", tenants: .one, UpsertRecordingRuleRequest.self) {
                try await routes.upsert($0, $1)
            },
            .rpc(Self.service + "DeleteRecordingRule", tenants: .one, RecordingRuleIDRequest.self) {
                request, routed in
                _ = try await routes.rule(request.id, of: routed.tenant)
                try await documents.delete(named: request.id, in: Self.collection, of: routed.tenant)
                return EmptyMessage()
            },
        ]
    }

    private func rule(_ id: Text, of tenant: Tenant) async throws -> RecordingRule {
        guard !id.utf8.allSatisfy({ $0 == 0x20 }) else { throw APIError(.invalidArgument, "id is required") }
        guard let document = try await documents.document(named: id, in: Self.collection, of: tenant) else {
            throw APIError(.notFound, "no rule with id='\(id)' found")
        }
        return try RecordingRule(binary: document.content)
    }

    private func upsert(
        _ request: UpsertRecordingRuleRequest, _ routed: RoutedRequest
    ) async throws -> RecordingRuleResponse {
        let (checked, problems) = Self.checked(request)
        guard problems.isEmpty else {
            throw APIError(.invalidArgument, "invalid request: " + problems.joined(separator: "\n"))
        }
        var rule = checked
        if rule.id.isEmpty {
            guard try await documents.documents(in: Self.collection, of: routed.tenant).count < Self.maxRules else {
                throw APIError(
                    .resourceExhausted, "recording rules limit (\(Self.maxRules)) exceeded for this tenant")
            }
            rule.id = Text(utf8: (0..<10).map { _ in UInt8.random(in: UInt8(ascii: "a")...UInt8(ascii: "z")) })
            rule.generation = 1
        } else if let known = try await documents.document(named: rule.id, in: Self.collection, of: routed.tenant) {
            let generation = try RecordingRule(binary: known.content).generation
            guard request.generation == generation else {
                throw APIError(.alreadyExists, "conflicting update, please try again")
            }
            rule.generation = generation.saturatingAdd(1)
        } else {
            rule.generation = 1
        }
        let document = Document(name: rule.id, modified: routed.now, content: try rule.binary())
        guard try await documents.put(document, in: Self.collection, of: routed.tenant) else {
            throw APIError(.alreadyExists, "conflicting update, please try again")
        }
        var response = RecordingRuleResponse()
        response.rule = rule
        return response
    }

    /// The rule that a request asks for, and everything that is wrong with it.
    private static func checked(_ request: UpsertRecordingRuleRequest) -> (RecordingRule, [String]) {
        var problems: [String] = []
        var rule = RecordingRule()
        rule.id = request.id
        if !request.id.utf8.allSatisfy({ (0x61...0x7a).contains($0 | 0x20) }) {
            problems.append("id \"\(request.id)\" must match ^[a-zA-Z]+$")
        }
        let name = request.metricName.string.split(separator: " ").joined(separator: " ")
        rule.metricName = Text(name)
        if name.isEmpty {
            problems.append("metric_name is required")
        } else if !name.hasPrefix("profiles_recorded_") || !isMetricName(name) {
            problems.append("metric_name \"\(name)\" must be a metric name that begins with profiles_recorded_")
        }
        rule.matchers = request.matchers
        var types: [LabelMatcher] = []
        for text in request.matchers {
            do throws(SelectorError) {
                types += try Selector.parse(text).filter { $0.name == LabelName.profileType }
            } catch {
                problems.append("matcher \"\(text)\": \(error)")
            }
        }
        if types.count != 1 || types.first?.operation != .equal {
            problems.append("exactly one matcher must be __profile_type__=\"…\"")
        }
        rule.profileType = types.first?.value ?? "unknown"
        rule.groupBy = request.groupBy
        rule.externalLabels = request.externalLabels
        for label in request.groupBy + request.externalLabels.map(\.name) where !isLabelName(label.string) {
            problems.append("label name \"\(label)\" must match ^[a-zA-Z_][a-zA-Z0-9_]*$")
        }
        if request.generation < 0 { problems.append("generation must not be negative") }
        rule.stacktraceFilter = request.stacktraceFilter
        return (rule, problems)
    }

    private static func isLabelName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first > 0x39 else { return false }
        return text.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
        }
    }

    private static func isMetricName(_ text: String) -> Bool {
        isLabelName(String(text.map { $0 == ":" ? "_" : $0 }))
    }
}
