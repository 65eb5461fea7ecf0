import Dispatch
import Glibc

/// Hears when the operator wants the process to stop.
struct StopSignal {
    private static let numbers = [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")]
    private let names: AsyncStream<String>
    private let sources: [any DispatchSourceSignal]

    /// Listens from now on; until `wait` is called, a signal is kept.
    init() {
        // The default action would end the process before a handler runs.
        for (number, _) in Self.numbers { signal(number, SIG_IGN) }
        let (names, received) = AsyncStream.makeStream(of: String.self)
        let queue = DispatchQueue(label: "hearth.signals")
        self.names = names
        sources = Self.numbers.map { number, name in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { received.yield(name) }
            source.resume()
            return source
        }
    }

    /// Returns the name of the first SIGINT or SIGTERM; the next one ends the process at once.
    func wait() async -> String {
        let first = await names.first { _ in true } ?? "SIGTERM"
        for source in sources { source.cancel() }
        for (number, _) in Self.numbers { signal(number, SIG_DFL) }
        return first
    }
}
