import Glibc
import Store

/// The first bytes of a database file (sqlite.org/fileformat2.html, the database header).
enum DatabaseHeader {
    private static let magic = Array("SQLite format 3\u{0}".utf8)

    /// The user version that a file's first page holds, without opening the file as a database; nil for an empty file.
    static func userVersion(of path: String) throws(StoreError) -> Int64? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open \(path)") }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: 100)
        let count = pread(descriptor, &header, header.count, 0)
        guard count >= 0 else { throw .system("read \(path)") }
        guard count != 0 else { return nil }
        guard count == header.count, header.starts(with: magic) else {
            throw StoreError(.damaged, "\(path): file is not a database")
        }
        return Int64(Int32(bitPattern: header[60..<64].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }))
    }
}
