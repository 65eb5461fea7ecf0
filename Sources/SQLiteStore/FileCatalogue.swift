import CPosix
import Glibc
import Model
import Store
import Synchronization

/// The files of a data directory, which one process holds locked.
final class FileCatalogue: Sendable {
    /// What the directory holds.
    struct State: Sendable {
        var files: [Tenant: [Int64: PartitionFile]] = [:]
        /// Days whose file is being made or taken away.
        var busy: Set<PartitionFile.Key> = []
    }

    let directory: String
    /// The bytes of all files.
    let use = DiskUse()
    let copies: CopyLock
    /// The descriptor that holds the lock; -1 once released.
    private let lock: Mutex<Int32>
    let state: Mutex<State>

    /// Creates the directory if it is not there, locks it, and finds its files.
    init(directory: String) throws(StoreError) {
        self.directory = directory
        copies = CopyLock(directory: directory)
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
            let entries = try Self.entries(of: folder)
            Self.removeOrphans(entries, in: folder)
            for entry in entries where entry.hasSuffix(".db") {
                guard let day = Int64(entry.dropLast(3)) else { continue }
                found[tenant, default: [:]][day] = PartitionFile(tenant: tenant, day: day, directory: folder)
            }
        }
        state = Mutex(State(files: found))
        for file in found.values.flatMap(\.values) { try Self.checkVersion(file) }
    }

    deinit { release() }

    /// Refuses a directory that a newer program has written, before anything is served from it.
    ///
    /// A few bytes of the file tell, so that a start takes the same short time however much there is. Where a log may hold
    /// newer ones, SQLite is asked.
    private static func checkVersion(_ file: PartitionFile) throws(StoreError) {
        let version: Int64?
        if FileSize.of(file.path).log == 0 {
            version = try DatabaseHeader.userVersion(of: file.path)
        } else {
            do {
                let connection = try Connection(file.path, .read)
                version = try connection.number("PRAGMA user_version")
            } catch {
                throw StoreError(.damaged, "\(file.path): \(error)")
            }
        }
        if let version { try file.refuseNewer(version) }
    }

    /// The file of a tenant's day, made known if it is new.
    ///
    /// Throws ``FileIsBusy`` while the day's file is being made or taken away.
    func file(tenant: Tenant, day: Int64) throws -> PartitionFile {
        let key = PartitionFile.Key(tenant: tenant, day: day)
        let known = try state.withLock { state in
            if let known = state.files[tenant]?[day] { return known as PartitionFile? }
            guard state.busy.insert(key).inserted else { throw FileIsBusy() }
            return nil
        }
        if let known { return known }
        defer { _ = state.withLock { $0.busy.remove(key) } }
        try Self.makeDirectory(folder(of: tenant))
        try Self.sync(directory + "/tenants")
        let file = PartitionFile(tenant: tenant, day: day, directory: folder(of: tenant))
        // Readers must find a schema, so the file is made before it is shown.
        _ = try file.openForWriting()
        state.withLock { $0.files[tenant, default: [:]][day] = file }
        return file
    }

    /// The folder of a tenant's files.
    func folder(of tenant: Tenant) -> String { "\(directory)/tenants/\(tenant.id)" }

    /// The files of some tenants, or of all, that may hold profiles of a range; each tenant's in ascending order of their day.
    func files(of tenants: [Tenant]?, in range: TimeRange) -> [PartitionFile] {
        state.withLock { Self.files(of: tenants, in: range, $0) }
    }

    /// The same files, for reading: none is taken away before the lease is given up.
    func lease(of tenants: [Tenant]?, in range: TimeRange) -> FileLease {
        state.withLock { FileLease(Self.files(of: tenants, in: range, $0)) }
    }

    private static func files(of tenants: [Tenant]?, in range: TimeRange, _ state: State) -> [PartitionFile] {
        let first = PartitionFile.day(of: range.startNanoseconds)
        let last = PartitionFile.day(of: range.endNanoseconds)
        return (tenants ?? state.files.keys.sorted()).flatMap { tenant in
            (state.files[tenant] ?? [:]).values.filter { first <= $0.day && $0.day <= last }.sorted {
                $0.day < $1.day
            }
        }
    }

    /// Closes what readers left open, and lets the directory go.
    func release() {
        let all = state.withLock { $0.files.values.flatMap(\.values) }
        for file in all { file.closeIdle() }
        lock.withLock { descriptor in
            if descriptor >= 0 { Glibc.close(descriptor) }
            descriptor = -1
        }
    }

    /// Makes a new file's directory entry durable.
    func syncDirectory(of file: PartitionFile) throws(StoreError) {
        try Self.sync(folder(of: file.tenant))
    }

    static func failure(_ what: String) -> StoreError {
        StoreError(.failed, "cannot \(what): \(String(cString: strerror(errno)))")
    }

    static func makeDirectory(_ path: String) throws(StoreError) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw failure("create directory \(path)") }
    }

    static func sync(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open \(path)") }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync \(path)") }
    }

    static func entries(of path: String) throws(StoreError) -> [String] {
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
