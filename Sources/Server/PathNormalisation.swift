import HTTP

extension RequestHead {
    /// The path below a base path, with runs of slashes as one; nil if the path is not below it.
    ///
    /// SDKs that are configured with a trailing slash send doubled ones.
    func path(below base: String) -> String? {
        let path = Self.withoutRuns(rawPath)
        guard !base.isEmpty else { return path }
        guard path.hasPrefix(base) else { return nil }
        let rest = path.dropFirst(base.count)
        return rest.isEmpty ? "/" : rest.hasPrefix("/") ? String(rest) : nil
    }

    /// Nearly every path is normal already, and each is looked at several times.
    private static func withoutRuns(_ path: Substring) -> String {
        let slash = UInt8(ascii: "/")
        let bytes = path.utf8
        guard zip(bytes, bytes.dropFirst()).contains(where: { $0 == slash && $1 == slash }) else { return String(path) }
        var normal: [UInt8] = []
        normal.reserveCapacity(bytes.count)
        for byte in bytes where byte != slash || normal.last != slash { normal.append(byte) }
        return String(decoding: normal, as: UTF8.self)
    }
}
