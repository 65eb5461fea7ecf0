import Model
import Relabelling
import Testing

/// Rules as operators write them, and what they make of labels; written as `a=1 b=2`, sorted by name.
@Suite struct RelabelRuleTests {
    /// The labels after some rules; nil if these drop the series.
    private func relabelled(_ rules: String, _ labels: String) throws -> String? {
        let rules = try RelabelRules(yaml: Array("rules:\n\(rules)".utf8), multitenancy: true)
        let given = labels.split(separator: " ").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return Label(Text(parts[0]), Text(parts[1]))
        }
        return try rules.common.relabelled(given).map { labels in
            labels.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
        }
    }

    @Test func `replace is what a rule does that names no action`() throws {
        #expect(try relabelled("- {source_labels: [pod], target_label: instance}", "pod=p1") == "instance=p1 pod=p1")
    }

    @Test func `the values of the sources are joined by the separator, a semicolon unless said otherwise`() throws {
        #expect(try relabelled("- {source_labels: [a, b, none], target_label: c}", "a=1 b=2") == "a=1 b=2 c=1;2;")
        #expect(
            try relabelled("- {source_labels: [a, b], separator: /, target_label: c}", "a=1 b=2") == "a=1 b=2 c=1/2")
        #expect(
            try relabelled("- {source_labels: [a, b], separator: '', target_label: c}", "a=1 b=2") == "a=1 b=2 c=12")
    }

    @Test func `an expression must match all of the source`() throws {
        let rule = "- {source_labels: [a], regex: 'o|x', target_label: b, replacement: hit}"
        #expect(try relabelled(rule, "a=foo") == "a=foo")
        #expect(try relabelled(rule, "a=o") == "a=o b=hit")
    }

    @Test func `groups fill the replacement and the target`() throws {
        #expect(
            try relabelled(
                "- {source_labels: [image], regex: '(.+)/(?P<name>[^:]+):(.+)', target_label: 'img_${name}', replacement: '$1-${3}'}",
                "image=reg/shop:v2") == "image=reg/shop:v2 img_shop=reg-v2")
    }

    @Test func `where nothing matches nothing changes`() throws {
        #expect(
            try relabelled("- {source_labels: [a], regex: x, target_label: a, replacement: y}", "a=1 b=2")
                == "a=1 b=2")
    }

    @Test func `an empty replacement removes the target`() throws {
        #expect(try relabelled("- {target_label: a, replacement: ''}", "a=1 b=2") == "b=2")
        #expect(try relabelled("- {source_labels: [b], target_label: a, replacement: '$7'}", "a=1 b=2") == "b=2")
    }

    @Test func `a target that comes out empty is no label, and nothing changes`() throws {
        #expect(try relabelled("- {source_labels: [a], target_label: '$9', replacement: x}", "a=1") == "a=1")
    }

    @Test func `a constant is set whatever there is`() throws {
        #expect(try relabelled("- {target_label: cluster, replacement: eu-1}", "a=1") == "a=1 cluster=eu-1")
    }

    @Test func `keep drops what does not match, and drop what does`() throws {
        let keep = "- {action: keep, source_labels: [env], regex: 'prod|stage'}"
        #expect(try relabelled(keep, "env=prod") == "env=prod")
        #expect(try relabelled(keep, "env=production") == nil)
        #expect(try relabelled(keep, "a=1") == nil)
        let drop = "- {action: drop, source_labels: [env], regex: 'dev.*'}"
        #expect(try relabelled(drop, "env=dev-3") == nil)
        #expect(try relabelled(drop, "env=prod") == "env=prod")
        #expect(try relabelled("- {action: drop, source_labels: [env], regex: ''}", "a=1") == nil)
    }

    @Test func `keepequal and dropequal compare the source with another label`() throws {
        let keep = "- {action: keepequal, source_labels: [a], target_label: b}"
        #expect(try relabelled(keep, "a=1 b=1") == "a=1 b=1")
        #expect(try relabelled(keep, "a=1 b=2") == nil)
        let drop = "- {action: dropequal, source_labels: [a], target_label: b}"
        #expect(try relabelled(drop, "a=1 b=1") == nil)
        #expect(try relabelled(drop, "a=1 b=2") == "a=1 b=2")
        #expect(try relabelled(drop, "c=1") == nil)
    }

    /// The last eight bytes of the MD5 of the source as a big-endian number, by Python's hashlib.
    @Test(
        arguments: [
            ("a=10.0.0.1:9100", "1000", "645"), ("a=10.0.0.1:9100", "18446744073709551615", "5548061184049187645"),
            ("a=shop b=eu", "1000", "437"), ("a=ünïcode", "1000", "284"), ("c=none", "10", "8"),
        ])
    func `hashmod sets the target to a part of the MD5 of the source`(
        _ labels: String, _ modulus: String, _ hash: String
    ) throws {
        let sources = labels.contains("b=") ? "[a, b]" : "[a]"
        let result = try relabelled(
            "- {action: hashmod, source_labels: \(sources), modulus: \(modulus), target_label: z}", labels)
        #expect(result == "\(labels) z=\(hash)")
    }

    @Test func `labelmap copies labels to names made of their own`() throws {
        #expect(
            try relabelled("- {action: labelmap, regex: 'k8s_(.+)'}", "a=1 k8s_ns=x k8s_pod=y")
                == "a=1 k8s_ns=x k8s_pod=y ns=x pod=y")
        #expect(
            try relabelled("- {action: labelmap, regex: '(b.)', replacement: 'to_${1}'}", "b1=x") == "b1=x to_b1=x")
    }

    @Test func `of labels that map to one name the last by name counts`() throws {
        #expect(try relabelled("- {action: labelmap, regex: 'k(.)', replacement: m}", "k1=x k2=y") == "k1=x k2=y m=y")
    }

    @Test func `labeldrop and labelkeep judge labels by their names`() throws {
        #expect(try relabelled("- {action: labeldrop, regex: 'b.*'}", "a=1 b1=2 b2=3 cb=4") == "a=1 cb=4")
        #expect(try relabelled("- {action: labelkeep, regex: 'b.*'}", "a=1 b1=2 b2=3 cb=4") == "b1=2 b2=3")
    }

    @Test(
        arguments: [
            ("bAr123Foo", "bar123foo", "BAR123FOO"), ("straße", "straße", "STRAßE"), ("İΣΣ", "iσσ", "İΣΣ"),
            ("ᾳ", "ᾳ", "ᾼ"), ("ﬁ", "ﬁ", "ﬁ"),
        ])
    func `lowercase and uppercase map character by character`(_ text: String, _ lower: String, _ upper: String) throws {
        let rules = """
            - {action: lowercase, source_labels: [a], target_label: l}
            - {action: uppercase, source_labels: [a], target_label: u}
            """
        #expect(try relabelled(rules, "a=\(text)") == "a=\(text) l=\(lower) u=\(upper)")
    }

    @Test func `rules see what those before them did`() throws {
        let rules = """
            - {source_labels: [a], regex: 'x(.*)', target_label: b, replacement: 'y$1'}
            - {action: labeldrop, regex: a}
            - {action: keep, source_labels: [a, b], regex: ';y1'}
            """
        #expect(try relabelled(rules, "a=x1") == "b=y1")
        #expect(try relabelled(rules, "a=x2") == nil)
    }

    @Test func `a rule that drops ends the list`() throws {
        #expect(
            try relabelled("- {action: drop, source_labels: [a], regex: 1}\n- {target_label: a, replacement: 2}", "a=1")
                == nil)
    }

    @Test func `a list for a tenant follows the list for all`() throws {
        let rules = try RelabelRules(
            yaml: Array(
                """
                rules: [{target_label: a, replacement: all}]
                tenants:
                  one:
                    - {source_labels: [a], target_label: a, replacement: '$1-one'}
                """.utf8), multitenancy: true)
        #expect(try rules.rules(for: "one").relabelled([]) == [Label("a", "all-one")])
        #expect(try rules.rules(for: "two").relabelled([]) == [Label("a", "all")])
    }

    @Test(arguments: ["", "# nothing\n", "rules:\n", "rules: []\ntenants: {}\n"])
    func `a file without rules changes nothing`(_ yaml: String) throws {
        let rules = try RelabelRules(yaml: Array(yaml.utf8), multitenancy: true)
        #expect(
            try rules.rules(for: "x").relabelled([Label("b", "2"), Label("a", "1")]) == [
                Label("a", "1"), Label("b", "2"),
            ])
    }

    /// Why rules refuse labels.
    private func refusal(_ rules: String, _ labels: String) -> String? {
        do {
            _ = try relabelled(rules, labels)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `a label that rules double again and again ends at a bound that names the rule`() {
        let rule = "- {source_labels: [a], target_label: a, replacement: $1$1}\n"
        #expect(refusal(String(repeating: rule, count: 19), "a=x") == nil)
        #expect(
            refusal(String(repeating: rule, count: 30), "a=x")
                == "relabelling rule 20 (replace) makes labels of more than 1048576 bytes")
    }

    @Test func `labels that rules double in number end at a bound that names the rule`() {
        let rules = (1...30).map { "- {action: labelmap, regex: '(.*)', replacement: '${1}_\($0)'}\n" }.joined()
        #expect(refusal(rules, "a=x") == "relabelling rule 10 (labelmap) makes more than 1000 labels")
    }

    @Test func `a source that is joined of many large labels is bounded`() {
        let large = String(repeating: "x", count: 600_000)
        #expect(
            refusal("- {action: drop, source_labels: [a, a]}", "a=\(large)")
                == "relabelling rule 1 (drop) makes labels of more than 1048576 bytes")
    }

    @Test func `more labels than the bound are refused before any rule`() {
        let labels = (0...1000).map { "a\($0)=x" }.joined(separator: " ")
        #expect(refusal("- {action: labeldrop, regex: b}", labels) == "relabelling takes no more than 1000 labels")
    }
}
