import CPosix
import Settings

/// `hearth serve` and `hearth demo`: reads settings, builds the parts, serves until it is told to stop.
enum ServeCommand {
    static func run(_ arguments: [String], withDemo: Bool = false) async {
        guard !arguments.contains("--help") && !arguments.contains("-h") else {
            print(Usage.help(withDemo ? "demo" : "serve"))
            return
        }
        guard let configuration = configuration(arguments) else { return }
        cposix_tune_allocator()
        cposix_raise_file_limit()
        do {
            try await Service(configuration).run(withDemo: withDemo)
        } catch {
            Usage.fail("\(error)", status: 1)
        }
    }

    /// What is to be served; nil where the call only asked to see it.
    ///
    /// A setting that cannot be used ends the program here.
    private static func configuration(_ arguments: [String]) -> ServeConfiguration? {
        do throws(SettingError) {
            let table = try ServeSettings.table(arguments)
            guard !table.flag("print-config") else {
                print(table.listing, terminator: "")
                return nil
            }
            return try ServeConfiguration(table, arguments: arguments)
        } catch {
            Usage.fail("\(error)")
        }
    }
}
