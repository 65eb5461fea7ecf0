/// The settings of `hearth serve`.
public enum ServeSettings {
    /// The table that everything else is made from.
    public static let rows: [SettingRow] = [
        SettingRow("config", .text, "", "Reads settings from a YAML file."),
        SettingRow("listen", .text, "127.0.0.1:4040", "The address and port to serve on; port 0 takes any."),
        SettingRow("base-path", .text, "", "The path that all routes lie below, behind a proxy."),
        SettingRow("data-dir", .text, "./hearth-data", "The directory that profiles are kept in."),
        SettingRow(
            "storage", .choice(["sqlite", "memory"]), "sqlite", "The storage engine; memory forgets at the end."),
        SettingRow(
            "retention", .duration, "14d", "How old profiles may become before their day is dropped; 0 for any age."),
        SettingRow(
            "retention-by-type", .text, "",
            "Other ages for some profile types, by name or five parts: memory=3d,process_cpu=30d."),
        SettingRow(
            "max-disk", .size, "0",
            "The most bytes of all profiles on disk; the oldest days are dropped for it; 0 for any."),
        SettingRow("retention-interval", .duration, "1m", "How often what is too old is looked for."),
        SettingRow(
            "clock-hold", .duration, "24h",
            "How long a wall clock that has jumped is watched before anything is deleted by it; 0 believes it."),
        SettingRow("log-level", .choice(["debug", "info", "warn", "error"]), "info", "The least that is logged."),
        SettingRow("log-format", .choice(["logfmt", "json"]), "logfmt", "How log lines are written."),
        SettingRow("multitenancy", .flag, "false", "Takes the tenant from X-Scope-OrgID, which is then required."),
        SettingRow(
            "limits", .choice(["hearth", "pyroscope"]), "hearth",
            "Which defaults the limits below have; pyroscope sets the reference's."),
        SettingRow(
            "strict-ingest", .flag, "false",
            "Refuses profiles that break a rule, as the reference does, rather than mending them."),
        SettingRow("max-query-length", .duration, "0", "The longest range of a query; 0 for any."),
        SettingRow("max-query-lookback", .duration, "0", "How far back a query may reach; 0 for any."),
        SettingRow("max-nodes-default", .number, "8192", "Nodes of a flame graph where the request names none."),
        SettingRow("max-nodes", .number, "1048576", "The most nodes that a request may name."),
        SettingRow("max-profile-size", .size, "16MiB", "The largest profile after inflating."),
        SettingRow("max-request-size", .size, "256MiB", "The most bytes of all profiles of a push after inflating."),
        SettingRow("max-profile-samples", .number, "16000", "The most samples of a profile."),
        SettingRow("max-sample-labels", .number, "100", "The most labels of a sample."),
        SettingRow("max-stack-depth", .number, "1000", "Frames of a stack; deeper ones lose their leaf side."),
        SettingRow("max-symbol-length", .size, "65535", "The longest text; longer ones keep their tail."),
        SettingRow("max-label-names", .number, "30", "The most labels of a series."),
        SettingRow("max-label-name-length", .size, "1024", "The longest label name."),
        SettingRow("max-label-value-length", .size, "2048", "The longest label value."),
        SettingRow("reject-older-than", .duration, "0", "How old a pushed profile may be; 0 for any age."),
        SettingRow("reject-newer-than", .duration, "10m", "How far in the future a pushed profile may be."),
        SettingRow("max-ingest-rate", .size, "0", "Bytes a second that a tenant may push, after inflating; 0 for any."),
        SettingRow("max-ingest-burst", .size, "0", "Bytes beyond the rate at once; at least one profile."),
        SettingRow(
            "max-series", .number, "100000",
            "Series of a tenant that may have profiles within an hour; then 429 for new ones; 0 for any."),
        SettingRow(
            "tenant-limits", .text, "", "A YAML file of limits for single tenants, read again when it changes."),
        SettingRow(
            "relabel-rules", .text, "",
            "A YAML file of relabelling rules in Prometheus' syntax, read again when it changes."),
        SettingRow("max-request-body", .size, "256MiB", "The largest body of a push on the wire."),
        SettingRow(
            "max-memory", .size, "0",
            "Bytes of caches, merges and pushes in memory; 0 for a quarter of the machine, at most 2GiB."),
        SettingRow(
            "max-body-bytes-in-flight", .size, "512MiB",
            "Request bodies in memory at once, at most a quarter of max-memory; then 503."),
        SettingRow(
            "max-decoded-bytes-in-flight", .size, "512MiB",
            "Memory of decoded pushes at once, at most a quarter of max-memory; then 503 with Retry-After."),
        SettingRow("max-connections", .number, "10000", "Connections at once; one more is closed."),
        SettingRow("header-timeout", .duration, "10s", "From the first byte of a head to its last."),
        SettingRow("body-timeout", .duration, "30s", "The time for a body, and a second more for each 10 kB."),
        SettingRow("write-timeout", .duration, "30s", "The longest pause of a client that reads an answer."),
        SettingRow("idle-timeout", .duration, "75s", "How long a connection may wait for its next request."),
        SettingRow("shutdown-timeout", .duration, "20s", "How long a stop waits for running requests."),
        SettingRow("print-config", .flag, "false", "Prints each setting with where it came from, and ends."),
    ]

    /// Reads the settings of a call, with the reference's limits as defaults where the operator asks for them.
    ///
    /// The parameters are those of ``SettingsTable``.
    public static func table(
        arguments: [String], environment: [String: String], readFile: (String) -> [UInt8]?
    ) throws(SettingError) -> SettingsTable {
        let table = try SettingsTable(rows, arguments: arguments, environment: environment, readFile: readFile)
        guard table.text("limits") == "pyroscope" else { return table }
        let rows = rows.map { row in
            SettingRow(row.name, row.kind, pyroscopeLimits[row.name] ?? row.standard, row.sentence)
        }
        return try SettingsTable(rows, arguments: arguments, environment: environment, readFile: readFile)
    }

    /// The limits that differ under `--limits pyroscope`, where the operator says nothing of them.
    static let pyroscopeLimits: [String: String] = [
        "max-query-length": "24h", "max-query-lookback": "7d", "max-profile-size": "4MiB", "reject-older-than": "1h",
        "max-ingest-rate": "4MB", "max-ingest-burst": "2MB", "max-series": "0",
    ]

    /// The limits that a tenant may have of its own.
    public static let tenantLimits: Set<String> = [
        "max-query-length", "max-query-lookback", "max-nodes-default", "max-nodes", "max-profile-size",
        "max-request-size", "max-profile-samples", "max-sample-labels", "max-stack-depth", "max-symbol-length",
        "max-label-names", "max-label-name-length", "max-label-value-length", "reject-older-than", "reject-newer-than",
        "max-ingest-rate", "max-ingest-burst", "max-series", "strict-ingest", "retention", "retention-by-type",
    ]
}
