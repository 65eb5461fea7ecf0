import Relabelling
import Settings
import Testing

@Suite struct RelabelFileTests {
    private func message(_ yaml: String, multitenancy: Bool = true) -> String? {
        do throws(SettingError) {
            _ = try RelabelRules(yaml: Array(yaml.utf8), multitenancy: multitenancy)
            return nil
        } catch {
            return error.description
        }
    }

    @Test(
        arguments: [
            ("- {}", "line 1: the file must have the keys rules and tenants"),
            ("rule: []", "line 1: unknown key \"rule\"; there are rules and tenants"),
            ("rules: {}", "line 1: rules must be a list"), ("rules:\n- text", "line 2: a rule must be keys and values"),
            ("tenants: []", "line 1: tenants must be tenants with rules below them"),
            ("rules:\n- regexp: x", "line 2: unknown key \"regexp\" of a rule"),
            ("rules:\n- target_label: [x]", "line 2: target_label must be a single value"),
            ("rules:\n- target_label: a\n  source_labels: b", "line 3: source_labels must be a list"),
            ("rules:\n- target_label: a\n  source_labels:\n  - ''", "line 4: source_labels must be names of labels"),
            ("rules:\n- target_label: a\n  modulus: -1", "line 3: modulus must be a whole number, got \"-1\""),
        ])
    func `what cannot be meant is named with its line and key`(_ yaml: String, _ expected: String) {
        #expect(message(yaml) == expected)
    }

    @Test func `an unknown action is answered with those that there are`() {
        #expect(
            message("rules:\n- action: renew")
                == "line 2: action must be one of replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase, got \"renew\""
        )
    }

    @Test func `an expression that RE2 refuses is named with its reason`() {
        #expect(
            message("rules:\n- target_label: a\n  regex: 'a('")
                == "line 3: regex: error parsing regexp: missing ): a(: `a(`")
    }

    @Test(arguments: ["replace", "hashmod, modulus: 3", "lowercase", "uppercase", "keepequal", "dropequal"])
    func `an action that needs a target is refused without one`(_ action: String) {
        let name = action.prefix { $0 != "," }
        #expect(
            message("rules:\n- {action: \(action)}")
                == "line 2: target_label must be the name of a label for the action \(name)")
    }

    @Test(
        arguments: [
            ("{action: hashmod, target_label: a}", "modulus must not be 0 for the action hashmod"),
            (
                "{action: labelmap, replacement: ''}",
                "replacement must give the name of a label for the action labelmap"
            ),
            (
                "{action: uppercase, target_label: a, replacement: b}",
                "replacement cannot be set for the action uppercase"
            ),
            (
                "{action: keepequal, target_label: a, regex: (.*)}",
                "regex cannot be set for the action keepequal, which takes only source_labels and target_label"
            ),
            (
                "{action: dropequal, target_label: a, separator: x}",
                "separator cannot be set for the action dropequal, which takes only source_labels and target_label"
            ),
            (
                "{action: labeldrop, regex: a, source_labels: [a]}",
                "source_labels cannot be set for the action labeldrop, which takes only regex"
            ),
            (
                "{action: labelkeep, regex: a, modulus: 2}",
                "modulus cannot be set for the action labelkeep, which takes only regex"
            ),
        ])
    func `an action refuses what it has no use for`(_ rule: String, _ expected: String) {
        #expect(message("rules:\n- \(rule)") == "line 2: \(expected)")
    }

    @Test(arguments: ["Keep", "KEEP", "LabelDrop"])
    func `actions are read in any case`(_ action: String) {
        #expect(message("rules:\n- {action: \(action), regex: a}") == nil)
    }

    @Test func `without multi-tenancy nobody's list and no tenant's label make sense`() {
        #expect(message("rules: []\ntenants: {a: []}", multitenancy: false) == "line 2: tenants needs multitenancy")
        let rule = "rules:\n- {source_labels: [ns], target_label: __tenant_id__}"
        #expect(message(rule, multitenancy: false) == "line 2: target_label: __tenant_id__ needs multitenancy")
        #expect(message(rule) == nil)
    }
}
