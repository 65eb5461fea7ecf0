import Dispatch
import Model
import Store
import Synchronization

/// Takes appends from any task and commits those that wait together, on a queue of its own.
///
/// While one commit syncs, others gather; so a sync is paid once for all of them.
///
/// Unchecked because `writers` is touched only on `queue`, which is serial; everything else is immutable or behind a lock.
final class GroupCommit: @unchecked Sendable {
    private struct Append: Sendable {
        let profiles: [NewProfile]
        let tenant: Tenant
        let done: CheckedContinuation<Void, any Error>
    }

    private struct Waiting: Sendable {
        var appends: [Append] = []
        var isDraining = false
        var isClosed = false
        var commits = 0
    }

    private struct FileKey: Hashable {
        let tenant: Tenant
        let day: Int64
    }

    private let catalogue: FileCatalogue
    private let queue = DispatchQueue(label: "hearth.sqlite.writer", qos: .userInitiated)
    private let waiting = Mutex(Waiting())
    private var writers: [FileKey: PartitionWriter] = [:]
    /// Files in the order of their last use, the latest last.
    private var recent: [FileKey] = []

    private static let maxOpenFiles = 8

    init(catalogue: FileCatalogue) {
        self.catalogue = catalogue
    }

    /// How many transactions were committed; fewer than appends when these came close together.
    var commits: Int { waiting.withLock { $0.commits } }

    /// Returns when the profiles are synced.
    func append(_ profiles: [NewProfile], for tenant: Tenant) async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            enum Next { case refuse, wait, drain }
            let next = waiting.withLock { waiting -> Next in
                guard !waiting.isClosed else { return .refuse }
                waiting.appends.append(Append(profiles: profiles, tenant: tenant, done: done))
                defer { waiting.isDraining = true }
                return waiting.isDraining ? .wait : .drain
            }
            switch next {
            case .refuse: done.resume(throwing: StoreError(.closed, "the store is closed"))
            case .wait: break
            case .drain: queue.async { self.drain() }
            }
        }
    }

    /// Refuses further appends and returns when those before are done and all files are closed.
    func close() async {
        waiting.withLock { $0.isClosed = true }
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            queue.async {
                self.drain()
                self.writers = [:]
                self.recent = []
                done.resume()
            }
        }
    }

    private func drain() {
        while true {
            let appends = waiting.withLock { waiting in
                defer { waiting.appends = [] }
                if waiting.appends.isEmpty { waiting.isDraining = false }
                return waiting.appends
            }
            guard !appends.isEmpty else { return }
            commit(appends)
        }
    }

    private func commit(_ appends: [Append]) {
        // What each file gets, and which appends depend on it.
        var profiles: [FileKey: [NewProfile]] = [:]
        var dependents: [FileKey: [Int]] = [:]
        for (index, append) in appends.enumerated() {
            for profile in append.profiles {
                let key = FileKey(tenant: append.tenant, day: PartitionFile.day(of: profile.time))
                profiles[key, default: []].append(profile)
                if dependents[key, default: []].last != index { dependents[key, default: []].append(index) }
            }
        }
        var failures: [Int: any Error] = [:]
        for (key, profiles) in profiles {
            do {
                try writer(key).write(profiles)
                waiting.withLock { $0.commits += 1 }
            } catch {
                // Its memory may be ahead of the file now.
                writers[key] = nil
                for index in dependents[key] ?? [] { failures[index] = Self.storeError(error, key) }
            }
        }
        for (index, append) in appends.enumerated() {
            if let failure = failures[index] {
                append.done.resume(throwing: failure)
            } else {
                append.done.resume()
            }
        }
    }

    private func writer(_ key: FileKey) throws -> PartitionWriter {
        recent.removeAll { $0 == key }
        recent.append(key)
        if let known = writers[key] { return known }
        let file = try catalogue.file(tenant: key.tenant, day: key.day)
        let writer = try PartitionWriter(file)
        try catalogue.syncDirectory(of: file)
        writers[key] = writer
        if recent.count > Self.maxOpenFiles { writers[recent.removeFirst()] = nil }
        return writer
    }

    private static func storeError(_ error: any Error, _ key: FileKey) -> any Error {
        switch error {
        case let error as SQLiteError:
            // 13 is SQLITE_FULL.
            return StoreError(
                error.primaryCode == 13 ? .full : .failed, "writing day \(key.day) of tenant \(key.tenant): \(error)")
        default: return error
        }
    }
}
