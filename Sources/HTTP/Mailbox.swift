import CPosix
import Synchronization

/// What tasks leave for an event loop: the only way in from another thread.
final class Mailbox: Sendable {
    enum Letter: Sendable {
        /// The answer to a connection's request.
        case answer(connection: UInt64, stream: Int32, Response)
        /// Stop accepting, finish what runs, close by the deadline.
        case stop(deadline: ContinuousClock.Instant)
    }

    private let letters = Mutex<[Letter]>([])
    let event: Int32

    init() throws(StartError) {
        event = cposix_event_create()
        guard event >= 0 else { throw StartError(description: "cannot create an eventfd: \(errorText(Int(event)))") }
    }

    deinit { _ = cposix_close(event) }

    func post(_ letter: Letter) {
        // Whoever finds others waiting was preceded by somebody who signals for all of them.
        let isFirst = letters.withLock { letters in
            defer { letters.append(letter) }
            return letters.isEmpty
        }
        if isFirst { _ = cposix_event_signal(event) }
    }

    func takeAll() -> [Letter] {
        // Cleared first: what is posted after the letters are taken signals again.
        _ = cposix_event_clear(event)
        return letters.withLock { letters in
            defer { letters = [] }
            return letters
        }
    }
}

/// The text of a negative errno.
func errorText(_ code: Int) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    return buffer.withUnsafeMutableBufferPointer { buffer in
        guard let text = cposix_error_text(Int32(truncatingIfNeeded: code), buffer.baseAddress, buffer.count) else {
            return "error \(-code)"
        }
        return String(cString: text)
    }
}
