import Glibc
import Model
import SQLiteStore
import Store

/// From starting the program to `/ready`, on a directory of some size, spread over two weeks.
struct StartBench {
    let options: Options
    let work: WorkDirectory

    func run(_ report: inout Report) async {
        let filler = StoreFiller(.long(options))
        // Drawn once and stored again and again: what counts is how much there is.
        let drawn = filler.plan.slots().suffix(1000).map(filler.profile)
        let directory = "\(work.path)/large"
        note("storing \(Format.megabytes(Double(options.startSize)))")
        let began = Clock.wall
        do {
            var store = try SQLiteStore(directory: directory)
            var round: Int64 = 0
            while true {
                if WorkDirectory.size(of: directory) >= options.startSize {
                    // Logs that were not checkpointed count only once they are closed.
                    await store.close()
                    if WorkDirectory.size(of: directory) >= options.startSize { break }
                    store = try SQLiteStore(directory: directory)
                }
                // Some thousand profiles of one day, each day of two weeks in turn.
                let end = filler.plan.range.upperBound - (round % 13) * FleetPlan.day - round * 1_000_000
                await StoreFiller.fill(store, count: 4000) { index in
                    var profile = drawn[index % drawn.count]
                    profile.time = end - Int64(index) * 10_000_000_000
                    profile.id = ProfileID(high: UInt64(bitPattern: profile.time), low: 2)
                    return profile
                }
                round += 1
            }
        } catch {
            fatal("start: \(error)")
        }
        let size = Double(WorkDirectory.size(of: directory))
        note("stored \(Format.megabytes(size)) in \(Format.short(Clock.wall - began)) s")
        var times: [Double] = []
        var resident = 0
        for _ in 0..<5 {
            let server = ServerProcess(options.binary, data: directory, log: "\(work.path)/log")
            times.append(server.startTime)
            Clock.sleep(0.5)
            resident = max(resident, server.figures.resident)
            server.stop()
        }
        report.begin("Start on \(Format.megabytes(size))")
        report.add("from start to ready, p50 of 5", Samples(times).median, atMost: 1, Format.milliseconds)
        report.add("worst", Format.milliseconds(Samples(times).most))
        report.add("resident after it", Double(resident), atMost: 60e6, Format.megabytes)
        WorkDirectory.remove(directory)
    }
}
