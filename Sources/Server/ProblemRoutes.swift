import API
import Formats
import HTTP
import Ingest
import Model
import Store
import Wire

/// What senders do wrong, and how to put it right.
struct ProblemRoutes {
    let problems: IngestProblems

    var routes: [Route] {
        let problems = problems
        return [
            Route("GET", "/api/v1/ingest/problems", tenants: .many) { routed in
                var json = Array("{\"problems\":[".utf8)
                for (index, problem) in problems.list(of: routed.tenants).enumerated() {
                    if index > 0 { json.append(UInt8(ascii: ",")) }
                    append(problem, to: &json)
                }
                json += Array("]}".utf8)
                return .json(json)
            }
        ]
    }
}

private func append(_ problem: IngestProblems.Problem, to json: inout [UInt8]) {
    var separator = "{"
    func member(_ name: String, _ write: (inout [UInt8]) -> Void) {
        json += Array("\(separator)\"\(name)\":".utf8)
        write(&json)
        separator = ","
    }
    func text(_ name: String, _ value: String) { member(name) { JSONText.append(Text(value), to: &$0) } }
    func number(_ name: String, _ value: Int64) { member(name) { $0 += Array("\(value)".utf8) } }
    switch problem.cause {
    case .salvaged(let reason):
        text("kind", "salvaged")
        text("reason", reason.rawValue)
        text("fix", reason.fix)
    case .refused(let kind):
        text("kind", "refused")
        text("reason", kind.rawValue)
        text("code", kind.code.name)
        number("status", Int64(kind.status))
        text("fix", kind.fix)
    }
    text("tenant", problem.tenant.id)
    text("service", problem.service.string)
    text("remoteAddress", problem.sender.address)
    text("userAgent", problem.sender.userAgent)
    number("count", Int64(problem.count))
    number("firstMs", problem.first / 1_000_000)
    number("lastMs", problem.last / 1_000_000)
    text("example", problem.example)
    json.append(UInt8(ascii: "}"))
}
