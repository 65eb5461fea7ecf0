import Testing

/// What breaks around the program, and what must hold all the same.
///
/// `Tests/BinaryTests/faults.sh` runs the same for longer.
@Suite(.enabled(if: Program.path != nil, "no binary was built; run make release"), .serialized)
struct FaultTests {
    private func passes(_ script: String, under command: String = "") {
        let result = Program.script(script, under: command)
        #expect(result.status == 0, "\(result.output)")
    }

    @Test func `every acknowledged profile survives kill -9, once`() { passes("crash.py --rounds 8") }

    @Test func `SIGTERM finishes what runs and loses nothing`() { passes("crash.py --rounds 3 --term") }

    @Test(.enabled(if: Program.canMount, "mounting a small tmpfs needs root"))
    func `a full disk refuses pushes and nothing else, until there is room`() {
        passes("diskfull.py", under: "unshare -m")
    }

    @Test(.enabled(if: Program.hasCompiler, "cc or the headers of SQLite are missing"))
    func `nothing is acknowledged after a sync that failed`() { passes("ioerror.py") }

    @Test(.enabled(if: Program.hasCompiler, "cc or the headers of SQLite are missing"))
    func `every acknowledged profile survives a cut of power, whatever becomes of what was not synced`() {
        passes("powerloss.py")
    }

    @Test func `a flipped bit is noticed, its file is set aside and named, and the rest is served`() {
        passes("flips.py --copies 60 --logs 20")
    }

    @Test func `rollups and migrations that are cut short lose nothing`() { passes("midway.py") }

    @Test func `a directory in use is refused`() { passes("sharing.py") }

    @Test func `64 readers see whole moments while profiles come in`() { passes("readers.py --seconds 4") }

    @Test func `a push that is sent again and again is stored once`() { passes("retries.py") }
}
