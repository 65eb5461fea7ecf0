import CCheckedFile
import Glibc
import Store
import Synchronization

/// Whether the disk keeps what is written.
///
/// Once it did not, nothing more is accepted.
///
/// After a failed sync the kernel may have dropped the pages that it could not write and call the next sync a success; only a
/// new start, which reads the file as it is, can tell what is there.
final class Health: Sendable {
    private let state = Mutex<StoreError?>(nil)
    /// How many syncs had failed before this store was opened.
    private let earlierFailures = cchecked_failed_syncs()

    /// The error after which nothing is accepted, or nil.
    var failure: StoreError? {
        state.withLock { state in
            // Every failed sync counts, also those whose error SQLite keeps to itself.
            if state == nil && cchecked_failed_syncs() != earlierFailures { state = Self.failure("a sync failed") }
            return state
        }
    }

    private static func failure(_ what: String) -> StoreError {
        StoreError(.unhealthy, "\(what): \(StoreError.afterDiskFailure)")
    }

    /// The error for callers; one of the disk is remembered.
    func judge(_ error: any Error, _ what: String) -> any Error {
        if let error = error as? StoreError {
            if error.code == .unhealthy { remember(error) }
            return error
        }
        guard let error = error as? SQLiteError else { return error }
        if error.isFull { return StoreError(.full, "\(what): the disk is full: \(error)") }
        if error.isDamage { return StoreError(.damaged, "\(what): \(error)") }
        guard error.isDiskFailure else { return StoreError(.failed, "\(what): \(error)") }
        let failure = Self.failure("\(what): \(error)")
        remember(failure)
        return failure
    }

    private func remember(_ failure: StoreError) {
        state.withLock { $0 = $0 ?? failure }
    }
}

extension StoreError {
    fileprivate static let afterDiskFailure = "the disk failed, nothing is accepted until hearth is started again"

    /// What the operating system reported for `what`, by its `errno`.
    static func system(_ what: String, _ number: Int32 = errno) -> StoreError {
        let code: Code
        switch number {
        case ENOSPC, EDQUOT: code = .full
        case EIO: code = .unhealthy
        default: code = .failed
        }
        let end = code == .unhealthy ? ": \(afterDiskFailure)" : ""
        return StoreError(code, "cannot \(what): \(String(cString: strerror(number)))\(end)")
    }
}
