public import Store

/// Verifies all that a data directory or a backup holds, and changes nothing.
///
/// A directory that a server runs on is read through snapshots, file by file.
public struct DirectoryCheck: Sendable {
    /// What was found.
    public struct Summary: Sendable, Hashable {
        /// Partition files.
        public var files = 0
        /// Series, counted once in each file.
        public var series = 0
        /// Profiles.
        public var profiles = 0
        /// Samples of all profiles.
        public var samples = 0
        /// Sums over buckets of time.
        public var rollups = 0
        /// Bytes of all files with their logs.
        public var bytes = 0
        /// Things that are not as they must be.
        public var problems = 0
    }

    private let directory: String

    /// Makes a check of a directory.
    public init(directory: String) {
        self.directory = directory
    }

    /// Verifies everything; `report` gets a line for each problem, with its file and row.
    ///
    /// Throws where the directory cannot be looked at.
    public func run(report: (String) -> Void) throws(StoreError) -> Summary {
        let visit = try DirectoryVisit(directory)
        var summary = Summary()
        for file in try visit.partitions() {
            var check = PartitionCheck(file: file)
            check.run { () throws(SQLiteError) in try visit.open(file.path) }
            summary.files += 1
            summary.series += check.seriesCount
            summary.profiles += check.profileCount
            summary.samples += check.sampleCount
            summary.rollups += check.rollupCount
            summary.bytes += FileSize.of(file.path).total
            summary.problems += check.problems.count
            for problem in check.problems.prefix(Self.mostLines) { report("\(file.path): \(problem)") }
            if check.problems.count > Self.mostLines {
                report("\(file.path): and \(check.problems.count - Self.mostLines) problems more")
            }
        }
        let documents = directory + "/documents.db"
        if try visit.databases().contains("documents.db") {
            summary.bytes += FileSize.of(documents).total
            do {
                for problem in try visit.open(documents).integrityProblems() {
                    summary.problems += 1
                    report("\(documents): \(problem)")
                }
            } catch {
                summary.problems += 1
                report("\(documents): \(error)")
            }
        }
        return summary
    }

    /// How many lines a file gets at most.
    private static let mostLines = 100
}

extension Connection {
    /// What SQLite's own check of the file's structure finds.
    func integrityProblems() throws(SQLiteError) -> [String] {
        let check = try prepare("PRAGMA integrity_check")
        defer { check.reset() }
        var problems: [String] = []
        while try check.step() {
            let line = String(decoding: check.blob(0), as: UTF8.self)
            if line != "ok" { problems.append(line) }
        }
        return problems
    }
}
