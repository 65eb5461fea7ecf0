import API
import Glibc
import Model
import Wire

/// The questions that dashboards ask, each with what Pyroscope 2.2 takes for it.
struct QuerySuite {
    /// A question; `ask` gives its path and message for a range that ends `shift` milliseconds earlier.
    struct Question {
        let name: String
        /// Milliseconds that Pyroscope 2.2 takes at the median, on a quiet machine of two cores, for the full fleet.
        var reference: Double?
        /// How many times faster than that it should be.
        var factor = 20.0
        let path: String
        let ask: (_ shift: Int64) -> [UInt8]
    }

    let plan: FleetPlan
    private let fleet: FleetFile?
    let client: HTTPConnection
    let address: ServerAddress
    let repeats: Int

    init(_ fleet: FleetFile, _ address: ServerAddress, repeats: Int) {
        self.init(plan: fleet.plan, fleet: fleet, address, repeats: repeats)
    }

    init(plan: FleetPlan, fleet: FleetFile? = nil, _ address: ServerAddress, repeats: Int) {
        self.plan = plan
        self.fleet = fleet
        self.address = address
        self.repeats = repeats
        client = HTTPConnection(address)
    }

    /// Milliseconds at which the plan ends.
    private var end: Int64 { plan.range.upperBound / 1_000_000 }
    private var cpu: Text { Text(ProfileKind.cpu.profileType(1)) }
    private var heap: Text { Text(ProfileKind.heap.profileType(3)) }
    private static let hour: Int64 = 3_600_000

    private func call(_ path: String, _ body: [UInt8]) -> [UInt8] {
        client.call(head: address.head(path, contentType: "application/proto", length: body.count), body: body)
    }

    /// Seconds of some repetitions; each asks for a range that is 15 s earlier, so that no cache of answers can help.
    func times(_ question: Question) -> (first: Double, samples: Samples) {
        var times: [Double] = []
        for repetition in 0...repeats {
            let body = question.ask(Int64(repetition) * 15_000)
            let start = Clock.wall
            _ = call(question.path, body)
            times.append(Clock.wall - start)
        }
        return (times[0], Samples(Array(times.dropFirst())))
    }

    static func encode(_ message: some Message) -> [UInt8] {
        do { return try message.binary() } catch { fatal("cannot encode a request: \(error)") }
    }

    private func stacktraces(
        _ type: Text, _ selector: String, _ start: Int64, _ end: Int64
    ) -> SelectMergeStacktracesRequest {
        var request = SelectMergeStacktracesRequest()
        request.profileTypeID = type
        request.labelSelector = Text(selector)
        request.start = start
        request.end = end
        request.maxNodes = 16_384
        return request
    }

    func flameGraph(
        _ name: String, _ selector: String, type: Text? = nil, hours: Int64, reference: Double? = nil
    ) -> Question {
        Question(name: name, reference: reference, path: "/querier.v1.QuerierService/SelectMergeStacktraces") { shift in
            Self.encode(
                stacktraces(type ?? cpu, selector, end - shift - hours * Self.hour, end - shift))
        }
    }

    private func timeline(_ name: String, _ selector: String, by label: Text, hours: Int64, reference: Double)
        -> Question
    {
        Question(name: name, reference: reference, path: "/querier.v1.QuerierService/SelectSeries") { shift in
            var request = SelectSeriesRequest()
            request.profileTypeID = cpu
            request.labelSelector = Text(selector)
            request.start = end - shift - hours * Self.hour
            request.end = end - shift
            request.groupBy = [label]
            request.step = 15
            return Self.encode(request)
        }
    }

    func fleetQuestions() -> [Question] {
        let service = plan.services[plan.services.count / 2]
        let pod = plan.pods.first { plan.services[$0.service] == service }?.name ?? ""
        let (ofService, ofPod) = ("{service_name=\"\(service)\"}", "{pod=\"\(pod)\"}")
        let service1h = "one service, 1 h"
        return [
            flameGraph("flame graph, one pod, 1 h", ofPod, hours: 1, reference: 58),
            flameGraph("flame graph, \(service1h)", ofService, hours: 1, reference: 76),
            flameGraph("flame graph, one service, 4 h", ofService, hours: 4, reference: 161),
            flameGraph("flame graph, the fleet, 4 h", "{}", hours: 4, reference: 1100),
            flameGraph("flame graph, heap of a service, 4 h", ofService, type: heap, hours: 4, reference: 88),
            Question(
                name: "pprof, \(service1h)", reference: 133, path: "/querier.v1.QuerierService/SelectMergeProfile"
            ) { shift in
                var request = SelectMergeProfileRequest()
                request.profileTypeID = cpu
                request.labelSelector = Text(ofService)
                request.start = end - shift - Self.hour
                request.end = end - shift
                return Self.encode(request)
            },
            timeline("timeline, one service by pod, 4 h", ofService, by: "pod", hours: 4, reference: 33),
            timeline("timeline, the fleet by service, 4 h", "{}", by: "service_name", hours: 4, reference: 224),
            Question(name: "diff, one service, two hours", reference: 107, path: "/querier.v1.QuerierService/Diff") {
                shift in
                var request = DiffRequest()
                request.left = stacktraces(
                    cpu, ofService, end - shift - 2 * Self.hour, end - shift - Self.hour)
                request.right = stacktraces(cpu, ofService, end - shift - Self.hour, end - shift)
                return Self.encode(request)
            },
        ] + labelQuestions()
    }

    private func labelQuestions() -> [Question] {
        let prefix = "/querier.v1.QuerierService"
        return [
            Question(name: "label names", reference: 6.6, factor: 1, path: "\(prefix)/LabelNames") { shift in
                var request = LabelNamesRequest()
                (request.start, request.end) = (end - shift - 4 * Self.hour, end - shift)
                return Self.encode(request)
            },
            Question(name: "label values", reference: 5, factor: 1, path: "\(prefix)/LabelValues") { shift in
                var request = LabelValuesRequest()
                request.name = "pod"
                (request.start, request.end) = (end - shift - 4 * Self.hour, end - shift)
                return Self.encode(request)
            },
            Question(name: "profile types", reference: 1, factor: 1, path: "\(prefix)/ProfileTypes") { shift in
                var request = ProfileTypesRequest()
                (request.start, request.end) = (end - shift - 4 * Self.hour, end - shift)
                return Self.encode(request)
            },
            Question(name: "series", reference: 1, factor: 1, path: "\(prefix)/Series") { shift in
                var request = SeriesRequest()
                request.labelNames = ["service_name", "__profile_type__"]
                (request.start, request.end) = (end - shift - 4 * Self.hour, end - shift)
                return Self.encode(request)
            },
        ]
    }

    /// Asks for everything and holds the total against what was generated: no figure of a server that lost data.
    func checkTotal(_ selector: String = "{}") {
        guard let fleet else { return }
        let wanted = fleet.pushes.reduce(Int64(0)) { $1.kind == .cpu ? $0 + $1.total : $0 }
        let range = plan.range
        let answer = call(
            "/querier.v1.QuerierService/SelectMergeStacktraces",
            Self.encode(
                stacktraces(cpu, selector, range.lowerBound / 1_000_000, range.upperBound / 1_000_000)))
        guard let response = try? SelectMergeStacktracesResponse(binary: answer) else {
            fatal("an answer is not readable")
        }
        let total = response.flamegraph?.total ?? 0
        guard total == wanted else { fatal("the server's total is \(total), but \(wanted) was pushed") }
        note("the total of \(selector) is what was pushed: \(total)")
    }
}
