import Formats
import HTTP
import Ingest
import Query
import Server
import Settings
import Testing

@testable import hearth

/// What the table of settings says, held against what the modules take where nobody says anything.
@Suite struct ServeConfigurationTests {
    private func configuration(_ arguments: String...) throws(SettingError) -> ServeConfiguration {
        let table = try ServeSettings.table(arguments: arguments, environment: [:], readFile: { _ in nil })
        return try ServeConfiguration(table, arguments: arguments)
    }

    @Test func `the table's limits are those of the modules`() throws {
        let limits = try configuration().gateway.limits
        #expect(limits.query == .hearth && limits.ingest == .hearth)
    }

    @Test func `the table's other limits are the reference's, but for its strictness`() throws {
        let limits = try configuration("--limits", "pyroscope", "--strict-ingest").gateway.limits
        #expect(limits.query == .pyroscope && limits.ingest == .pyroscope)
        #expect(try configuration("--limits", "pyroscope").gateway.limits.ingest.pprof.isStrict == false)
    }

    @Test func `the table's bounds are those of the server and the gateway`() throws {
        // A machine that is large enough for all of them.
        let configuration = try configuration("--max-memory", "2GiB")
        let (http, gateway) = (ServerConfiguration(), GatewayConfiguration())
        #expect(configuration.http.maxConnections == http.maxConnections)
        #expect(configuration.http.maxBodyBytesInFlight == http.maxBodyBytesInFlight)
        #expect(configuration.http.headTimeout == http.headTimeout)
        #expect(configuration.http.bodyTimeout == http.bodyTimeout)
        #expect(configuration.http.writeTimeout == http.writeTimeout)
        #expect(configuration.http.idleTimeout == http.idleTimeout)
        #expect(configuration.gateway.maxPushBytes == gateway.maxPushBytes)
        #expect(configuration.gateway.maxDecodedBytesInFlight == gateway.maxDecodedBytesInFlight)
        #expect(configuration.gateway.basePath == gateway.basePath)
        #expect(configuration.gateway.multitenancy == gateway.multitenancy)
    }

    @Test func `bodies and decoded pushes take at most a quarter of the memory each, and the store half`() throws {
        let configuration = try configuration("--max-memory", "400MiB")
        #expect(configuration.http.maxBodyBytesInFlight == 100 << 20)
        #expect(configuration.gateway.maxDecodedBytesInFlight == 100 << 20)
        #expect(configuration.storeMemory == 200 << 20)
    }

    @Test(
        arguments: [
            ("--listen=4040", "listen must be an address and a port such as 127.0.0.1:4040, got \"4040\""),
            ("--base-path=x", "base-path must begin with a slash, got \"x\""),
            ("--tenant-limits=/nope", "tenant-limits: cannot read /nope"),
            ("--relabel-rules=/nope", "relabel-rules: cannot read /nope"),
        ])
    func `a setting that no part can use is refused by its name`(_ argument: String, _ message: String) {
        #expect(throws: SettingError(message)) { _ = try configuration(argument) }
    }

    @Test func `an address in brackets is one of IPv6`() throws {
        let http = try configuration("--listen", "[::1]:80").http
        #expect(http.host == "::1" && http.port == 80)
    }
}
