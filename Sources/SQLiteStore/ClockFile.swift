import Glibc
import Model
import Store

/// Where a data directory keeps what is known of the wall clock.
struct ClockFile: Sendable {
    let directory: String

    private var path: String { directory + "/clock" }

    /// What an earlier run has left; where it left nothing, the newest change of a file tells a time that has been.
    func read(_ files: [PartitionFile]) -> TrustedClock.Memory? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor >= 0 {
            defer { close(descriptor) }
            var bytes = [UInt8](repeating: 0, count: 100)
            let count = Glibc.read(descriptor, &bytes, bytes.count)
            if let memory = TrustedClock.Memory(text: String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)) {
                return memory
            }
        }
        let changes = files.compactMap { file -> Int64? in
            var status = stat()
            guard stat(file.path, &status) == 0 else { return nil }
            return Int64(status.st_mtim.tv_sec).saturatingMultiply(1_000_000_000)
        }
        return changes.max().map { TrustedClock.Memory(wall: $0) }
    }

    /// Replaces the file.
    ///
    /// It is not synced: one that is older makes a stop look longer, and less is deleted.
    func write(_ memory: TrustedClock.Memory) {
        let fresh = path + ".new"
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return }
        let bytes = Array(memory.text.utf8)
        let isWritten = Glibc.write(descriptor, bytes, bytes.count) == bytes.count
        close(descriptor)
        if isWritten { rename(fresh, path) }
    }
}

extension TrustedClock.Reading {
    /// Both clocks now; the second one goes on while the machine sleeps.
    static var now: TrustedClock.Reading {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return TrustedClock.Reading(
            wall: WallClock.nanoseconds, running: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }
}
