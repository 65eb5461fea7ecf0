import Dispatch
import Glibc
import Synchronization

/// What has to be gone when the program ends, however it ends: directories and servers.
enum Leftovers {
    private static let all = Mutex<(directories: [String], servers: Set<pid_t>)>(([], []))

    static func add(directory: String) { all.withLock { $0.directories.append(directory) } }
    static func add(server: pid_t) { all.withLock { _ = $0.servers.insert(server) } }
    static func remove(server: pid_t) { all.withLock { _ = $0.servers.remove(server) } }

    static func clear() {
        let (directories, servers) = all.withLock { left in
            defer { left = ([], []) }
            return left
        }
        for server in servers {
            kill(server, SIGKILL)
            var status: Int32 = 0
            waitpid(server, &status, 0)
        }
        for directory in directories { WorkDirectory.remove(directory) }
    }

    /// Clears and ends when the program is told to stop; keep what is returned.
    static func clearOnSignals() -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                clear()
                exit(128 + number)
            }
            source.resume()
            return source
        }
    }
}
