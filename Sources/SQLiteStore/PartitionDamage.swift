import Store

/// A file that holds what was never written into it; it is set aside, and the rest is served.
struct PartitionDamage: Error, CustomStringConvertible {
    let file: PartitionFile
    let reason: String

    var description: String { "\(file.path) is damaged: \(reason)" }

    init(file: PartitionFile, reason: String) {
        self.file = file
        self.reason = reason
    }

    /// The damage that an error of a file tells of; nil for any other error, as a full disk, a lock or a lack of descriptors.
    init?(_ error: any Error, in file: PartitionFile) {
        switch error {
        case let error as PartitionDamage: self = error
        case let error as SQLiteError where error.isDamage: self.init(file: file, reason: "\(error)")
        case let error as BlobDamage: self.init(file: file, reason: "\(error)")
        case let error as StoreError where error.code == .damaged: self.init(file: file, reason: error.message)
        default: return nil
        }
    }
}
