import Glibc

/// The processor time that writing profiles took, step by step, in nanoseconds.
public struct WriteSteps: Sendable, Equatable {
    /// Finding series and stacks, and putting samples into their order.
    public internal(set) var intern: Int64 = 0
    /// Making blobs of samples.
    public internal(set) var encode: Int64 = 0
    /// SQLite's share: rows, indices, the log and its sync.
    public internal(set) var commit: Int64 = 0

    /// Adds what other writes took.
    static func += (left: inout WriteSteps, right: WriteSteps) {
        left.intern += right.intern
        left.encode += right.encode
        left.commit += right.commit
    }
}

/// Takes the processor time of this thread from one step to the next.
struct StepClock {
    private var last = Self.now

    /// What has passed since the step before ended.
    mutating func lap() -> Int64 {
        let now = Self.now
        defer { last = now }
        return now - last
    }

    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
