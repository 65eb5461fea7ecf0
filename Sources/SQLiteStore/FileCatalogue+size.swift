import Glibc
import Model
import Synchronization

/// Bytes of a partition file.
struct FileSize: Equatable, Sendable {
    /// The database itself.
    var database = 0
    /// Its write-ahead log and the log's index.
    var log = 0

    var total: Int { database + log }

    /// The bytes of a file and its log; 0 for what is not there.
    static func of(_ path: String) -> FileSize {
        FileSize(database: bytes(path), log: bytes(path + "-wal") + bytes(path + "-shm"))
    }

    private static func bytes(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}

/// The bytes of all partition files, as they were last measured.
final class DiskUse: Sendable {
    private let state = Mutex(FileSize())

    var size: FileSize { state.withLock { $0 } }

    func change(from old: FileSize, to new: FileSize) {
        state.withLock { state in
            state.database += new.database - old.database
            state.log += new.log - old.log
        }
    }
}

extension FileCatalogue {
    /// Takes over how large a file is now.
    func measure(_ file: PartitionFile) {
        file.size.withLock { size in
            // One that has left counts no more, whoever still measures it.
            guard let old = size else { return }
            let new = FileSize.of(file.path)
            use.change(from: old, to: new)
            size = new
        }
    }

    /// Measures all files; returns how many there are.
    func measureAll() -> Int {
        let all = files(of: nil, in: .all)
        for file in all { measure(file) }
        return all.count
    }

    /// Counts a file no more.
    func forget(_ file: PartitionFile) {
        file.size.withLock { size in
            if let old = size { use.change(from: old, to: FileSize()) }
            size = nil
        }
    }
}
