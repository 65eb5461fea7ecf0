import Glibc
import Settings

/// What the program is called by.
enum ProgramVersion {
    static let text = "0.1.0"
}

/// Help, and how a wrong call ends.
enum Usage {
    static let text = """
        Hearth keeps continuous profiles and answers Grafana as Pyroscope does.

        Usage: hearth COMMAND [--flag VALUE]…

        Commands:
          serve    Serves pushes and queries on one port
          demo     Serves a generated fleet: two hours of history, and new profiles every 15 s
          check    Verifies all that a data directory or a backup holds
          compact  Makes the files of a data directory as small as they can be
          backup   Copies a data directory, also while a server runs on it
          restore  Verifies a backup and makes a data directory of it

        hearth COMMAND --help says more. hearth serve --help lists the settings; each is also an environment variable and a key of --config.
        hearth --version prints the version.
        """

    static func help(_ command: String) -> String {
        "Usage: hearth \(command) [--flag VALUE]…\n\nSettings, by flag, environment variable or key of the file:\n\n"
            + SettingsTable.help(ServeSettings.rows)
    }

    /// Prints one line to standard error and ends with the status of a wrong call.
    static func fail(_ message: String, status: Int32 = 2) -> Never {
        let line = Array("hearth: \(message)\n".utf8)
        _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
        exit(status)
    }
}
