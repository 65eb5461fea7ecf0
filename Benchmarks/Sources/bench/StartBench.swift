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
        let anHour = filler.plan.slots().prefix(60)
        let directory = "\(work.path)/large"
        note("storing \(Format.megabytes(Double(options.startSize)))")
        let began = Clock.wall
        do {
            let store = try SQLiteStore(directory: directory)
            var round: Int64 = 0
            while WorkDirectory.size(of: directory) < options.startSize {
                // An hour of a day of many pods at a time, each day in turn.
                var slots: [FleetPlan.Slot] = []
                for slot in anHour {
                    for step in 0..<40 {
                        let ordinal = slot.ordinal * 40 + step + Int(round) * 2400
                        let time = slot.time + Int64(step) * 1_000_000 + round * 1000
                        slots.append(FleetPlan.Slot(pod: 0, kind: .cpu, time: time, ordinal: ordinal))
                    }
                }
                let (day, hour) = (round % 13, round / 13 % 11)
                await filler.fill(store, slots, shiftedBy: hour * FleetPlan.hour - day * FleetPlan.day)
                round += 1
            }
            await store.close()
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
