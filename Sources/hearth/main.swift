// Commands are few and each is a file; this one only tells them apart.
let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "serve": await ServeCommand.run(Array(arguments.dropFirst()))
case "demo": await ServeCommand.run(Array(arguments.dropFirst()), withDemo: true)
case "check": DirectoryCommands.check(Array(arguments.dropFirst()))
case "compact": await DirectoryCommands.compact(Array(arguments.dropFirst()))
case "backup": DirectoryCommands.backup(Array(arguments.dropFirst()))
case "restore": DirectoryCommands.restore(Array(arguments.dropFirst()))
case "--version", "version": print("hearth \(ProgramVersion.text)")
case nil, "--help", "-h", "help": print(Usage.text)
case .some(let other):
    Usage.fail("unknown command \"\(other)\"; see hearth --help")
}
