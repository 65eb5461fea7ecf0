import CPosix
import Glibc
import Model
import Store
import Synchronization

/// The files of a data directory, which one process holds locked.
final class FileCatalogue: Sendable {
    private let directory: String
    /// The descriptor that holds the lock; -1 once released.
    private let lock: Mutex<Int32>
    private let creation = Mutex(())
    private let files: Mutex<[Tenant: [Int64: PartitionFile]]>

    /// Creates the directory if it is not there, locks it, and finds its files.
    init(directory: String) throws(StoreError) {
        self.directory = directory
        try Self.makeDirectory(directory)
        try Self.makeDirectory(directory + "/tenants")
        let lockPath = directory + "/lock"
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure("open \(lockPath)") }
        guard cposix_lock_file(descriptor) == 0 else {
            Glibc.close(descriptor)
            throw StoreError(
                .unusable, "the data directory \(directory) is in use by another process (data-dir); stop it first")
        }
        lock = Mutex(descriptor)
        var found: [Tenant: [Int64: PartitionFile]] = [:]
        for name in try Self.entries(of: directory + "/tenants") {
            let tenant = Tenant(name)
            let folder = "\(directory)/tenants/\(name)"
            for entry in try Self.entries(of: folder) where entry.hasSuffix(".db") {
                guard let day = Int64(entry.dropLast(3)) else { continue }
                found[tenant, default: [:]][day] = PartitionFile(tenant: tenant, day: day, directory: folder)
            }
        }
        files = Mutex(found)
        for file in found.values.flatMap(\.values) { try Self.checkVersion(file) }
    }

    deinit { release() }

    /// Refuses a directory that a newer program has written, before anything is served from it.
    private static func checkVersion(_ file: PartitionFile) throws(StoreError) {
        let version: Int64?
        do {
            version = try file.withReader { try $0.number("PRAGMA user_version") }
        } catch {
            throw StoreError(.damaged, "\(file.path): \(error)")
        }
        guard let version, version > PartitionFile.schemaVersion else { return }
        throw StoreError(
            .unusable,
            "\(file.path) has schema version \(version), this program knows up to \(PartitionFile.schemaVersion): "
                + "use a newer hearth")
    }

    /// The file of a tenant's day, made known if it is new.
    func file(tenant: Tenant, day: Int64) throws -> PartitionFile {
        if let known = files.withLock({ $0[tenant]?[day] }) { return known }
        // Only one task at a time makes a file: two that set up one database would find it locked.
        return try creation.withLock { _ in
            if let known = files.withLock({ $0[tenant]?[day] }) { return known }
            let folder = "\(directory)/tenants/\(tenant.id)"
            try Self.makeDirectory(folder)
            try Self.sync(directory + "/tenants")
            let file = PartitionFile(tenant: tenant, day: day, directory: folder)
            // Readers must find a schema, so the file is made before it is shown.
            _ = try file.openForWriting()
            files.withLock { $0[tenant, default: [:]][day] = file }
            return file
        }
    }

    /// The files of some tenants, or of all, that may hold profiles of a range; each tenant's in ascending order of their day.
    func files(of tenants: [Tenant]?, in range: TimeRange) -> [PartitionFile] {
        let first = PartitionFile.day(of: range.startNanoseconds)
        let last = PartitionFile.day(of: range.endNanoseconds)
        return files.withLock { files in
            (tenants ?? files.keys.sorted()).flatMap { tenant in
                (files[tenant] ?? [:]).values.filter { first <= $0.day && $0.day <= last }.sorted { $0.day < $1.day }
            }
        }
    }

    /// Closes what readers left open, and lets the directory go.
    func release() {
        let all = files.withLock { $0.values.flatMap(\.values) }
        for file in all { file.closeIdle() }
        lock.withLock { descriptor in
            if descriptor >= 0 { Glibc.close(descriptor) }
            descriptor = -1
        }
    }

    /// Makes a new file's directory entry durable.
    func syncDirectory(of file: PartitionFile) throws(StoreError) {
        try Self.sync("\(directory)/tenants/\(file.tenant.id)")
    }

    private static func failure(_ what: String) -> StoreError {
        StoreError(.failed, "cannot \(what): \(String(cString: strerror(errno)))")
    }

    private static func makeDirectory(_ path: String) throws(StoreError) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw failure("create directory \(path)") }
    }

    private static func sync(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open \(path)") }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync \(path)") }
    }

    private static func entries(of path: String) throws(StoreError) -> [String] {
        guard let stream = opendir(path) else { throw failure("list \(path)") }
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
