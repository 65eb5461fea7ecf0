import CPosix
import Glibc
import Model
import Store

/// A data directory or a backup that is looked at from outside a server, which may be running on it.
final class DirectoryVisit {
    let directory: String
    /// Whether no server runs on the directory, nor can start while this lives.
    let isAlone: Bool
    private var descriptors: [Int32] = []

    /// Holds the directory as it is: alone if no server has it, and else so that no file of it is taken away.
    init(_ directory: String) throws(StoreError) {
        self.directory = directory
        var status = stat()
        guard stat(directory + "/tenants", &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw StoreError(.unusable, "\(directory) is no data directory: it has no folder \"tenants\"")
        }
        let lock = Glibc.open(directory + "/lock", O_RDONLY | O_CLOEXEC)
        if lock >= 0 { descriptors.append(lock) }
        isAlone = lock < 0 || cposix_lock_file(lock) == 0
        guard !isAlone else { return }
        let copies = Glibc.open(CopyLock.path(directory), O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard copies >= 0 else { throw StoreError.system("open \(CopyLock.path(directory))") }
        descriptors.append(copies)
        // The server holds it for as long as taking away one file takes, which waits for running queries.
        for _ in 0..<1200 {
            if cposix_share_file(copies) == 0 { return }
            usleep(50_000)
        }
        throw StoreError(.unusable, "\(directory): the server has been deleting for a minute; try again")
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
    }

    /// The partition files, by tenant and day.
    func partitions() throws(StoreError) -> [PartitionFile] {
        var files: [PartitionFile] = []
        for tenant in try FileSystem.entries(of: directory + "/tenants").sorted() {
            let folder = "\(directory)/tenants/\(tenant)"
            let days = try FileSystem.entries(of: folder).filter { $0.hasSuffix(".db") }
                .compactMap { Int64($0.dropLast(3)) }
            files += days.sorted().map { PartitionFile(tenant: Tenant(tenant), day: $0, directory: folder) }
        }
        return files
    }

    /// The files that are databases, their paths below the directory.
    func databases() throws(StoreError) -> [String] {
        let partitions = try partitions().map { "tenants/\($0.tenant.id)/\($0.day).db" }
        return partitions + (access(directory + "/documents.db", F_OK) == 0 ? ["documents.db"] : [])
    }

    /// Opens a database of the directory without changing it.
    func open(_ path: String) throws(SQLiteError) -> Connection {
        guard isAlone else { return try Connection(path, .read) }
        var status = stat()
        let hasLog = stat(path + "-wal", &status) == 0 && status.st_size > 0
        return try Connection(path, .inspect(isAtRest: !hasLog))
    }
}
