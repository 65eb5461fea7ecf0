import Glibc

/// Ends the program: a benchmark that cannot measure says so and prints no number.
func fatal(_ message: String) -> Never {
    note(message)
    Leftovers.clear()
    exit(1)
}

/// Says what is being done, on standard error, so that standard output is the report.
func note(_ message: String) { writeAll(Array("bench: \(message)\n".utf8), to: 2) }

/// Writes all bytes to a file.
func writeAll(_ bytes: [UInt8], to file: Int32) {
    bytes.withUnsafeBytes { buffer in
        var offset = 0
        while offset < buffer.count {
            let count = write(file, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
            guard count > 0 else { fatal("cannot write: \(String(cString: strerror(errno)))") }
            offset += count
        }
    }
}

/// The text of a small file, or nil.
func readText(_ path: String) -> String? {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { break }
        text += buffer[..<count]
    }
    return String(decoding: text, as: UTF8.self)
}

/// Clocks, in seconds.
enum Clock {
    static var wall: Double { read(CLOCK_MONOTONIC) }
    static var thread: Double { read(CLOCK_THREAD_CPUTIME_ID) }
    static var process: Double { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static func sleep(_ seconds: Double) { usleep(UInt32(seconds * 1e6)) }
}

/// A directory that is removed with everything in it when the program ends.
struct WorkDirectory {
    let path: String

    init(below parent: String) {
        var template = Array("\(parent)/hearth-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatal("cannot make a directory below \(parent)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        Leftovers.add(directory: path)
    }

    static func remove(_ path: String) {
        forEachEntry(of: path) { entry, status in
            if isDirectory(status) { remove(entry) } else { unlink(entry) }
        }
        rmdir(path)
    }

    /// Bytes of all files below a path.
    static func size(of path: String) -> Int {
        var total = 0
        forEachEntry(of: path) { entry, status in
            total += isDirectory(status) ? size(of: entry) : Int(status.st_size)
        }
        return total
    }

    private static func isDirectory(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }

    private static func forEachEntry(of path: String, _ body: (String, stat) -> Void) {
        guard let directory = opendir(path) else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name != "." && name != ".." else { continue }
            var status = stat()
            if lstat("\(path)/\(name)", &status) == 0 { body("\(path)/\(name)", status) }
        }
    }
}

/// Sorted measurements.
struct Samples {
    private let sorted: [Double]

    init(_ values: [Double]) { sorted = values.sorted() }

    var median: Double { quantile(0.5) }
    var p99: Double { quantile(0.99) }
    var least: Double { sorted.first ?? .nan }
    var most: Double { sorted.last ?? .nan }

    func quantile(_ part: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        return sorted[min(Int(Double(sorted.count) * part), sorted.count - 1)]
    }
}
