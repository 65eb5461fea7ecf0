import Model

/// Decides whether the wall clock may be believed when data is to be deleted for its age.
///
/// A second clock counts how long the machine has run, and nobody can set it. While both agree within an hour, the wall
/// clock is believed. When they part, either the wall clock jumped or the machine stood still, and nothing tells which; so
/// it is believed again only when both agree again, or when it has kept its new course for a day of running. Across a stop of
/// the program nothing counts on, so a wall clock that is more than a day ahead of where it was left is held in the same way.
/// What was counted of that day is kept across stops.
struct TrustedClock: Sendable {
    /// Both clocks at one moment, in nanoseconds.
    struct Reading: Sendable {
        /// The wall clock: since the Unix epoch.
        var wall: Int64
        /// The clock that only runs: since anything.
        var running: Int64
    }

    /// A wall clock that is not believed.
    private struct Doubt: Equatable, Sendable {
        /// How far it is from where it should be.
        var distance: Int64
        /// For how long it has kept that distance.
        var steady: Int64
    }

    private static let tolerance: Int64 = 3_600_000_000_000
    private static let longestStop: Int64 = 86_400_000_000_000

    /// For how long a wall clock must keep its course; 0 believes it always.
    private let patience: Int64
    /// The last wall time that was believed, moved on by what the other clock counted since.
    private var wall: Int64
    private var running: Int64
    private var doubt: Doubt?
    /// By how much it was off when that was last reported.
    var reported: Int64?

    /// Begins with what an earlier run has left, if any.
    init(_ memory: Memory?, now: Reading, patience: Int64) {
        self.patience = patience
        wall = now.wall
        running = now.running
        guard let memory else { return }
        let ahead = now.wall.saturatingSubtract(memory.wall)
        guard ahead < -Self.tolerance || ahead > Self.longestStop else { return }
        wall = memory.wall
        // The same course as before the stop, but for the time that the stop took.
        let further = ahead.saturatingSubtract(memory.distance)
        let isSame = memory.distance != 0 && further > -Self.tolerance && further <= Self.longestStop
        doubt = Doubt(distance: ahead, steady: isSame ? memory.steady : 0)
    }

    /// By how much the wall clock is off; nil while it is believed.
    var distance: Int64? { doubt?.distance }

    /// Takes a reading; tells whether its wall time may be believed.
    mutating func isTrusted(_ now: Reading) -> Bool {
        let elapsed = max(0, now.running.saturatingSubtract(running))
        let expected = wall.saturatingAdd(elapsed)
        let distance = now.wall.saturatingSubtract(expected)
        var believes = patience <= 0 || distance.magnitude <= Self.tolerance
        if !believes {
            if let known = doubt, distance.saturatingSubtract(known.distance).magnitude <= Self.tolerance {
                doubt = Doubt(distance: known.distance, steady: known.steady.saturatingAdd(elapsed))
                believes = known.steady.saturatingAdd(elapsed) >= patience
            } else {
                doubt = Doubt(distance: distance, steady: 0)
            }
        }
        wall = believes ? now.wall : expected
        running = now.running
        if believes { doubt = nil }
        return believes
    }

    /// What the next run is to know.
    struct Memory: Equatable, Sendable {
        /// The last wall time that was believed, moved on by what has run since.
        var wall: Int64
        /// How far the wall clock was from it; 0 where it is believed.
        var distance: Int64 = 0
        /// For how long it had kept that distance.
        var steady: Int64 = 0
    }

    var memory: Memory { Memory(wall: wall, distance: doubt?.distance ?? 0, steady: doubt?.steady ?? 0) }
}

extension TrustedClock.Memory {
    /// The three numbers as a line of text.
    var text: String { "\(wall) \(distance) \(steady)\n" }

    /// Reads the line; nil for anything else.
    init?(text: String) {
        let numbers = text.split(whereSeparator: { $0 == " " || $0 == "\n" }).map { Int64($0) }
        guard numbers.count == 3, let wall = numbers[0], let distance = numbers[1], let steady = numbers[2] else {
            return nil
        }
        self.init(wall: wall, distance: distance, steady: steady)
    }
}
