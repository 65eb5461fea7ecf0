import Glibc

/// Pushes over many keep-alive connections from one thread, so that the client costs the machine little.
struct LoadClient {
    struct Result {
        /// From when a push was due to its answer, in seconds.
        var waits: [Double] = []
        var wall = 0.0
        /// What the client itself used, in seconds of CPU.
        var clientCPU = 0.0
        var failures = 0
        var rate: Double { Double(waits.count) / wall }
    }

    let address: ServerAddress
    let connections: Int

    /// Pushes a part of a fleet: as fast as answers come, or `rate` a second whatever comes back.
    ///
    /// With a rate, a push that finds no connection free waits, and its wait counts. `observe` is called ten times a second.
    func push(_ fleet: FleetFile, _ range: Range<Int>, rate: Double? = nil, observe: () -> Void) -> Result {
        var result = Result()
        let pool = (0..<connections).map { _ in HTTPConnection(address) }
        var due = [Double](repeating: 0, count: connections)
        var isBusy = [Bool](repeating: false, count: connections)
        var interests = pool.map { pollfd(fd: $0.file, events: 0, revents: 0) }
        var next = range.lowerBound
        var open = 0
        let cpu = Clock.thread
        let start = Clock.wall
        var lastObserved = start
        result.waits.reserveCapacity(range.count)

        func dueTime(_ index: Int) -> Double {
            rate.map { start + Double(index - range.lowerBound) / $0 } ?? 0
        }
        func settle(_ slot: Int) {
            guard pool[slot].advance() == .done else { return }
            result.waits.append(Clock.wall - due[slot])
            isBusy[slot] = false
            open -= 1
            if pool[slot].response.status != 200 {
                result.failures += 1
                if result.failures == 1 {
                    let answer = String(decoding: pool[slot].response.body.prefix(300), as: UTF8.self)
                    note("a push was answered with \(pool[slot].response.status): \(answer)")
                }
            }
        }

        while next < range.upperBound || open > 0 {
            var now = Clock.wall
            for slot in pool.indices where !isBusy[slot] && next < range.upperBound {
                let time = dueTime(next)
                guard time <= now else { break }
                let body = fleet.body(next)
                pool[slot].begin(
                    head: address.head(
                        "/push.v1.PusherService/Push", contentType: "application/proto", length: body.count),
                    body: body)
                due[slot] = rate == nil ? now : time
                isBusy[slot] = true
                open += 1
                next += 1
                settle(slot)
                now = Clock.wall
            }
            if now - lastObserved > 0.1 {
                lastObserved = now
                observe()
            }
            for slot in pool.indices {
                // A negative descriptor is skipped.
                interests[slot].fd = isBusy[slot] ? pool[slot].file : -1
                interests[slot].events = Int16(pool[slot].wantsWrite ? POLLOUT | POLLIN : POLLIN)
                interests[slot].revents = 0
            }
            let untilDue = next < range.upperBound && open < connections ? max(dueTime(next) - now, 0) : 0.1
            guard open > 0 || rate != nil else { continue }
            let milliseconds = min(untilDue, 0.1) * 1000
            guard poll(&interests, nfds_t(interests.count), Int32(milliseconds)) > 0 else {
                // The last part of a millisecond, which poll cannot wait for.
                if milliseconds < 1 { usleep(UInt32(min(milliseconds * 1000, 200))) }
                continue
            }
            for slot in pool.indices where isBusy[slot] && interests[slot].revents != 0 { settle(slot) }
        }
        result.wall = Clock.wall - start
        result.clientCPU = Clock.thread - cpu
        return result
    }
}
