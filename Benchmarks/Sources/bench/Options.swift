import Glibc

/// What the command line asks for.
struct Options: Sendable {
    static let help = """
        Usage: bench COMMAND [OPTIONS]

          generate   makes the fleet and says what it is like
          ingest     pushes the fleet over HTTP: CPU a profile, highest load, acknowledgement
          steps      how much of an ingested profile's CPU each step takes
          disk       bytes on disk of the fleet
          memory     resident memory: idle, while ingesting, while querying
          queries    the questions of dashboards, over the fleet and over days
          scaling    flame graphs of longer and longer ranges
          merge      samples merged a second, in the process, and the flame graph of many pods
          start      from start to ready on a large directory
          formats    decoding rate of each format
          all        everything above
          load       ingest and queries against any server (--url)

          --quick             a small fleet, for a first look; its figures mean nothing
          --binary PATH       the release program (../.build/release/hearth)
          --work PATH         where directories are made (TMPDIR or /tmp)
          --seed N            seed of everything that is drawn (1)
          --services N, --pods N, --minutes N
                              the fleet: services, pods of each, minutes (8, 3, 240)
          --days N            days of the service with a profile a minute (7)
          --wide-pods N       pods of the service of the merge (100)
          --connections N     connections that push at full speed (16)
          --repeats N         how often each question is asked (31)
          --start-size SIZE   bytes to start on, such as 10GB (200MB; 40MB with quick)
          --end SECONDS       when the fleet ends, in seconds since 1970 (the last 12:00 UTC)
          --url URL           load: the server, http only
          --pid N             load: the server's process, for CPU and memory
          --header LINE       load: one more header, such as "X-Scope-OrgID: bench"
          --settle SECONDS    load: how long to wait between pushing and asking (0)
        """

    var command = ""
    var isQuick = false
    var binary = "../.build/release/hearth"
    var work = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var seed: UInt64 = 1
    var services = 8
    var pods = 3
    var minutes = 240
    var days = 7
    var widePods = 100
    var connections = 16
    var repeats = 31
    var startSize = 200_000_000
    var end: Int64
    var url = ""
    var pid: pid_t?
    var header = ""
    var settle = 0.0

    init(_ arguments: [String]) {
        // On one day, whatever the hour of the run, and young enough to be kept.
        end = (Int64(time(nil)) - 43_200) / 86_400 * 86_400 + 43_200
        var rest = arguments[...]
        guard let command = rest.popFirst(), !command.hasPrefix("-") else {
            print(Self.help)
            exit(arguments.isEmpty || arguments[0] == "--help" ? 0 : 2)
        }
        self.command = command
        if rest.contains("--quick") {
            isQuick = true
            (services, pods, minutes, days, widePods, repeats, startSize) = (2, 2, 20, 1, 6, 3, 40_000_000)
        }
        while let flag = rest.popFirst() {
            switch flag {
            case "--quick": break
            case "--binary": binary = Self.value(flag, &rest)
            case "--work": work = Self.value(flag, &rest)
            case "--seed": seed = UInt64(Self.number(flag, &rest))
            case "--services": services = min(Self.number(flag, &rest), 8)
            case "--pods": pods = Self.number(flag, &rest)
            case "--minutes": minutes = Self.number(flag, &rest)
            case "--days": days = Self.number(flag, &rest)
            case "--wide-pods": widePods = Self.number(flag, &rest)
            case "--connections": connections = Self.number(flag, &rest)
            case "--repeats": repeats = Self.number(flag, &rest)
            case "--start-size": startSize = Self.size(flag, &rest)
            case "--end": end = Int64(Self.number(flag, &rest))
            case "--url": url = Self.value(flag, &rest)
            case "--pid": pid = pid_t(Self.number(flag, &rest))
            case "--header": header = Self.value(flag, &rest)
            case "--settle": settle = Double(Self.number(flag, &rest))
            default: fatal("unknown option \(flag); bench --help lists them")
            }
        }
        end *= FleetPlan.second
    }

    private static func value(_ flag: String, _ rest: inout ArraySlice<String>) -> String {
        guard let value = rest.popFirst() else { fatal("\(flag) wants a value") }
        return value
    }

    private static func number(_ flag: String, _ rest: inout ArraySlice<String>) -> Int {
        let text = value(flag, &rest)
        guard let number = Int(text), number >= 0 else { fatal("\(flag) wants a number, got \(text)") }
        return number
    }

    private static func size(_ flag: String, _ rest: inout ArraySlice<String>) -> Int {
        let text = value(flag, &rest)
        let units = ["GB": 1_000_000_000, "MB": 1_000_000, "kB": 1000]
        for (unit, factor) in units where text.hasSuffix(unit) {
            if let number = Int(text.dropLast(2)) { return number * factor }
        }
        guard let number = Int(text) else { fatal("\(flag) wants a size such as 10GB, got \(text)") }
        return number
    }
}
