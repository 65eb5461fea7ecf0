import Glibc
import Store

/// What is asked of the operating system about files, with its errors as ``StoreError``.
enum FileSystem {
    /// Makes a directory, durably, unless it is there.
    static func makeDirectory(_ path: String) throws(StoreError) {
        if mkdir(path, 0o755) == 0 {
            try sync(parent(of: path))
        } else if errno != EEXIST {
            throw .system("create directory \(path)")
        }
    }

    /// The directory that something lies in.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes a file's content, or a directory's entries, durable.
    static func sync(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("sync \(path)") }
    }

    /// The names of what lies in a directory.
    static func entries(of path: String) throws(StoreError) -> [String] {
        guard let stream = opendir(path) else { throw .system("list \(path)") }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
