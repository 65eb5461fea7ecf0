import Model
public import Store

extension SQLiteStore {
    /// The time of the selected profile that is nearest to the range.
    ///
    /// Days are walked outward from the range, and in each the index is asked once a series, so that a question about an
    /// empty range reads no history.
    public func nearestProfile(to selection: Selection) async throws -> Int64? {
        let range = selection.range
        return try await read(selection.tenants, .all) { readers in
            func nearest(of readers: [PartitionReader], _ side: NearestProfile.Side) throws -> Int64? {
                var found: Int64?
                for reader in readers {
                    // The files of a day, one a tenant, follow each other.
                    if let found, PartitionFile.day(of: found) != reader.file.day { return found }
                    let probe = NearestProfile(selection: selection, side: side)
                    guard let time = try probe.time(in: reader) else {
                        continue
                    }
                    if let known = found {
                        if range.distance(toNanoseconds: time) < range.distance(toNanoseconds: known) { found = time }
                    } else {
                        found = time
                    }
                }
                return found
            }
            let first = PartitionFile.day(of: range.startNanoseconds)
            let last = PartitionFile.day(of: range.endNanoseconds)
            let ascending = readers.sorted { $0.file.day < $1.file.day }
            if let inside = try nearest(of: ascending.filter { first <= $0.file.day && $0.file.day <= last }, .inside) {
                return inside
            }
            let before = try nearest(of: ascending.filter { $0.file.day <= first }.reversed(), .before)
            let after = try nearest(of: ascending.filter { $0.file.day >= last }, .after)
            return [before, after].compactMap(\.self).min {
                range.distance(toNanoseconds: $0) < range.distance(toNanoseconds: $1)
            }
        }
    }
}

/// Looks in one file for the profile that is nearest to a range on one side of it.
private struct NearestProfile {
    enum Side {
        case before
        case inside
        case after
    }

    let selection: Selection
    let side: Side

    /// The profile's time; the index has it first, so each series costs one step.
    func time(in reader: PartitionReader) throws -> Int64? {
        try reader.checkCancellation()
        return try reader.snapshot { connection in
            let probe = try connection.prepare(
                "SELECT time FROM profiles WHERE series = ? AND time >= ? AND time <= ? "
                    + "ORDER BY time\(side == .before ? " DESC" : "") LIMIT 1")
            let start = selection.range.startNanoseconds
            let end = selection.range.endNanoseconds
            var nearest: Int64?
            for series in try reader.matching(selection.matchers, type: selection.profileType, connection) {
                try reader.checkCancellation()
                probe.bind(series.id, at: 1)
                probe.bind(side == .inside ? start : side == .before ? .min : end.saturatingAdd(1), at: 2)
                probe.bind(side == .inside ? end : side == .before ? start.saturatingSubtract(1) : .max, at: 3)
                defer { probe.reset() }
                guard try probe.step() else { continue }
                let time = probe.int64(0)
                if side == .inside { return time }
                nearest = side == .before ? max(nearest ?? time, time) : min(nearest ?? time, time)
            }
            return nearest
        }
    }
}
