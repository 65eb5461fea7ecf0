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
        /// What is kept and not served.
        var damaged: [DamagedPartition] = []
        /// Why days are closed whose damaged file could not be moved out of the way.
        var closed: [PartitionFile.Key: StoreError] = [:]
    }

    let directory: String
    /// The bytes of all files.
    let use = DiskUse()
    let copies: CopyLock
    /// The trees of names that files of a service share.
    let names = NameTrees()
    /// The descriptor that holds the lock; -1 once released.
    private let lock: Mutex<Int32>
    let state: Mutex<State>
    let reportDamage: @Sendable (DamagedPartition) -> Void

    /// Creates the directory if it is not there, locks it, and finds its files.
    ///
    /// `reportDamage` hears of each damaged file, also of those that were set aside before.
    init(
        directory: String, reportDamage: @escaping @Sendable (DamagedPartition) -> Void = { _ in }
    ) throws(StoreError) {
        self.directory = directory
        self.reportDamage = reportDamage
        copies = CopyLock(directory: directory)
        try FileSystem.makeDirectory(directory)
        try FileSystem.makeDirectory(directory + "/tenants")
        let lockPath = directory + "/lock"
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system("open \(lockPath)") }
        guard cposix_lock_file(descriptor) == 0 else {
            Glibc.close(descriptor)
            throw StoreError(
                .unusable, "the data directory \(directory) is in use by another process (data-dir); stop it first")
        }
        lock = Mutex(descriptor)
        var found: [Tenant: [Int64: PartitionFile]] = [:]
        var damaged: [DamagedPartition] = []
        for name in try FileSystem.entries(of: directory + "/tenants") {
            let tenant = Tenant(name)
            let folder = "\(directory)/tenants/\(name)"
            let entries = try FileSystem.entries(of: folder)
            Self.removeOrphans(entries, in: folder)
            for entry in entries {
                if entry.hasSuffix(".db"), let day = Int64(entry.dropLast(3)) {
                    found[tenant, default: [:]][day] = PartitionFile(
                        tenant: tenant, day: day, directory: folder, names: names)
                } else if let day = DamagedPartition.day(of: entry) {
                    damaged.append(
                        DamagedPartition(
                            tenant: tenant, day: day, path: "\(folder)/\(entry)", reason: "it was set aside before"))
                }
            }
        }
        state = Mutex(State(files: found, damaged: damaged))
        for partition in damaged {
            use.change(from: FileSize(), to: FileSize.of(partition.path))
            reportDamage(partition)
        }
        for file in found.values.flatMap(\.values) { try check(file) }
    }

    deinit { release() }

    /// Refuses a directory that a newer program has written, and sets damaged files aside, before anything is served.
    private func check(_ file: PartitionFile) throws(StoreError) {
        do {
            // An error of a moment is none of the file.
            let version = try (try? file.storedVersion()) ?? file.storedVersion()
            try file.refuseNewer(version)
            // Nothing was stored yet when its creation was cut short; who writes into it goes on.
            if version == 0 { state.withLock { $0.files[file.tenant]?[file.day] = nil } }
        } catch {
            // What cannot be read is no reason not to serve the rest.
            let unreadable = (error as? StoreError).flatMap { error in
                error.code == .unhealthy ? PartitionDamage(file: file, reason: error.message) : nil
            }
            guard let damage = unreadable ?? PartitionDamage(error, in: file) else {
                throw error as? StoreError ?? StoreError(.unusable, "\(file.path): \(error)")
            }
            if let name = leave(file, because: damage.reason) { try moveAside(file, to: name) }
        }
    }

    /// The file of a tenant's day, made known if it is new.
    ///
    /// Throws ``FileIsBusy`` while the day's file is being made or taken away.
    func file(tenant: Tenant, day: Int64) throws -> PartitionFile {
        let key = PartitionFile.Key(tenant: tenant, day: day)
        let known = try state.withLock { state in
            if let known = state.files[tenant]?[day] { return known as PartitionFile? }
            if let reason = state.closed[key] { throw reason }
            guard state.busy.insert(key).inserted else { throw FileIsBusy() }
            return nil
        }
        if let known { return known }
        defer { _ = state.withLock { $0.busy.remove(key) } }
        try FileSystem.makeDirectory(folder(of: tenant))
        let file = PartitionFile(tenant: tenant, day: day, directory: folder(of: tenant), names: names)
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
        try FileSystem.sync(folder(of: file.tenant))
    }
}
