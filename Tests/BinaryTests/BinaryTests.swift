import Testing

@Suite(.enabled(if: Program.path != nil, "no binary was built; run make release"), .serialized)
struct BinaryTests {
    private let hearth = Program.path ?? ""

    @Test func `the version is one line`() {
        let (output, status) = Program.run("\(hearth) --version")
        #expect(status == 0 && output.hasPrefix("hearth ") && output.split(separator: "\n").count == 1)
    }

    @Test func `help names every command and setting`() {
        let help = Program.run("\(hearth) --help").output
        for command in ["serve", "demo", "check", "compact", "backup", "restore", "--version"] {
            #expect(help.contains(command))
        }
        let settings = Program.run("\(hearth) serve --help").output
        for word in ["--listen", "HEARTH_DATA_DIR", "--limits", "default 127.0.0.1:4040"] {
            #expect(settings.contains(word))
        }
    }

    @Test func `each setting is printed with where it came from`() {
        let (output, status) = Program.run("HEARTH_LOG_LEVEL=warn \(hearth) serve --listen a:1 --print-config")
        #expect(status == 0)
        #expect(output.contains("listen: a:1") && output.contains("# flag --listen"))
        #expect(output.contains("# environment HEARTH_LOG_LEVEL") && output.contains("# default"))
    }

    @Test(
        arguments: [
            ("nope", 2, "unknown command \"nope\""), ("serve --lisen x", 2, "did you mean --listen?"),
            ("serve --listen nonsense", 2, "listen must be an address and a port"),
            ("serve --relabel-rules /nope", 2, "relabel-rules: cannot read /nope"),
            ("serve --data-dir /proc/nope", 1, "cannot create directory /proc/nope"),
            ("serve --retention-by-type memory", 2, "retention-by-type must be types and ages"),
            ("serve --retention 14", 2, "retention must be a duration"),
            ("check /proc", 1, "/proc is no data directory"), ("check", 2, "expected a directory"),
            ("backup /proc", 2, "expected two directories"), ("restore --force a b", 2, "unknown flag --force"),
        ] as [(String, Int32, String)])
    func `a wrong call ends with one line and its status`(_ arguments: String, _ status: Int32, _ message: String) {
        let result = Program.run("\(hearth) \(arguments)")
        #expect(result.status == status)
        #expect(result.output.contains(message) && result.output.split(separator: "\n").count == 1)
    }

    @Test(arguments: ["--retention-by-type memory", "--listen nonsense", "--base-path x", "--tenant-limits /nope"])
    func `a setting that cannot be used ends the program before it makes a directory`(_ setting: String) {
        let result = Program.run(
            "D=$(mktemp -d); \(hearth) serve --data-dir $D/data \(setting); echo $? $(ls $D); rmdir $D")
        #expect(result.output.split(separator: "\n").last == "2", "\(result.output)")
    }

    @Test func `directories are backed up while in use, checked, restored and compacted`() {
        let result = Program.run("python3 \(Program.scripts)/directories.py \(hearth)")
        #expect(result.status == 0, "\(result.output)")
    }

    @Test
    func `kill -9 in the middle of retention and deletion loses nothing that must stay, and readers see no error`() {
        let result = Program.run("python3 \(Program.scripts)/retention.py \(hearth) 6")
        #expect(result.status == 0, "\(result.output)")
    }

    @Test(.enabled(if: Program.pythonWithPackages != nil, "pyroscope-io could not be installed from PyPI"))
    func `the Python SDK pushes, and its functions are in the flame graph`() {
        let result = Program.run("\(Program.pythonWithPackages ?? "") \(Program.scripts)/sdk.py \(hearth)")
        #expect(result.status == 0, "\(result.output)")
    }

    @Test(.enabled(if: Program.pythonWithPackages != nil, "grpcio and connectrpc could not be installed from PyPI"))
    func `every method of the querier answers over gRPC and over Connect`() {
        let result = Program.run("\(Program.pythonWithPackages ?? "") \(Program.scripts)/rpc.py \(hearth)")
        #expect(result.status == 0, "\(result.output)")
    }

    @Test func `what was made to fill memory is refused, at memory that stays flat`() async {
        let result = await Program.runAside("python3 \(Program.scripts)/bombs.py \(hearth)")
        #expect(result.status == 0, "\(result.output)")
    }

    @Test(.enabled(if: Program.hasJDK, "no JDK is installed"))
    func `a recording of the JDK itself gives the profiles that the JDK's own tool counts`() {
        let result = Program.run("python3 \(Program.scripts)/jdk.py \(hearth)")
        #expect(result.status == 0, "\(result.output)")
    }

    @Test func `a file of rules is taken over when it changes, and a broken one changes nothing`() {
        let result = Program.run("python3 \(Program.scripts)/rules.py \(hearth)")
        #expect(result.status == 0, "\(result.output)")
    }
}
