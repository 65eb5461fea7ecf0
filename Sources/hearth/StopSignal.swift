import Dispatch
import Glibc

/// Waits for the operator to stop the process.
enum StopSignal {
    /// Returns the name of the first SIGINT or SIGTERM; the next one ends the process at once.
    static func wait() async -> String {
        // The default action would end the process before a handler runs.
        let numbers = [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")]
        for (number, _) in numbers { signal(number, SIG_IGN) }
        let (names, received) = AsyncStream.makeStream(of: String.self)
        let queue = DispatchQueue(label: "hearth.signals")
        let sources = numbers.map { number, name in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { received.yield(name) }
            source.resume()
            return source
        }
        let first = await names.first { _ in true } ?? "SIGTERM"
        for source in sources { source.cancel() }
        for (number, _) in numbers { signal(number, SIG_DFL) }
        return first
    }
}
