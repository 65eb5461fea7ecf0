import CCheckedFile
import Glibc
import Store

/// A look into SQLite's write-ahead log before SQLite opens it (sqlite.org/fileformat2.html#the_write_ahead_log).
///
/// SQLite takes the first frame whose checksum is wrong for the end of what was written and drops the rest without a word, as is
/// right after a cut of power: then no commit, or the one that nobody waited for, lies behind it. More than that is damage, and so
/// is a wrong frame before the mark that `CCheckedFile` leaves behind what was synced.
struct WriteAheadLog {
    private let path: String

    private static let headerSize = 32
    private static let frameHeaderSize = 24

    init(_ path: String) {
        self.path = path
    }

    /// What is wrong with the log, or nil where it is whole, cut short or not there.
    func damage() throws(StoreError) -> String? {
        guard let file = fopen(path, "re") else {
            if errno == ENOENT { return nil }
            throw .system("open \(path)")
        }
        defer { fclose(file) }
        var header = [UInt8](repeating: 0, count: Self.headerSize)
        guard fread(&header, 1, header.count, file) == header.count else { return nil }
        let magic = Self.word(header, 0)
        let pageSize = Int(Self.word(header, 8))
        var sum = Checksum(isBigEndian: magic & 1 == 1)
        sum.add(header[..<24])
        guard magic & ~1 == 0x377f_0682, sum.matches(header, at: 24), (512...65_536).contains(pageSize),
            pageSize & (pageSize - 1) == 0
        else { return "the header of its write-ahead log is damaged" }
        var frame = [UInt8](repeating: 0, count: Self.frameHeaderSize + pageSize)
        var (frames, validFrames, syncedFrames) = (0, 0, 0)
        var lostCommits = 0
        while true {
            let size = fread(&frame, 1, frame.count, file)
            if size >= Self.frameHeaderSize, Self.syncedFrames(frame, header) == frames { syncedFrames = frames }
            guard size == frame.count else { break }
            // Frames of an earlier round of the log follow the last one.
            let isCurrent = frame[8..<16] == header[16..<24]
            if validFrames == frames {
                sum.add(frame[..<8])
                sum.add(frame[Self.frameHeaderSize...])
                if isCurrent && sum.matches(frame, at: 16) { validFrames += 1 }
            }
            frames += 1
            if validFrames < frames && isCurrent && Self.word(frame, 4) != 0 { lostCommits += 1 }
        }
        if lostCommits > 1 {
            return "its write-ahead log is damaged: \(lostCommits) commits lie behind a wrong checksum"
        }
        return validFrames < syncedFrames
            ? "its write-ahead log is damaged: of \(syncedFrames) pages that were synced only \(validFrames) are whole"
            : nil
    }

    /// What a mark says that lies where a frame would begin; nil where none does.
    private static func syncedFrames(_ frame: [UInt8], _ header: [UInt8]) -> Int? {
        frame.withUnsafeBufferPointer { frame in
            header.withUnsafeBufferPointer { header in
                guard let mark = frame.baseAddress, let header = header.baseAddress else { return nil }
                let frames = cchecked_synced_frames(mark, header + 16)
                return frames < 0 ? nil : Int(frames)
            }
        }
    }

    private static func word(_ bytes: [UInt8], _ at: Int) -> UInt32 {
        bytes[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The running sum over pairs of words.
    private struct Checksum {
        let isBigEndian: Bool
        var first: UInt32 = 0
        var second: UInt32 = 0

        init(isBigEndian: Bool) {
            self.isBigEndian = isBigEndian
        }

        mutating func add(_ bytes: ArraySlice<UInt8>) {
            bytes.withUnsafeBytes { bytes in
                for at in stride(from: 0, to: bytes.count & ~7, by: 8) {
                    let left = bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)
                    let right = bytes.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self)
                    first = first &+ (isBigEndian ? left.bigEndian : left.littleEndian) &+ second
                    second = second &+ (isBigEndian ? right.bigEndian : right.littleEndian) &+ first
                }
            }
        }

        func matches(_ bytes: [UInt8], at: Int) -> Bool {
            word(bytes, at) == first && word(bytes, at + 4) == second
        }
    }
}
