import CPosix
import Glibc
import Model
import Store
import Synchronization

/// The files of a data directory, which one process holds locked.
final class FileCatalogue: Sendable {
    private let directory: String
    private let report: @Sendable (DamagedPartition) -> Void
    /// The descriptor that holds the lock; -1 once released.
    private let lock: Mutex<Int32>
    private let files: Mutex<[Tenant: [Int64: PartitionFile]]>
    private let setAside = Mutex<[DamagedPartition]>([])

    /// Creates the directory if it is not there, locks it, and finds its files.
    ///
    /// `report` hears of each damaged file, also of those that were set aside before.
    init(
        directory: String, report: @escaping @Sendable (DamagedPartition) -> Void = { _ in }
    ) throws(StoreError) {
        self.directory = directory
        self.report = report
        try Self.makeDirectory(directory)
        try Self.makeDirectory(directory + "/tenants")
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
        for name in try Self.entries(of: directory + "/tenants") {
            let tenant = Tenant(name)
            let folder = "\(directory)/tenants/\(name)"
            for entry in try Self.entries(of: folder) {
                if entry.hasSuffix(".db"), let day = Int64(entry.dropLast(3)) {
                    found[tenant, default: [:]][day] = PartitionFile(tenant: tenant, day: day, directory: folder)
                } else if let day = DamagedPartition.day(of: entry) {
                    damaged.append(
                        DamagedPartition(
                            tenant: tenant, day: day, path: "\(folder)/\(entry)", reason: "it was set aside before"))
                }
            }
        }
        files = Mutex(found)
        setAside.withLock { $0 = damaged }
        for partition in damaged { report(partition) }
        for file in found.values.flatMap(\.values) { try check(file) }
    }

    deinit { release() }

    /// Refuses a directory that a newer program has written, and sets damaged files aside, before anything is served.
    private func check(_ file: PartitionFile) throws(StoreError) {
        do {
            let version = try file.storedVersion()
            try PartitionFile.refuseNewer(version, file.path)
            // Nothing was stored yet when its creation was cut short; who writes into it goes on.
            if version == 0 { files.withLock { $0[file.tenant]?[file.day] = nil } }
        } catch {
            guard let damage = PartitionDamage(error, in: file) else {
                throw error as? StoreError ?? StoreError(.unusable, "\(file.path): \(error)")
            }
            try setAside(file, damage.reason)
        }
    }

    /// What was set aside because it is damaged.
    var damaged: [DamagedPartition] { setAside.withLock { $0 } }

    /// What was set aside and would have had a part in a question.
    func damaged(of tenants: [Tenant], in range: TimeRange) -> [DamagedPartition] {
        let days = PartitionFile.day(of: range.startNanoseconds)...PartitionFile.day(of: range.endNanoseconds)
        return damaged.filter { tenants.contains($0.tenant) && days.contains($0.day) }
    }

    /// Takes a damaged file out of service: it is kept under another name, and its day begins anew.
    func setAside(_ file: PartitionFile, _ reason: String) throws(StoreError) {
        let name = DamagedPartition.path(for: file.path)
        try file.setAside(as: name)
        let isKnown = files.withLock { files in
            guard files[file.tenant]?[file.day] === file else { return false }
            files[file.tenant]?[file.day] = nil
            return true
        }
        guard isKnown else { return }
        let partition = DamagedPartition(tenant: file.tenant, day: file.day, path: name, reason: reason)
        setAside.withLock { $0.append(partition) }
        report(partition)
        try syncDirectory(of: file)
    }

    /// The file of a tenant's day, made known if it is new.
    ///
    /// Errors are the store's or SQLite's.
    func file(tenant: Tenant, day: Int64) throws -> PartitionFile {
        if let known = files.withLock({ $0[tenant]?[day] }) { return known }
        let folder = "\(directory)/tenants/\(tenant.id)"
        try Self.makeDirectory(folder)
        try Self.sync(directory + "/tenants")
        let file = PartitionFile(tenant: tenant, day: day, directory: folder)
        // Readers must find a schema, so the file is made before it is shown.
        do {
            _ = try file.openForWriting()
        } catch {
            guard let damage = PartitionDamage(error, in: file) else { throw error }
            throw damage
        }
        return files.withLock { files in
            if let other = files[tenant]?[day] { return other }
            files[tenant, default: [:]][day] = file
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

    private static func makeDirectory(_ path: String) throws(StoreError) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .system("create directory \(path)") }
    }

    private static func sync(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open \(path)") }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("sync \(path)") }
    }

    private static func entries(of path: String) throws(StoreError) -> [String] {
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
