public import Formats
public import Model
public import Store
import Synchronization
public import Telemetry

/// Who sent something.
public struct IngestSender: Sendable, Hashable {
    /// The address, without the port, which changes with each connection.
    public var address: String
    /// The `User-Agent` that it calls itself.
    public var userAgent: String

    /// Makes a sender.
    public init(address: String = "", userAgent: String = "") {
        self.address = address
        self.userAgent = userAgent
    }
}

/// What senders do wrong: what was altered so that it could be kept, and what was refused; bounded, in memory.
public final class IngestProblems: Sendable {
    /// What became of the profiles.
    public enum Cause: Sendable, Hashable {
        /// They were kept in another form.
        case salvaged(SalvageReason)
        /// They were not kept.
        case refused(IngestError.Kind)
    }

    /// One mistake of one sender.
    public struct Problem: Sendable {
        /// Whose data it is.
        public var tenant: Tenant
        /// The service, or empty where it was not known yet.
        public var service: Text
        /// Who sent it.
        public var sender: IngestSender
        /// What became of it.
        public var cause: Cause
        /// How often it happened.
        public var count: Int
        /// When it first happened, in nanoseconds since the epoch.
        public var first: Int64
        /// When it last happened.
        public var last: Int64
        /// The last case: what was altered, or the message of the refusal.
        public var example: String
    }

    private struct Key: Hashable {
        let tenant: Tenant
        let service: Text
        let sender: IngestSender
        let cause: Cause
        let shape: String
    }

    private struct Pair: Hashable {
        let tenant: Tenant
        let service: Text
    }

    private struct State {
        var problems: [Key: Problem] = [:]
        var pairs: Set<Pair> = []
    }

    /// How many problems are listed; a new one takes the place of the one that was seen longest ago.
    public static let maxProblems = 1000
    /// How many pairs of tenant and service are told apart on metrics; the rest counts as `other`.
    public static let maxPairs = 200

    private let state = Mutex(State())
    private let salvaged: Counter
    private let refused: Counter

    /// Makes an empty list that counts in `metrics`.
    public init(metrics: Metrics = Metrics()) {
        salvaged = metrics.counter(
            "hearth_ingest_salvaged_total", "Alterations of pushed profiles, by tenant, service and reason.")
        refused = metrics.counter(
            "hearth_ingest_refused_total", "Refused pushes and profiles, by tenant, service and reason.")
    }

    /// Notes what was altered in profiles that were kept; `now` is in nanoseconds.
    public func note(
        _ report: SalvageReport, tenant: Tenant, service: Text, sender: IngestSender, now: Int64
    ) {
        for (reason, entry) in report.entries {
            let pair = note(
                .salvaged(reason), tenant, service, sender, shape: "", count: entry.count, example: entry.example,
                now: now)
            salvaged.add(
                Double(entry.count), ["tenant": pair.tenant, "service": pair.service, "reason": reason.rawValue])
        }
    }

    /// Notes that something was refused.
    public func refuse(
        _ kind: IngestError.Kind, _ message: String, tenant: Tenant, service: Text, sender: IngestSender, now: Int64
    ) {
        let pair = note(
            .refused(kind), tenant, service, sender, shape: Self.shape(message), count: 1,
            example: String(message.prefix(500)), now: now)
        refused.add(1, ["tenant": pair.tenant, "service": pair.service, "reason": kind.rawValue])
    }

    /// The problems of some tenants, the latest first.
    public func list(of tenants: [Tenant]) -> [Problem] {
        state.withLock { Array($0.problems.values) }.filter { tenants.contains($0.tenant) }.sorted {
            ($1.last, $0.service, $0.example) < ($0.last, $1.service, $1.example)
        }
    }

    private func note(
        _ cause: Cause, _ tenant: Tenant, _ service: Text, _ sender: IngestSender, shape: String, count: Int,
        example: String, now: Int64
    ) -> (tenant: String, service: String) {
        let service = Text(utf8: service.utf8.prefix(200))
        let sender = IngestSender(
            address: String(sender.address.prefix(100)), userAgent: String(sender.userAgent.prefix(200)))
        let key = Key(tenant: tenant, service: service, sender: sender, cause: cause, shape: shape)
        let pair = Pair(tenant: tenant, service: service)
        let isKnown = state.withLock { state in
            if var known = state.problems[key] {
                known.count = known.count &+ count
                known.last = max(known.last, now)
                known.example = example
                state.problems[key] = known
            } else {
                if state.problems.count >= Self.maxProblems,
                    let oldest = state.problems.min(by: { $0.value.last < $1.value.last })?.key
                {
                    state.problems[oldest] = nil
                }
                state.problems[key] = Problem(
                    tenant: tenant, service: service, sender: sender, cause: cause, count: count, first: now,
                    last: now, example: example)
            }
            if state.pairs.count < Self.maxPairs { state.pairs.insert(pair) }
            return state.pairs.contains(pair)
        }
        return isKnown ? (tenant.id, service.string) : ("other", "other")
    }

    /// A message without what differs from case to case: numbers, and what stands in quotes or braces.
    static func shape(_ message: String) -> String {
        var shape = ""
        var closing: Character?
        for character in message {
            if let end = closing {
                if character == end { closing = nil }
                continue
            }
            switch character {
            case "'", "\"": closing = character
            case "{": closing = "}"
            case "0"..."9": continue
            default: shape.append(character)
            }
            guard shape.utf8.count < 120 else { break }
        }
        return String(shape.prefix(120))
    }
}
