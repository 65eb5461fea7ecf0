import HTTP
import MemoryStore
import Server
import Telemetry

let metrics = Metrics()
let gateway = Gateway(store: MemoryStore(), metrics: metrics, logger: .silent)
let server = try HTTPServer(ServerConfiguration(port: 4041), handler: gateway)
print("listening \(server.port)")
await server.waitUntilStopped()
