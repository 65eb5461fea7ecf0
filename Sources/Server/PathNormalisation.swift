import HTTP

extension RequestHead {
    /// The path below a base path, with runs of slashes as one; nil if the path is not below it.
    ///
    /// SDKs that are configured with a trailing slash send doubled ones.
    func path(below base: String) -> String? {
        var path = ""
        var previous: Character = " "
        for character in rawPath {
            if character == "/" && previous == "/" { continue }
            path.append(character)
            previous = character
        }
        guard !base.isEmpty else { return path }
        guard path.hasPrefix(base) else { return nil }
        let rest = path.dropFirst(base.count)
        return rest.isEmpty ? "/" : rest.hasPrefix("/") ? String(rest) : nil
    }
}
