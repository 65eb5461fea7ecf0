import Formats
import Ingest
import Query
import Server
import Settings

extension TenantLimits.Limits {
    /// The limits that settings give to a tenant.
    init(_ table: SettingsTable) throws(SettingError) {
        self.init(
            query: QueryLimits(table), ingest: IngestLimits(table), retention: try RetentionSettings.rules(table))
    }
}

extension QueryLimits {
    fileprivate init(_ table: SettingsTable) {
        self.init(
            maxLength: table.milliseconds("max-query-length"), maxLookback: table.milliseconds("max-query-lookback"),
            defaultNodes: Int64(table.number("max-nodes-default")), maxNodes: Int64(table.number("max-nodes")))
    }
}

extension IngestLimits {
    fileprivate init(_ table: SettingsTable) {
        self.init(
            pprof: PprofLimits(table), maxRequestBytes: table.bytes("max-request-size"),
            maxLabels: table.number("max-label-names"), maxLabelNameBytes: table.bytes("max-label-name-length"),
            maxLabelValueBytes: table.bytes("max-label-value-length"),
            rejectOlderThan: table.milliseconds("reject-older-than"),
            rejectNewerThan: table.milliseconds("reject-newer-than"))
        maxRate = table.bytes("max-ingest-rate")
        maxBurst = table.bytes("max-ingest-burst")
        maxSeries = table.number("max-series")
    }
}

extension PprofLimits {
    fileprivate init(_ table: SettingsTable) {
        self.init(
            maxBytes: table.bytes("max-profile-size"), maxSamples: table.number("max-profile-samples"),
            maxSampleLabels: table.number("max-sample-labels"), maxDepth: table.number("max-stack-depth"),
            maxSymbolBytes: table.bytes("max-symbol-length"))
        isStrict = table.flag("strict-ingest")
    }
}
