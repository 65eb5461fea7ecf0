import CDeflate
import CSQLite
import CZlib
import Glibc

/// What this machine can do at best, measured in the run whose figures are held against it.
struct PhysicalLimits {
    /// CPU seconds that zlib needs to inflate a profile of the fleet, on average.
    var zlib = 0.0
    /// The same with libdeflate.
    var libdeflate = 0.0
    /// Bytes a second that `memcpy` moves within main memory.
    var memcpy = 0.0
    /// Bytes a second of blobs read from a warm SQLite file, each byte looked at.
    var blobScan = 0.0
    /// Seconds that appending 4 KiB to a file and syncing it takes.
    var sync = Samples([])

    init(_ fleet: FleetFile, in directory: String) {
        let chosen = fleet.spread(240)
        zlib = Self.cpu(chosen) { Self.inflateWithZlib(fleet.gzipped($0), into: $1) }
        libdeflate = Self.cpu(chosen) { Self.inflateWithLibdeflate(fleet.gzipped($0), into: $1) }
        memcpy = Self.copyRate()
        blobScan = Self.scanRate(in: directory)
        sync = Self.syncTimes(in: directory)
    }

    func write(to report: inout Report, _ fleet: FleetFile) {
        let plain = Double(fleet.plainBytes) / Double(fleet.pushes.count)
        report.begin("Limits of this machine")
        report.add(
            "zlib inflates a profile (\(Format.kilobytes(plain)) plain)",
            "\(Format.milliseconds(zlib)), \(Format.rate(plain / zlib))")
        report.add("libdeflate inflates it", "\(Format.milliseconds(libdeflate)), \(Format.rate(plain / libdeflate))")
        report.add("memcpy of 64 MB", Format.rate(memcpy))
        report.add("scan of blobs of 1 kB in a warm SQLite file", Format.rate(blobScan))
        report.add(
            "append of 4 KiB and fsync", "p50 \(Format.milliseconds(sync.median)), p99 \(Format.milliseconds(sync.p99))"
        )
    }

    /// The least CPU time of some rounds, for one profile.
    private static func cpu(_ chosen: [Int], _ inflate: (Int, UnsafeMutableRawBufferPointer) -> Void) -> Double {
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 << 20, alignment: 64)
        defer { output.deallocate() }
        var least = Double.infinity
        for _ in 0..<4 {
            let start = Clock.thread
            for index in chosen { inflate(index, output) }
            least = min(least, Clock.thread - start)
        }
        return least / Double(chosen.count)
    }

    private static func inflateWithZlib(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) {
        var stream = z_stream()
        guard czlib_inflate_begin(&stream) == Z_OK else { fatal("zlib: cannot inflate") }
        defer { inflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(mutating: input.assumingMemoryBound(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.assumingMemoryBound(to: UInt8.self).baseAddress
        stream.avail_out = UInt32(output.count)
        guard inflate(&stream, Z_FINISH) == Z_STREAM_END else { fatal("zlib: inflate failed") }
    }

    private static func inflateWithLibdeflate(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) {
        guard let decompressor = libdeflate_alloc_decompressor() else { fatal("libdeflate: cannot inflate") }
        defer { libdeflate_free_decompressor(decompressor) }
        var count = 0
        guard
            libdeflate_gzip_decompress(
                decompressor, input.baseAddress, input.count, output.baseAddress, output.count, &count)
                == LIBDEFLATE_SUCCESS
        else { fatal("libdeflate: inflate failed") }
    }

    private static func copyRate() -> Double {
        let size = 64 << 20
        let from = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        let to = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        defer {
            from.deallocate()
            to.deallocate()
        }
        for index in stride(from: 0, to: size, by: 4096) { from[index] = UInt8(truncatingIfNeeded: index >> 12) }
        to.copyMemory(from: UnsafeRawBufferPointer(from))
        var least = Double.infinity
        for _ in 0..<5 {
            let start = Clock.wall
            to.copyMemory(from: UnsafeRawBufferPointer(from))
            least = min(least, Clock.wall - start)
            // What nobody reads is not copied at all.
            for index in stride(from: 0, to: size, by: 4096) { from[index] ^= to[(index + 4096) % size] | 1 }
        }
        if from[0] == 0 && to[4096] == 0 { note("the copy is empty") }
        return Double(size) / least
    }

    private static func scanRate(in directory: String) -> Double {
        let path = "\(directory)/scan.sqlite"
        defer { unlink(path) }
        var database: OpaquePointer?
        guard sqlite3_open(path, &database) == SQLITE_OK else { fatal("sqlite: cannot open \(path)") }
        defer { sqlite3_close(database) }
        func run(_ sql: String) {
            guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else { fatal("sqlite: \(sql)") }
        }
        let (count, size) = (48 * 1024, 1024)
        run(
            "PRAGMA synchronous=OFF; PRAGMA cache_size=-131072; CREATE TABLE blobs (id INTEGER PRIMARY KEY, bytes BLOB)"
        )
        run(
            "WITH RECURSIVE ids(id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM ids WHERE id < \(count)) "
                + "INSERT INTO blobs SELECT id, randomblob(\(size)) FROM ids")
        var select: OpaquePointer?
        guard sqlite3_prepare_v2(database, "SELECT bytes FROM blobs", -1, &select, nil) == SQLITE_OK else {
            fatal("sqlite: cannot select")
        }
        defer { sqlite3_finalize(select) }
        var least = Double.infinity
        var sum: UInt64 = 0
        for _ in 0..<4 {
            let start = Clock.wall
            while sqlite3_step(select) == SQLITE_ROW {
                let bytes = UnsafeRawBufferPointer(
                    start: sqlite3_column_blob(select, 0), count: Int(sqlite3_column_bytes(select, 0)))
                for offset in stride(from: 0, to: bytes.count & ~7, by: 8) {
                    sum &+= bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                }
            }
            sqlite3_reset(select)
            least = min(least, Clock.wall - start)
        }
        if sum == 0 { note("the scan read nothing") }
        return Double(count * size) / least
    }

    private static func syncTimes(in directory: String) -> Samples {
        let path = "\(directory)/sync"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard file >= 0 else { fatal("cannot write \(path)") }
        defer {
            close(file)
            unlink(path)
        }
        let page = [UInt8](repeating: 7, count: 4096)
        return Samples(
            (0..<100).map { _ in
                let start = Clock.wall
                writeAll(page, to: file)
                guard fsync(file) == 0 else { fatal("cannot sync \(path)") }
                return Clock.wall - start
            })
    }
}
