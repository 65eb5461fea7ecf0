import Dispatch
import Glibc

/// The built `hearth` and the scripts that drive it.
enum Program {
    /// The binary: `HEARTH_BINARY`, or the newest of the release and debug builds; nil if none was built.
    static let path: String? = {
        if let named = getenv("HEARTH_BINARY") { return String(cString: named) }
        let builds = [".build/release/hearth", ".build/debug/hearth"].compactMap { path -> (String, Int)? in
            var status = stat()
            return stat(path, &status) == 0 ? (path, status.st_mtim.tv_sec) : nil
        }
        return builds.max { $0.1 < $1.1 }?.0
    }()

    /// A Python that has the packages of the tests; nil if it could not be made.
    static let pythonWithPackages: String? = {
        let path = ".build-venv/bin/python"
        return access(path, X_OK) == 0 && run("\(path) -c 'import pyroscope, grpc, connectrpc'").status == 0
            ? path : nil
    }()

    /// Whether there is a JDK, with its compiler and its Flight Recorder.
    static let hasJDK = run("command -v java javac jfr").status == 0

    /// The folder of the scripts.
    static let scripts = String(#filePath[..<(#filePath.lastIndex(of: "/") ?? #filePath.startIndex)])

    /// Whether file systems can be mounted in a namespace of one's own.
    static let canMount = run("unshare -m mount -t tmpfs none /mnt").status == 0

    /// Whether the layer that makes syncs fail can be built.
    static let hasCompiler = run("command -v cc && test -f /usr/include/sqlite3.h").status == 0

    /// Runs one of the scripts, with the binary as its first argument, and returns what it printed and its status.
    static func script(_ call: String, under command: String = "") -> (output: String, status: Int32) {
        let words = call.split(separator: " ")
        let options = words.dropFirst().joined(separator: " ")
        return run("\(command) python3 \(scripts)/\(words[0]) \(path ?? "") \(options)")
    }

    /// Runs a command of the shell and returns what it printed, on both streams, and its status.
    static func run(_ command: String) -> (output: String, status: Int32) {
        guard let pipe = popen("(\(command)) 2>&1", "r") else { return ("cannot run", -1) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            guard count > 0 else { break }
            output += buffer[..<count]
        }
        let status = pclose(pipe)
        return (String(decoding: output, as: UTF8.self), (status >> 8) & 0xff)
    }

    /// The same on a thread of its own, for what takes long: other tests need theirs.
    static func runAside(_ command: String) async -> (output: String, status: Int32) {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: run(command)) }
        }
    }
}
