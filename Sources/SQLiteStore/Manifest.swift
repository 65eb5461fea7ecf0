import Glibc
import Store

/// The list of a backup's files, by which one that is incomplete is told from one that is whole.
struct Manifest {
    struct Entry: Equatable {
        /// The path below the backup.
        let name: String
        let bytes: Int
    }

    private static let firstLine = "hearth backup 1"
    private static let file = "manifest"

    let entries: [Entry]

    init(entries: [Entry]) {
        self.entries = entries
    }

    /// Reads the list of a backup.
    init(of directory: String) throws(StoreError) {
        let path = "\(directory)/\(Self.file)"
        guard let stream = fopen(path, "re") else {
            throw StoreError(.unusable, "\(directory) is no complete backup: it has no \(Self.file)")
        }
        defer { fclose(stream) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { text += buffer[..<count] }
        let lines = text.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
        guard lines.first == Self.firstLine, lines.last == "end" else {
            throw StoreError(.damaged, "\(path) is not what this program writes, or is cut short")
        }
        var entries: [Entry] = []
        for line in lines.dropFirst().dropLast() {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, let bytes = Int(parts[0]), Self.isInside(parts[1]) else {
                throw StoreError(.damaged, "\(path): \"\(line)\" is no file of a backup")
            }
            entries.append(Entry(name: String(parts[1]), bytes: bytes))
        }
        self.entries = entries
    }

    /// Whether a path stays below the backup.
    private static func isInside(_ name: Substring) -> Bool {
        name.first != "/" && name.split(separator: "/").allSatisfy { $0 != ".." && $0 != "." }
    }

    /// Writes the list into a backup, synced.
    func write(to directory: String) throws(StoreError) {
        let text =
            ([Self.firstLine] + entries.map { "\($0.bytes) \($0.name)" } + ["end"]).joined(separator: "\n") + "\n"
        let path = "\(directory)/\(Self.file)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw StoreError.system("create \(path)") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw StoreError.system("write \(path)")
        }
    }
}
