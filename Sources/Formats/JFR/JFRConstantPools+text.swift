extension JFRConstantPools {
    /// The text at a position that was noted, following a reference into the pool of strings.
    ///
    /// It is empty if there is none, and if it is longer than `limit`.
    func text(_ bytes: Span<UInt8>, at position: UInt64, end: Int, limit: Int = .max) -> [UInt8] {
        guard position > 0, position < UInt64(end) else { return [] }
        var cursor = JFRCursor(offset: Int(position), end: end)
        guard let string = try? JFRReader.string(bytes, &cursor, limit: limit) else { return [] }
        switch string {
        case .text(let text): return text
        case .reference(let key):
            let strings = self[.string]
            guard let index = strings.index(of: key) else { return [] }
            var cursor = JFRCursor(offset: Int(strings.first(index)), end: end)
            // A reference that leads to another reference is empty.
            guard case .text(let text)? = try? JFRReader.string(bytes, &cursor, limit: limit) else { return [] }
            return text
        }
    }
}
