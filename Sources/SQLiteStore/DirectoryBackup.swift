import Glibc
import Model
public import Store

/// Copies a data directory, also while a server runs on it.
///
/// Each file is copied from one snapshot, so the copy holds all that was acknowledged before it began, and of what is pushed
/// meanwhile whole profiles only. No file goes away under it: retention waits. The copy appears under its name when it is
/// complete and synced, and lists its files.
public struct DirectoryBackup: Sendable {
    private let directory: String

    /// Makes a backup of a directory.
    public init(directory: String) {
        self.directory = directory
    }

    /// Writes the copy to a directory that is not there or empty; returns how many files and bytes it has.
    public func run(to target: String) throws(StoreError) -> (files: Int, bytes: Int) {
        let visit = try DirectoryVisit(directory)
        let fresh = try FreshDirectory(target)
        do throws(StoreError) {
            try FileSystem.makeDirectory(fresh.path + "/tenants")
            var manifest: [Manifest.Entry] = []
            for name in try visit.databases() {
                if let slash = name.lastIndex(of: "/") {
                    try FileSystem.makeDirectory("\(fresh.path)/\(name[..<slash])")
                }
                do throws(SQLiteError) {
                    try visit.open("\(directory)/\(name)").copy(to: "\(fresh.path)/\(name)")
                } catch {
                    throw StoreError(.failed, "copying \(directory)/\(name): \(error)")
                }
                // One that was being made has no page yet, and may not be copied as a file.
                let bytes = FileSize.of("\(fresh.path)/\(name)").database
                if bytes > 0 { manifest.append(Manifest.Entry(name: name, bytes: bytes)) }
            }
            try Manifest(entries: manifest).write(to: fresh.path)
            try fresh.appear()
            return (manifest.count, manifest.reduce(0) { $0 + $1.bytes })
        } catch {
            fresh.remove()
            throw error
        }
    }
}

/// Makes a data directory of a backup.
public struct DirectoryRestore: Sendable {
    private let backup: String

    /// Makes a restore of a backup.
    public init(backup: String) {
        self.backup = backup
    }

    /// Verifies the backup and copies it to a directory that is not there or empty; returns how many files and bytes it has.
    ///
    /// `report` gets a line for each problem; with any, nothing is restored.
    public func run(to target: String, report: (String) -> Void) throws(StoreError) -> (files: Int, bytes: Int) {
        let manifest = try Manifest(of: backup)
        var problems = 0
        for entry in manifest.entries {
            let bytes = FileSize.of("\(backup)/\(entry.name)").database
            if bytes != entry.bytes {
                problems += 1
                report("\(backup)/\(entry.name): has \(bytes) bytes, the backup wrote \(entry.bytes)")
            }
        }
        problems += try DirectoryCheck(directory: backup).run(report: report).problems
        guard problems == 0 else {
            throw StoreError(.damaged, "\(backup) has \(problems) problems, nothing was restored")
        }
        let fresh = try FreshDirectory(target)
        do throws(StoreError) {
            try FileSystem.makeDirectory(fresh.path + "/tenants")
            for entry in manifest.entries {
                if let slash = entry.name.lastIndex(of: "/") {
                    try FileSystem.makeDirectory("\(fresh.path)/\(entry.name[..<slash])")
                }
                try FreshDirectory.copy("\(backup)/\(entry.name)", to: "\(fresh.path)/\(entry.name)")
            }
            try fresh.appear()
        } catch {
            fresh.remove()
            throw error
        }
        return (manifest.entries.count, manifest.entries.reduce(0) { $0 + $1.bytes })
    }
}
