import Testing

@testable import Settings

@Suite struct SettingsTableTests {
    private func table(
        _ arguments: [String] = [], environment: [String: String] = [:], file: String? = nil
    ) throws(SettingError) -> SettingsTable {
        try SettingsTable(
            ServeSettings.rows, arguments: arguments, environment: environment,
            readFile: { path in path == "h.yaml" ? file.map { Array($0.utf8) } : nil })
    }

    @Test func `a flag wins over a variable, that over the file, and that over the default`() throws {
        let file = "listen: a:1\nlog-level: debug\ndata-dir: /file\n"
        let table = try table(
            ["--config", "h.yaml", "--listen=c:3"],
            environment: ["HEARTH_LISTEN": "b:2", "HEARTH_LOG_LEVEL": "warn"], file: file)
        #expect(table.text("listen") == "c:3")
        #expect(table.text("log-level") == "warn")
        #expect(table.text("data-dir") == "/file")
        #expect(table.text("storage") == "sqlite")
        #expect(table.listing.contains("# flag --listen") && table.listing.contains("# environment HEARTH_LOG_LEVEL"))
        #expect(table.listing.contains("# h.yaml:3") && table.listing.contains("# default"))
    }

    @Test(arguments: [
        (["--lisen", "x"], "unknown flag --lisen; did you mean --listen?"),
        (["--listen"], "flag --listen needs a value"),
        (["serve"], "unexpected argument \"serve\""),
        (["--max-nodes", "x"], "max-nodes must be a whole number, got \"x\" (flag --max-nodes)"),
        (["--storage=disk"], "storage must be sqlite or memory, got \"disk\" (flag --storage)"),
        (["--config", "none.yaml"], "config: cannot read none.yaml"),
    ])
    func `a wrong call is one line that names the setting`(_ arguments: [String], _ message: String) {
        #expect(throws: SettingError(message)) { _ = try table(arguments) }
    }

    @Test(arguments: [
        ("lisen: x", "config h.yaml:1: unknown key \"lisen\"; did you mean listen?"),
        ("listen: [a]", "config h.yaml:1: listen must be a single value"),
        ("- a", "config h.yaml:1: the file must be keys and values"),
        ("listen: a\nlisten: b", "config h.yaml: yaml: line 2: key \"listen\" is there twice"),
        ("listen: &x a\nbase-path: *x", "config h.yaml: yaml: line 1: anchors are not allowed"),
    ])
    func `a mistake in the file is named with its line`(_ file: String, _ message: String) {
        #expect(throws: SettingError(message)) { _ = try table(["--config", "h.yaml"], file: file) }
    }

    @Test(arguments: [("14d", 1_209_600_000), ("1h30m", 5_400_000), ("100ms", 100), ("0", 0)] as [(String, Int64)])
    func `durations are read in the units that operators write`(_ text: String, _ milliseconds: Int64) {
        #expect(SettingUnits.milliseconds(text) == milliseconds)
    }

    @Test(arguments: ["", "5", "1x", "d", "99999999999y", "-1s"])
    func `other text is no duration`(_ text: String) {
        #expect(SettingUnits.milliseconds(text) == nil)
    }

    @Test(arguments: [("512MiB", 512 << 20), ("2GB", 2_000_000_000), ("4096", 4096), ("1 KiB", 1024)])
    func `sizes are read in both kinds of units`(_ text: String, _ bytes: Int) {
        #expect(SettingUnits.bytes(text) == bytes)
    }

    @Test func `every row has a sentence and a default that it accepts itself`() throws {
        for row in ServeSettings.rows { #expect(row.sentence.hasSuffix(".")) }
        _ = try table()
        #expect(Set(ServeSettings.rows.map(\.name)).count == ServeSettings.rows.count)
        #expect(ServeSettings.pyroscopeLimits.keys.allSatisfy { key in ServeSettings.rows.contains { $0.name == key } })
    }
}
