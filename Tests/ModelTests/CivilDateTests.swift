import Model
import Testing

@Suite struct CivilDateTests {
    @Test(
        arguments: [
            (1970, 1, 1, 0), (1969, 12, 31, -1), (2024, 2, 29, 19_782), (2000, 3, 1, 11_017), (1900, 3, 1, -25_508),
            (2026, 11, 25, 20_782), (0, 1, 1, -719_528), (-1, 12, 31, -719_529),
        ] as [(Int64, Int64, Int64, Int64)])
    func `a date is so many days from the epoch`(_ year: Int64, _ month: Int64, _ day: Int64, _ days: Int64) {
        let date = CivilDate(year: year, month: month, day: day)
        #expect(date?.daysSinceEpoch == days)
        #expect(date == CivilDate(daysSinceEpoch: days))
    }

    @Test func `every day of eight centuries follows the one before`() {
        var previous = CivilDate(daysSinceEpoch: -146_098)
        for days in -146_097...146_097 as ClosedRange<Int64> {
            let date = CivilDate(daysSinceEpoch: days)
            #expect(date.daysSinceEpoch == days)
            #expect((date.year, date.month, date.day) > (previous.year, previous.month, previous.day))
            previous = date
        }
    }

    @Test(
        arguments: [
            (2023, 2, 29), (1900, 2, 29), (2024, 4, 31), (2024, 0, 1), (2024, 13, 1), (2024, 1, 0), (.max, 1, 1),
        ] as [(Int64, Int64, Int64)])
    func `a date that the calendar lacks is none`(_ year: Int64, _ month: Int64, _ day: Int64) {
        #expect(CivilDate(year: year, month: month, day: day) == nil)
    }

    @Test func `the ends of counting are dates too`() {
        #expect(CivilDate(daysSinceEpoch: .max).year > 25_000_000_000_000_000)
        #expect(CivilDate(daysSinceEpoch: .min).year < -25_000_000_000_000_000)
    }

    @Test func `a date is written with two digits for month and day`() {
        #expect(CivilDate(daysSinceEpoch: 20_782).description == "2026-11-25")
        #expect(CivilDate(daysSinceEpoch: 0).description == "1970-01-01")
    }
}
