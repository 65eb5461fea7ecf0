import Glibc
import SQLiteStore

/// The commands that work on directories: `check`, `compact`, `backup` and `restore`.
enum DirectoryCommands {
    static func check(_ arguments: [String]) {
        let directory = read(arguments, 1, checkHelp)[0]
        do {
            let summary = try DirectoryCheck(directory: directory).run { print($0) }
            print(
                """
                \(summary.files) files, \(summary.series) series, \(summary.profiles) profiles, \(summary.samples) samples, \
                \(summary.rollups) rollups, \(summary.bytes) bytes: \(summary.problems) problems
                """)
            if summary.problems > 0 { exit(1) }
        } catch {
            Usage.fail("\(error)", status: 1)
        }
    }

    static func compact(_ arguments: [String]) async {
        let directory = read(arguments, 1, compactHelp)[0]
        do {
            let (before, after) = try await DirectoryCompaction(directory: directory).run { print($0) }
            print("\(before) bytes before, \(after) after")
        } catch {
            Usage.fail("\(error)", status: 1)
        }
    }

    static func backup(_ arguments: [String]) {
        let directories = read(arguments, 2, backupHelp)
        do {
            let (files, bytes) = try DirectoryBackup(directory: directories[0]).run(to: directories[1])
            print("\(directories[1]): \(files) files, \(bytes) bytes")
        } catch {
            Usage.fail("\(error)", status: 1)
        }
    }

    static func restore(_ arguments: [String]) {
        let directories = read(arguments, 2, restoreHelp)
        do {
            let (files, bytes) = try DirectoryRestore(backup: directories[0]).run(to: directories[1]) { print($0) }
            print("\(directories[1]): \(files) files, \(bytes) bytes")
        } catch {
            Usage.fail("\(error)", status: 1)
        }
    }

    /// The directories of a call; prints the help where it is asked for, and ends where the call is wrong.
    private static func read(_ arguments: [String], _ count: Int, _ help: String) -> [String] {
        if arguments.contains("--help") || arguments.contains("-h") {
            print(help)
            exit(0)
        }
        let usage = help.prefix { $0 != "\n" }
        if let flag = arguments.first(where: { $0.hasPrefix("-") }) { Usage.fail("unknown flag \(flag); \(usage)") }
        guard arguments.count == count, arguments.allSatisfy({ !$0.isEmpty }) else {
            Usage.fail("expected \(count == 1 ? "a directory" : "two directories"); \(usage)")
        }
        return arguments
    }

    private static let checkHelp = """
        Usage: hearth check DIRECTORY

        Verifies all that a data directory or a backup holds: the structure of every file, the checksum of every blob, every
        reference to a stack, symbol, service or series, each profile's total, and each rollup against its profiles. Changes
        nothing. Prints a line for each problem, with its file and row, and counts at the end.

        A server may run on the directory; each file is then read from one snapshot.

        Ends with 0 if all is well, and with 1 if there are problems or the directory cannot be read.
        """

    private static let compactHelp = """
        Usage: hearth compact DIRECTORY

        Sums up what is ready, removes what nothing refers to any more, such as the symbols of deleted profiles' services,
        rewrites each file without free space, and brings files of older versions up to date. Prints the bytes of each file
        before and after.

        No server may run on the directory. Each file takes its size once more while it is rewritten.
        """

    private static let backupHelp = """
        Usage: hearth backup DIRECTORY TARGET

        Copies a data directory to TARGET, which must not be there or be empty. A server may run on the directory: the copy has
        all that was acknowledged before it began, and of what comes meanwhile whole profiles only. Retention waits until the
        copy is done. TARGET appears when it is complete and synced.
        """

    private static let restoreHelp = """
        Usage: hearth restore BACKUP TARGET

        Verifies a backup, as hearth check does, and makes a data directory of it at TARGET, which must not be there or be
        empty. With any problem nothing is restored.
        """
}
