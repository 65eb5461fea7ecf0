extension JFRRecording {
    /// Where the events of a chunk that are there as a whole end, and what was met on the way.
    private struct Extent {
        var end = 0
        var pools: [Int] = []
        var metadata: Int?
    }

    /// Reads a chunk: its classes, its constants, then its events.
    mutating func read(_ header: JFRChunkHeader, _ bytes: Span<UInt8>) throws(FormatError) {
        let isCut = header.end > bytes.count
        let extent = try Self.extent(of: header, bytes, isCut: isCut)
        let chunk = header.start..<extent.end
        guard let position = chunk.contains(header.metadata) ? header.metadata : isCut ? extent.metadata : nil else {
            throw isCut ? JFRReader.unexpectedEnd(bytes.count) : Self.invalidOffsets(header)
        }
        let metadata = try JFRMetadata(bytes, JFRCursor(offset: position, end: extent.end))
        var pools = JFRConstantPools(metadata, byteCount: chunk.count)
        if chunk.contains(header.constantPool) || !isCut {
            try pools.read(bytes, chainAt: header.constantPool, within: chunk)
        } else {
            for position in extent.pools { try pools.read(bytes, at: position, within: chunk) }
        }
        pools.seal()
        if isCut { try lose(JFRReader.unexpectedEnd(bytes.count)) }
        if let problem = pools.problem { try lose(problem) }
        try readEvents(header.start + JFRChunkHeader.byteCount..<extent.end, bytes, metadata, pools)
    }

    /// Follows the sizes of the events, so that a chunk that is damaged is found out before it gives samples.
    private static func extent(
        of header: JFRChunkHeader, _ bytes: Span<UInt8>, isCut: Bool
    ) throws(FormatError) -> Extent {
        let end = min(header.end, bytes.count)
        var extent = Extent(end: header.start + JFRChunkHeader.byteCount)
        while extent.end < end {
            var cursor = JFRCursor(offset: extent.end, end: end)
            let size: UInt64
            do throws(FormatError) {
                size = try JFRReader.number(bytes, &cursor)
            } catch {
                if isCut { break }
                throw error
            }
            guard size > 0 else {
                throw FormatError(.unreadable, "jfr: an event has size 0 at byte \(extent.end)")
            }
            guard size <= UInt64(end - extent.end) else {
                if isCut { break }
                throw FormatError(.unreadable, "jfr: an event goes beyond its chunk at byte \(extent.end)")
            }
            cursor.end = extent.end + Int(size)
            let type = try JFRReader.number(bytes, &cursor)
            if isCut && type == 0 { extent.metadata = extent.end }
            if isCut && type == 1 { extent.pools.append(extent.end) }
            extent.end = cursor.end
        }
        return extent
    }

    private static func invalidOffsets(_ header: JFRChunkHeader) -> FormatError {
        FormatError(.unreadable, "jfr: invalid offsets (chunk at byte \(header.start))")
    }
}
