import Model
import Relabelling
import Selectors

extension FuzzTarget {
    /// Rules of relabelling, and what they make of labels.
    static let relabelling = [
        FuzzTarget(name: "relabel", seeds: Seeds.rules, check: checkRules),
        FuzzTarget(name: "template", seeds: Seeds.templates, check: checkTemplate),
    ]

    private static let labels = [
        Label("__name__", "process_cpu"), Label("service_name", "Shop"), Label("pod", "cart-17"), Label("é", "ß\n"),
    ]

    /// A file of rules, which apply to labels four times over, since what grows shows only then.
    private static func checkRules(_ bytes: [UInt8]) throws(Violation) {
        guard let rules = try? RelabelRules(yaml: bytes, multitenancy: true) else { return }
        try checkTenants(bytes, rules)
        let applied = rules.common + rules.tenants.sorted { $0.key < $1.key }.flatMap(\.value)
        let fourfold = [[RelabelRule]](repeating: applied, count: 4).flatMap(\.self)
        guard let result = try? fourfold.relabelled(labels) else { return }
        try require(result == result.sorted(), "labels are not sorted")
        try require(Set(result.map(\.name)).count == result.count, "a label is there twice")
        try require(result.allSatisfy { !$0.name.isEmpty && !$0.value.isEmpty }, "a label is empty")
        try require(
            result.count <= RelabelLimits.labels
                && result.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count } <= RelabelLimits.bytes,
            "labels are beyond the limits")
        let again = try? fourfold.relabelled(labels)
        try require(again == result, "the same rules make other labels of the same ones")
    }

    /// Without tenants the same file means the same, or is refused.
    private static func checkTenants(_ bytes: [UInt8], _ rules: RelabelRules) throws(Violation) {
        guard let alone = try? RelabelRules(yaml: bytes, multitenancy: false) else { return }
        try require(alone.tenants.isEmpty && rules.tenants.isEmpty, "tenants where there are none")
        try require(alone.common.count == rules.common.count, "the same file has other rules")
    }

    /// The first line is a value, the second a template, the rest a pattern.
    private static func checkTemplate(_ bytes: [UInt8]) throws(Violation) {
        let parts = bytes.split(separator: 0x0a, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let regex = try? GroupRegex(Text(utf8: parts[2])) else { return }
        let value = Text(utf8: parts[0])
        let template = RegexTemplate(Text(utf8: parts[1]))
        let match = regex.match(value)
        try require((match != nil) == regex.matches(value), "a match without groups is another")
        guard let match else { return }
        let size = 4096
        let text = match.expand(template, maxBytes: size)
        try require((text?.utf8.count ?? 0) <= size, "a template is beyond its bound")
        if let text {
            try require(match.expand(template, maxBytes: text.utf8.count) == text, "a bound that fits changes the text")
            try require(
                text.isEmpty || match.expand(template, maxBytes: text.utf8.count - 1) == nil, "a bound does not hold")
        }
        // All of a text is its group 0, and doubled dollars are dollars.
        try require(match.expand(RegexTemplate("$0"), maxBytes: .max) == value, "group 0 is not the text")
        let escaped = parts[1].flatMap { $0 == UInt8(ascii: "$") ? [$0, $0] : [$0] }
        guard template.source.isValidUTF8 else { return }
        try require(
            match.expand(RegexTemplate(Text(utf8: escaped)), maxBytes: .max) == template.source,
            "an escaped template is not itself")
    }
}

extension Seeds {
    @Sendable fileprivate static func rules() -> [[UInt8]] {
        let actions = [
            "source_labels: [pod], regex: '(.+)-([0-9]+)', target_label: 'n_${2}', replacement: '$1$1'",
            "action: keep, source_labels: [__name__, service_name], separator: /, regex: 'process_.*'",
            "action: drop, source_labels: [pod], regex: other",
            "action: keepequal, source_labels: [a], target_label: b",
            "action: dropequal, source_labels: [pod], target_label: service_name",
            "action: hashmod, source_labels: [pod], modulus: 7, target_label: shard",
            "action: labelmap, regex: '(.*)', replacement: 'x_$1'", "action: labeldrop, regex: 'po.'",
            "action: labelkeep, regex: '__name__|service_name'",
            "action: lowercase, source_labels: [service_name], target_label: low",
            "action: uppercase, source_labels: [é], target_label: up",
        ]
        let all = "rules:\n" + actions.map { "- {\($0)}\n" }.joined()
        return
            (actions.map { "rules: [{\($0)}]" } + [
                all, "tenants:\n  a:\n  - target_label: __tenant_id__\n    replacement: b\nrules: []\n",
            ]).map { Array($0.utf8) }
    }

    @Sendable fileprivate static func templates() -> [[UInt8]] {
        ["foo-bar\n$1x-${2}$$$name${nobody}\n(.*)-(?P<name>.*)", "b\n<$1$2>$99\n(a)|(b)", "é\n$0${0}\n."].map {
            Array($0.utf8)
        }
    }
}
