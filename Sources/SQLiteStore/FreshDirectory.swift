import Glibc
import Store

/// A directory that is filled under another name and appears when it is complete.
struct FreshDirectory {
    private let target: String
    /// Where it is filled.
    let path: String

    /// Refuses a target that is there and not empty.
    init(_ target: String) throws(StoreError) {
        var name = target
        while name.count > 1 && name.hasSuffix("/") { name.removeLast() }
        self.target = name
        path = name + ".partial"
        var status = stat()
        if stat(name, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR, try FileSystem.entries(of: name).isEmpty else {
                throw StoreError(.unusable, "\(name) is there and not an empty directory")
            }
        }
        Self.removeAll(path)
        try FileSystem.makeDirectory(path)
    }

    /// Gives it its name, after everything in it is synced.
    func appear() throws(StoreError) {
        for tenant in try FileSystem.entries(of: path + "/tenants") {
            try FileSystem.sync("\(path)/tenants/\(tenant)")
        }
        try FileSystem.sync(path + "/tenants")
        try FileSystem.sync(path)
        guard rename(path, target) == 0 else { throw StoreError.system("rename \(path) to \(target)") }
        try FileSystem.sync(FileSystem.parent(of: target))
    }

    /// Removes what was filled so far.
    func remove() {
        Self.removeAll(path)
    }

    private static func removeAll(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            unlink(path)
            return
        }
        for entry in (try? FileSystem.entries(of: path)) ?? [] { removeAll("\(path)/\(entry)") }
        rmdir(path)
    }

    /// Copies a file, synced.
    static func copy(_ source: String, to target: String) throws(StoreError) {
        let input = open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw StoreError.system("open \(source)") }
        defer { close(input) }
        let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard output >= 0 else { throw StoreError.system("create \(target)") }
        defer { close(output) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(input, &buffer, buffer.count)
            guard count >= 0 else { throw StoreError.system("read \(source)") }
            guard count > 0 else { break }
            guard write(output, buffer, count) == count else { throw StoreError.system("write \(target)") }
        }
        guard fsync(output) == 0 else { throw StoreError.system("sync \(target)") }
    }
}
