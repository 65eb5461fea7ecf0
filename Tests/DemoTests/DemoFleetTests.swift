import Demo
import Model
import Selectors
import Store
import Testing

@Suite struct DemoFleetTests {
    private let start: Int64 = 1_800_000_000_000_000_000

    @Test func `the fleet is the same whenever it is asked for the same time`() {
        let first = DemoFleet(seed: 3).profiles(at: start)
        let second = DemoFleet(seed: 3).profiles(at: start)
        #expect(first.map(\.samples) == second.map(\.samples) && first.map(\.id) == second.map(\.id))
        #expect(DemoFleet(seed: 4).profiles(at: start).map(\.samples) != first.map(\.samples))
    }

    @Test func `every profile could have been pushed`() {
        for profile in DemoFleet().profiles(at: start) {
            #expect(profile.symbols.isConsistent)
            #expect(profile.samples.stacks == profile.samples.stacks.sorted())
            #expect(profile.samples.values.allSatisfy { $0 > 0 })
            #expect(profile.samples.spans.isEmpty || profile.samples.spans.count == profile.samples.count)
            #expect(profile.series["__service_name__"] == profile.series["service_name"])
            #expect(profile.series["__profile_type__"].utf8.filter { $0 == UInt8(ascii: ":") }.count == 4)
        }
    }

    @Test func `times are a grid that ranges divide without overlap`() {
        let step = DemoFleet.interval
        let whole = DemoFleet.times(from: start + 1, to: start + 10 * step)
        let halves =
            DemoFleet.times(from: start + 1, to: start + 4 * step + 7)
            + DemoFleet.times(from: start + 4 * step + 7, to: start + 10 * step)
        #expect(whole == halves && whole.count == 9)
    }

    @Test func `the cart leaks and the new checkout spends more on serialising`() {
        let fleet = DemoFleet()
        func total(_ type: Text, _ labels: [(Text, Text)], at time: Int64) -> Int64 {
            fleet.profiles(at: time).filter { profile in
                profile.series["__profile_type__"].hasPrefix(type)
                    && labels.allSatisfy { profile.series[$0.0] == $0.1 }
            }.reduce(0) { $0 + $1.samples.total }
        }
        // Two hours are one life of the leak.
        let early = start / 7_200_000_000_000 * 7_200_000_000_000
        let cart: [(Text, Text)] = [("service_name", "cart"), ("pod", "cart-0")]
        #expect(
            total("memory:inuse_space", cart, at: early + 7_000_000_000_000)
                > 3 * total("memory:inuse_space", cart, at: early))
        let old = total("process_cpu:cpu", [("service_name", "checkout"), ("version", "1.4.2")], at: early)
        let new = total("process_cpu:cpu", [("service_name", "checkout"), ("version", "1.5.0")], at: early)
        #expect(new > old)
    }
}
