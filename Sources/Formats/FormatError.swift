import Wire

/// Bytes that are not the profile that they should be.
public struct FormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of problem, which decides the status that a client gets.
    public enum Kind: Sendable, Hashable {
        /// The bytes cannot be read at all.
        case unreadable
        /// The profile was read and breaks a rule.
        case invalid
        /// A limit was passed; the message names its setting.
        case tooLarge
        /// There is no memory to decode it in now.
        case noRoom
    }

    /// The kind of problem.
    public let kind: Kind
    /// One line.
    public let description: String

    /// Makes an error.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}

extension Gzip {
    /// Inflates bytes if they are gzip; `part` begins messages.
    ///
    /// Throws ``FormatError`` of kind `unreadable`, `tooLarge` or `noRoom`.
    static func plain(
        _ bytes: [UInt8], part: String, limits: PprofLimits, reserving: (Int) -> Bool
    ) throws(FormatError) -> [UInt8] {
        let ceiling = limits.maxBytes > 0 ? limits.maxBytes : Int.max / 2
        func tooLarge() -> FormatError {
            FormatError(
                .tooLarge,
                "\(part)decompressed size exceeds maximum allowed size of \(ceiling) bytes (max-profile-size)")
        }
        guard isGzip(bytes) else {
            guard bytes.count <= ceiling else { throw tooLarge() }
            return bytes
        }
        do throws(Gzip.Problem) {
            return try inflate(bytes, limit: ceiling, reserving: reserving)
        } catch {
            switch error {
            case .malformed, .trailing: throw FormatError(.unreadable, "\(part)\(error)")
            case .bomb: throw FormatError(.tooLarge, "\(part)\(error)")
            case .tooLarge: throw tooLarge()
            case .noRoom: throw FormatError(.noRoom, "\(part)\(error)")
            }
        }
    }
}
