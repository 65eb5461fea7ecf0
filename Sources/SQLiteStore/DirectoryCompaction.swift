import Glibc
import Model
import Store

/// Makes the files of a directory on which no server runs as small as they can be.
public struct DirectoryCompaction: Sendable {
    private let directory: String
    /// What the name of a file ends with while it is rewritten.
    static let suffix = ".db.compact"

    /// Makes a compaction of a directory.
    public init(directory: String) {
        self.directory = directory
    }

    /// Sums up what is ready, removes what nothing refers to, and rewrites each file; `report` gets a line for each.
    ///
    /// Returns the bytes before and after.
    public func run(report: (String) -> Void) async throws -> (before: Int, after: Int) {
        // Only a directory that is one is opened, as opening creates what is missing.
        _ = try DirectoryVisit(directory)
        let catalogue = try FileCatalogue(directory: directory)
        defer { catalogue.release() }
        // Whoever looks at a file meanwhile would keep its log in place.
        guard catalogue.copies.hold() else {
            throw StoreError(.unusable, "\(directory) is being checked or copied; compact it afterwards")
        }
        defer { catalogue.copies.letGo() }
        let lanes = CommitLanes(catalogue: catalogue)
        var policy = RollupPolicy()
        policy.quiet = .zero
        var sum = (before: 0, after: 0)
        for file in catalogue.files(of: nil, in: .all) {
            let before = FileSize.of(file.path).total
            let lane = try lanes.lane(of: file)
            while try await lane.rollUp(policy, now: WallClock.nanoseconds) {}
            let fresh = "\(catalogue.folder(of: file.tenant))/\(file.day)\(Self.suffix)"
            unlink(fresh)
            try await lane.perform("compacting") { try $0.compact(into: fresh) }
            // Closed, so that all of the log is in the database and nobody has that open when the new one takes its place.
            await lane.finish()
            file.closeIdle()
            // A log that could not be emptied belongs to the old file, and would be read into the new one.
            guard FileSize.of(file.path).log == 0 else {
                unlink(fresh)
                throw StoreError(.failed, "\(file.path)-wal could not be emptied; nothing of the file was changed")
            }
            try FileSystem.sync(fresh)
            guard rename(fresh, file.path) == 0 else { throw StoreError.system("rename \(fresh)") }
            try catalogue.syncDirectory(of: file)
            let after = FileSize.of(file.path).total
            report("\(file.path): \(before) bytes before, \(after) after")
            sum = (sum.before + before, sum.after + after)
        }
        return sum
    }
}

extension PartitionWriter {
    /// Removes series without profiles and services without series, and writes what is left to a new file.
    func compact(into path: String) throws {
        try connection.writing {
            try connection.execute(
                """
                DELETE FROM series WHERE id NOT IN (SELECT series FROM profiles);
                DELETE FROM rollups WHERE series NOT IN (SELECT id FROM series);
                DELETE FROM stale WHERE series NOT IN (SELECT id FROM series);
                DELETE FROM services WHERE id NOT IN (SELECT service FROM series);
                DELETE FROM symbols WHERE service NOT IN (SELECT id FROM services);
                """)
        }
        let copy = try connection.prepare("VACUUM INTO ?")
        copy.bind(text: path, at: 1)
        try copy.run()
    }
}
