import HTTP
import Relabelling
import Server
import Settings
import Store
import Telemetry

/// What `serve` was told, understood as a whole before anything is opened.
struct ServeConfiguration: Sendable {
    /// The texts that all of it was made from.
    let table: SettingsTable
    let logger: Logger
    let gateway: GatewayConfiguration
    let http: ServerConfiguration
    /// Bytes that the store may take for caches and merges; bodies and decoded pushes have a quarter each beside it.
    let storeMemory: Int
    let tenantLimits: FollowedFile<[Tenant: TenantLimits.Limits]>?
    let relabelRules: FollowedFile<RelabelRules>?

    /// Understands the settings of a call, and the files that they name.
    init(_ table: SettingsTable, arguments: [String]) throws(SettingError) {
        self.table = table
        logger = Logger(
            level: LogLevel(rawValue: table.text("log-level")) ?? .info,
            format: LogFormat(rawValue: table.text("log-format")) ?? .logfmt)
        let maxMemory = Self.maxMemory(table)
        storeMemory = maxMemory / 2
        http = try ServerConfiguration(table, maxMemory: maxMemory)
        gateway = try GatewayConfiguration(table, maxMemory: maxMemory)
        tenantLimits = try FollowedFile("tenant-limits", of: table) { bytes throws(SettingError) in
            try TenantLimits.read(bytes) { flags throws(SettingError) in
                try TenantLimits.Limits(try ServeSettings.table(arguments + flags))
            }
        }
        let multitenancy = table.flag("multitenancy")
        relabelRules = try FollowedFile("relabel-rules", of: table) { bytes throws(SettingError) in
            try RelabelRules(yaml: bytes, multitenancy: multitenancy)
        }
    }

    private static func maxMemory(_ table: SettingsTable) -> Int {
        let set = table.bytes("max-memory")
        return set > 0 ? set : MemoryBudget.standard(machineBytes: Machine.memoryBytes)
    }
}

extension ServeSettings {
    /// The settings of a call, of the process' environment and of the file that either names.
    static func table(_ arguments: [String]) throws(SettingError) -> SettingsTable {
        try table(arguments: arguments, environment: Environment.all, readFile: Environment.readFile)
    }
}

extension SettingsTable {
    /// A bound on what is in flight, which never takes more than a quarter of `max-memory`.
    fileprivate func bytesInFlight(_ name: String, maxMemory: Int) -> Int {
        let set = bytes(name)
        return set > 0 ? min(set, maxMemory / 4) : maxMemory / 4
    }
}

extension ServerConfiguration {
    fileprivate init(_ table: SettingsTable, maxMemory: Int) throws(SettingError) {
        let text = table.text("listen")
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw SettingError("listen must be an address and a port such as 127.0.0.1:4040, got \"\(text)\"") }
        var host = text[..<colon]
        if host.hasPrefix("[") && host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        self.init(host: String(host), port: port)
        maxConnections = table.number("max-connections")
        maxBodyBytesInFlight = table.bytesInFlight("max-body-bytes-in-flight", maxMemory: maxMemory)
        headTimeout = .milliseconds(table.milliseconds("header-timeout"))
        bodyTimeout = .milliseconds(table.milliseconds("body-timeout"))
        writeTimeout = .milliseconds(table.milliseconds("write-timeout"))
        idleTimeout = .milliseconds(table.milliseconds("idle-timeout"))
    }
}

extension GatewayConfiguration {
    fileprivate init(_ table: SettingsTable, maxMemory: Int) throws(SettingError) {
        self.init()
        var base = table.text("base-path")
        while base.hasSuffix("/") { base.removeLast() }
        guard base.isEmpty || base.hasPrefix("/") else {
            throw SettingError("base-path must begin with a slash, got \"\(base)\"")
        }
        basePath = base
        multitenancy = table.flag("multitenancy")
        version = ProgramVersion.text
        maxPushBytes = table.bytes("max-request-body")
        maxDecodedBytesInFlight = table.bytesInFlight("max-decoded-bytes-in-flight", maxMemory: maxMemory)
        limits = try TenantLimits.Limits(table)
    }
}
