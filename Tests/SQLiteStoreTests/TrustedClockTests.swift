import Testing

@testable import SQLiteStore

private let hour: Int64 = 3_600_000_000_000
private let day = 24 * hour

private func reading(_ wall: Int64, _ running: Int64) -> TrustedClock.Reading {
    TrustedClock.Reading(wall: wall, running: running)
}

/// A clock that may be asked inside an expectation.
private final class Watch {
    private var clock: TrustedClock

    init(_ memory: TrustedClock.Memory?, now: TrustedClock.Reading, patience: Int64) {
        clock = TrustedClock(memory, now: now, patience: patience)
    }

    var distance: Int64? { clock.distance }
    var memory: TrustedClock.Memory { clock.memory }

    func isTrusted(_ now: TrustedClock.Reading) -> Bool { clock.isTrusted(now) }
}

@Suite struct TrustedClockTests {
    @Test func `a wall clock that goes on as the other one does is believed, also when it is corrected a little`() {
        let clock = Watch(nil, now: reading(1000 * day, 5), patience: day)
        for step in 1...50 as ClosedRange<Int64> {
            // Half an hour is lost in each day.
            let isBelieved = clock.isTrusted(reading(1000 * day + step * (day - hour / 2), 5 + step * day))
            #expect(isBelieved)
        }
    }

    @Test(arguments: [30 * day, 2 * hour, -2 * hour, -30 * day])
    func `a jump is not believed until the clocks agree again`(_ jump: Int64) {
        let clock = Watch(nil, now: reading(1000 * day, 0), patience: day)
        #expect(clock.isTrusted(reading(1000 * day + hour, hour)))
        #expect(!clock.isTrusted(reading(1000 * day + 2 * hour + jump, 2 * hour)))
        #expect(clock.distance == jump)
        #expect(!clock.isTrusted(reading(1000 * day + 3 * hour + jump, 3 * hour)))
        #expect(clock.isTrusted(reading(1000 * day + 4 * hour, 4 * hour)))
        #expect(clock.distance == nil)
    }

    @Test func `a new course is believed once it has been kept for as long as asked`() {
        let clock = Watch(nil, now: reading(1000 * day, 0), patience: day)
        for step in 1...24 as ClosedRange<Int64> {
            #expect(!clock.isTrusted(reading(1100 * day + step * hour, step * hour)))
        }
        #expect(clock.isTrusted(reading(1100 * day + 25 * hour, 25 * hour)))
        #expect(clock.isTrusted(reading(1100 * day + 26 * hour, 26 * hour)))
    }

    @Test func `each further jump begins the wait anew`() {
        let clock = Watch(nil, now: reading(1000 * day, 0), patience: day)
        for step in 1...100 as ClosedRange<Int64> {
            #expect(!clock.isTrusted(reading(1000 * day + step * 10 * day, step * hour)))
        }
    }

    @Test func `without patience every time is believed`() {
        let clock = Watch(nil, now: reading(1000 * day, 0), patience: 0)
        #expect(clock.isTrusted(reading(2000 * day, 1)))
        #expect(clock.isTrusted(reading(10 * day, 2)))
    }

    @Test(arguments: [(hour, true), (20 * hour, true), (3 * day, false), (-2 * hour, false)] as [(Int64, Bool)])
    func `after a stop the wall clock is believed if it is less than a day ahead of where it was`(
        _ gap: Int64, _ isBelieved: Bool
    ) {
        let memory = TrustedClock.Memory(wall: 1000 * day)
        let clock = Watch(memory, now: reading(1000 * day + gap, 7), patience: day)
        #expect(clock.isTrusted(reading(1000 * day + gap + hour, 7 + hour)) == isBelieved)
    }

    @Test func `what was waited counts on across stops`() {
        var memory: TrustedClock.Memory? = TrustedClock.Memory(wall: 1000 * day)
        // Eight hours a day, as on a developer's machine that was off for a month before.
        for session in 0..<4 as Range<Int64> {
            let start = 1030 * day + session * day
            let clock = Watch(memory, now: reading(start, 0), patience: day)
            var isBelieved = false
            for step in 1...8 as ClosedRange<Int64> {
                isBelieved = clock.isTrusted(reading(start + step * hour, step * hour))
            }
            #expect(isBelieved == (session >= 2))
            let text = clock.memory.text
            memory = TrustedClock.Memory(text: text)
            #expect(memory == clock.memory)
        }
    }

    @Test(arguments: ["", "1 2", "a b c", "1 2 3 4"])
    func `a memory that cannot be read is none`(_ text: String) {
        #expect(TrustedClock.Memory(text: text) == nil)
    }

    @Test func `the ends of time overflow nothing`() {
        for wall in [Int64.min, .max] {
            let clock = Watch(
                TrustedClock.Memory(wall: ~wall, steady: .max), now: reading(wall, .max), patience: day)
            #expect(clock.distance == wall)
            // Only the end of time that was left is believed.
            #expect(clock.isTrusted(reading(.max, .min)) == (wall == .min))
            #expect(clock.isTrusted(reading(.min, .min)) == (wall == .max))
            // By then any course has been kept for long enough.
            #expect(clock.isTrusted(reading(0, .max)))
        }
    }
}
