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
        for command in ["serve", "demo", "--version"] { #expect(help.contains(command)) }
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
            ("serve --listen nonsense", 1, "listen must be an address and a port"),
            ("serve --data-dir /proc/nope", 1, "cannot create directory /proc/nope"),
        ] as [(String, Int32, String)])
    func `a wrong call ends with one line and its status`(_ arguments: String, _ status: Int32, _ message: String) {
        let result = Program.run("\(hearth) \(arguments)")
        #expect(result.status == status)
        #expect(result.output.contains(message) && result.output.split(separator: "\n").count == 1)
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
}
