import Synchronization

/// A file is being made or taken away at this moment; its day can be written again in a moment.
struct FileIsBusy: Error {}

/// Who reads a file, so that it is taken away only when nobody does.
final class FileUse: Sendable {
    private struct State: Sendable {
        var readers = 0
        var isLeaving = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Whether the file is being taken away: nobody may begin to read or write it.
    var isLeaving: Bool { state.withLock { $0.isLeaving } }

    func begin() {
        state.withLock { $0.readers += 1 }
    }

    func end() {
        let waiter = state.withLock { state in
            state.readers -= 1
            guard state.readers == 0 else { return nil as CheckedContinuation<Void, Never>? }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Notes that the file is being taken away.
    func leave() {
        state.withLock { $0.isLeaving = true }
    }

    /// Returns when nobody reads; asked once, by whoever takes the file away.
    func untilUnread() async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            let isUnread = state.withLock { state in
                if state.readers > 0 { state.waiter = done }
                return state.readers == 0
            }
            if isUnread { done.resume() }
        }
    }
}

/// Files that stay in place as long as this lives, as somebody reads them.
final class FileLease: Sendable {
    let files: [PartitionFile]

    /// The catalogue makes it under its lock, so that no file in it is being taken away.
    init(_ files: [PartitionFile]) {
        self.files = files
        for file in files { file.use.begin() }
    }

    deinit {
        for file in files { file.use.end() }
    }
}
