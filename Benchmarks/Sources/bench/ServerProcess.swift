import Glibc

/// What the system knows of a process.
struct ProcessFigures {
    let id: pid_t

    private static let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))

    /// Seconds of CPU, of all its threads, in user and in kernel mode.
    var cpu: Double {
        guard let text = readText("/proc/\(id)/stat"), let name = text.lastIndex(of: ")") else { return .nan }
        let fields = text[name...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return .nan }
        return (user + system) / Self.ticks
    }

    /// Resident bytes.
    var resident: Int { kibibytes("VmRSS:") * 1024 }

    private func kibibytes(_ key: String) -> Int {
        guard let text = readText("/proc/\(id)/status") else { return 0 }
        let line = text.split(separator: "\n").first { $0.hasPrefix(key) } ?? ""
        return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0
    }
}

/// The release program, started on a data directory and a port of its own.
final class ServerProcess {
    let address: ServerAddress
    let figures: ProcessFigures
    /// Seconds from starting the program until `/ready` was answered with 200.
    let startTime: Double
    private var isRunning = true

    init(_ binary: String, data: String, log: String) {
        let arguments = [binary, "serve", "--listen", "127.0.0.1:0", "--data-dir", data]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        // Signals that this program ignores, because it takes them otherwise, are none to ignore for the server.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var id: pid_t = 0
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        let start = Clock.wall
        guard posix_spawn(&id, binary, &actions, &attributes, &pointers, environ) == 0 else {
            fatal("cannot start \(binary)")
        }
        Leftovers.add(server: id)
        figures = ProcessFigures(id: id)
        var found: ServerAddress?
        while found == nil {
            Clock.sleep(0.001)
            guard Clock.wall - start < 120, kill(id, 0) == 0 else { break }
            let line = readText(log)?.split(separator: "\n").first { $0.contains("msg=listening") } ?? ""
            guard let word = line.split(separator: " ").first(where: { $0.hasPrefix("address=") }) else {
                var status: Int32 = 0
                if waitpid(id, &status, WNOHANG) == id { break }
                continue
            }
            found = ServerAddress(url: "http://\(word.dropFirst(8))")
        }
        guard let found else { fatal("the server did not start:\n\(readText(log) ?? "")") }
        address = found
        while !Self.isReady(found) { Clock.sleep(0.001) }
        startTime = Clock.wall - start
    }

    private static func isReady(_ address: ServerAddress) -> Bool {
        let connection = HTTPConnection(address)
        let head = Array("GET /ready HTTP/1.1\r\nHost: bench\r\n\r\n".utf8)
        connection.begin(head: head, body: UnsafeRawBufferPointer(start: nil, count: 0))
        while connection.advance() == .waiting {
            var interest = pollfd(fd: connection.file, events: Int16(POLLIN), revents: 0)
            poll(&interest, 1, 1000)
        }
        return connection.response.status == 200
    }

    /// Waits until it has used little CPU for eight seconds, at most `limit` seconds: background work is done.
    func settle(limit: Double = 90) {
        let start = Clock.wall
        var before = figures.cpu
        var idle = 0
        while Clock.wall - start < limit {
            Clock.sleep(1)
            let now = figures.cpu
            idle = now - before < 0.02 ? idle + 1 : 0
            if idle == 8 { return }
            before = now
        }
        note("the server is still busy after \(Int(limit)) s")
    }

    /// Asks it to stop and waits until it has.
    func stop() {
        guard isRunning else { return }
        isRunning = false
        kill(figures.id, SIGTERM)
        var status: Int32 = 0
        waitpid(figures.id, &status, 0)
        Leftovers.remove(server: figures.id)
    }

    deinit { stop() }
}
