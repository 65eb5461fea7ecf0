import Model
import Selectors
public import Settings

extension RelabelRules {
    /// Reads the file of rules: `rules` for every tenant, and below `tenants` lists for single ones.
    ///
    /// Without multi-tenancy there is nobody whom `tenants` or a rule that sets `__tenant_id__` could mean, and both are refused.
    /// Errors name the line and the key.
    public init(yaml bytes: [UInt8], multitenancy: Bool) throws(SettingError) {
        self.init()
        guard let root = try YAMLDocument.parse(bytes), !root.isBlank else { return }
        guard case .mapping(let entries, _) = root else {
            throw SettingError("line \(root.line): the file must have the keys rules and tenants")
        }
        for entry in entries {
            switch entry.key {
            case "rules": common = try Self.list(entry.value, multitenancy)
            case "tenants":
                guard multitenancy else { throw SettingError("line \(entry.line): tenants needs multitenancy") }
                guard case .mapping(let lists, _) = entry.value else {
                    throw SettingError("line \(entry.line): tenants must be tenants with rules below them")
                }
                for list in lists { tenants[list.key] = try Self.list(list.value, multitenancy) }
            default:
                throw SettingError("line \(entry.line): unknown key \"\(entry.key)\"; there are rules and tenants")
            }
        }
    }

    private static func list(_ node: YAMLNode, _ multitenancy: Bool) throws(SettingError) -> [RelabelRule] {
        if node.isBlank { return [] }
        guard case .sequence(let nodes, _) = node else {
            throw SettingError("line \(node.line): rules must be a list")
        }
        var rules: [RelabelRule] = []
        for node in nodes {
            let rule = try RelabelRule(node)
            guard multitenancy || !rule.setsTenant else {
                throw SettingError(
                    "line \(node.line): target_label: \(LabelName.tenantID) needs multitenancy")
            }
            rules.append(rule)
        }
        return rules
    }
}

extension RelabelRule {
    /// Whether the rule is there to choose the tenant.
    fileprivate var setsTenant: Bool {
        switch action {
        case .replace, .hashmod, .lowercase, .uppercase: target.source == LabelName.tenantID
        case .keep, .drop, .keepequal, .dropequal, .labelmap, .labeldrop, .labelkeep: false
        }
    }

    /// Reads one rule, with the defaults and the checks of Prometheus.
    init(_ node: YAMLNode) throws(SettingError) {
        guard case .mapping(let entries, let line) = node else {
            throw SettingError("line \(node.line): a rule must be keys and values")
        }
        var keys: [String: YAMLNode.Entry] = [:]
        for entry in entries {
            guard Self.keys.contains(entry.key) else {
                throw SettingError("line \(entry.line): unknown key \"\(entry.key)\" of a rule")
            }
            keys[entry.key] = entry
        }
        func text(_ key: String) throws(SettingError) -> Text? {
            guard let entry = keys[key] else { return nil }
            guard case .scalar(let text, _) = entry.value else {
                throw SettingError("line \(entry.line): \(key) must be a single value")
            }
            return Text(text)
        }

        action = try Self.action(try text("action"), line: keys["action"]?.line ?? line)
        sourceLabels = try Self.sourceLabels(keys["source_labels"])
        separator = try text("separator") ?? ";"
        modulus = try Self.modulus(try text("modulus"), line: keys["modulus"]?.line ?? line)
        target = RegexTemplate(try text("target_label") ?? .empty)
        replacement = RegexTemplate(try text("replacement") ?? "$1")
        let pattern = try text("regex") ?? "(.*)"
        do throws(SelectorError) {
            regex = try GroupRegex(pattern)
        } catch {
            throw SettingError("line \(keys["regex"]?.line ?? line): regex: \(error.message)")
        }
        do throws(KeyProblem) {
            try check(hasRegex: keys["regex"] != nil)
        } catch {
            throw SettingError("line \(keys[error.key]?.line ?? line): \(error.key) \(error.message)")
        }
    }

    private static let keys = [
        "action", "source_labels", "separator", "regex", "modulus", "target_label", "replacement",
    ]

    private static func action(_ text: Text?, line: Int) throws(SettingError) -> Action {
        guard let text else { return .replace }
        guard let action = Action(rawValue: text.string.lowercased()) else {
            let known = Action.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingError("line \(line): action must be one of \(known), got \"\(text)\"")
        }
        return action
    }

    private static func sourceLabels(_ entry: YAMLNode.Entry?) throws(SettingError) -> [Text] {
        guard let entry, !entry.value.isBlank else { return [] }
        guard case .sequence(let nodes, _) = entry.value else {
            throw SettingError("line \(entry.line): source_labels must be a list")
        }
        var labels: [Text] = []
        for node in nodes {
            guard case .scalar(let text, _) = node, isLabelName(Text(text)) else {
                throw SettingError("line \(node.line): source_labels must be names of labels")
            }
            labels.append(Text(text))
        }
        return labels
    }

    private static func modulus(_ text: Text?, line: Int) throws(SettingError) -> UInt64 {
        guard let text else { return 0 }
        guard let modulus = UInt64(text.string) else {
            throw SettingError("line \(line): modulus must be a whole number, got \"\(text)\"")
        }
        return modulus
    }

    /// What Prometheus asks of a rule; the problem names the key that cannot be so.
    private func check(hasRegex: Bool) throws(KeyProblem) {
        switch action {
        case .replace, .hashmod, .lowercase, .uppercase, .keepequal, .dropequal:
            guard Self.isLabelName(target.source) else {
                throw KeyProblem("target_label", "must be the name of a label for the action \(action)")
            }
        case .labelmap:
            guard Self.isLabelName(replacement.source) else {
                throw KeyProblem("replacement", "must give the name of a label for the action \(action)")
            }
        case .keep, .drop, .labeldrop, .labelkeep: break
        }
        switch action {
        case .hashmod where modulus == 0:
            throw KeyProblem("modulus", "must not be 0 for the action \(action)")
        case .lowercase, .uppercase:
            guard replacement.source == "$1" else {
                throw KeyProblem("replacement", "cannot be set for the action \(action)")
            }
        case .keepequal, .dropequal:
            try allow(["source_labels", "target_label"], hasRegex: hasRegex)
        case .labeldrop, .labelkeep:
            try allow(["regex"], hasRegex: hasRegex)
        case .replace, .keep, .drop, .hashmod, .labelmap: break
        }
    }

    private func allow(_ allowed: Set<String>, hasRegex: Bool) throws(KeyProblem) {
        let set = [
            ("source_labels", !sourceLabels.isEmpty), ("separator", separator != ";"), ("regex", hasRegex),
            ("modulus", modulus != 0), ("target_label", !target.source.isEmpty),
            ("replacement", replacement.source != "$1"),
        ]
        for (key, isSet) in set where isSet && !allowed.contains(key) {
            let known = allowed.sorted().joined(separator: " and ")
            throw KeyProblem(key, "cannot be set for the action \(action), which takes only \(known)")
        }
    }
}

/// What is wrong with the value of a key.
private struct KeyProblem: Error {
    let key: String
    let message: String

    init(_ key: String, _ message: String) {
        self.key = key
        self.message = message
    }
}

extension YAMLNode {
    /// Whether nothing was written.
    fileprivate var isBlank: Bool {
        if case .scalar("", _) = self { true } else { false }
    }
}
