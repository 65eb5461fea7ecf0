import Glibc
import Store

/// Damaged files lie where they were, as `DAY.db.damaged`, or with a number behind it from the second on.
extension DamagedPartition {
    private static let mark = ".db.damaged"

    /// The day of a file that was set aside, by its name; nil for other files, and for a log or index beside one.
    static func day(of name: String) -> Int64? {
        guard let dot = name.firstIndex(of: "."), let day = Int64(name[..<dot]), name[dot...].hasPrefix(mark) else {
            return nil
        }
        let rest = name[dot...].dropFirst(mark.count)
        return rest.isEmpty || rest.first == "." && Int64(rest.dropFirst()) != nil ? day : nil
    }

    /// A name that is free, for a file of some path.
    static func path(for path: String) -> String {
        let first = path + ".damaged"
        var name = first
        var number = 2
        while access(name, F_OK) == 0 {
            name = "\(first).\(number)"
            number += 1
        }
        return name
    }
}
