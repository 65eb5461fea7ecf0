import Glibc

/// How much a log line matters.
public enum LogLevel: String, Sendable, Comparable, CaseIterable {
    /// For those who look for a defect.
    case debug
    /// What an operator wants to see.
    case info
    /// Something that will be a problem.
    case warn
    /// Something failed.
    case error

    /// Orders by weight.
    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        allCases.firstIndex(of: left) ?? 0 < allCases.firstIndex(of: right) ?? 0
    }
}

/// How a log line is written.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `key=value` pairs.
    case logfmt
    /// One JSON object a line.
    case json
}

/// Writes one line for an event, in one write.
public struct Logger: Sendable {
    private let level: LogLevel
    private let format: LogFormat
    private let write: @Sendable (String) -> Void

    /// Makes a logger that writes to standard error, or to `write`.
    public init(
        level: LogLevel = .info, format: LogFormat = .logfmt,
        write: @escaping @Sendable (String) -> Void = Logger.standardError
    ) {
        self.level = level
        self.format = format
        self.write = write
    }

    /// A logger that writes nothing.
    public static let silent = Logger(level: .error) { _ in }

    /// Writes a line to standard error.
    public static let standardError: @Sendable (String) -> Void = { line in
        var bytes = Array(line.utf8)
        bytes.append(0x0a)
        _ = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
    }

    /// Logs an event with its particulars, if its level is wanted.
    public func log(
        _ level: LogLevel, _ event: String, _ fields: @autoclosure () -> KeyValuePairs<String, String> = [:]
    ) {
        guard level >= self.level else { return }
        let pairs =
            [("ts", Self.timestamp()), ("level", level.rawValue), ("msg", event)] + fields().map { ($0.key, $0.value) }
        switch format {
        case .logfmt: write(pairs.map { "\($0.0)=\(Self.logfmt($0.1))" }.joined(separator: " "))
        case .json: write("{" + pairs.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }.joined(separator: ",") + "}")
        }
    }

    private static func logfmt(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x3d }
        return isPlain ? value : quoted(value)
    }

    private static func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\u{0}"..."\u{1f}":
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }

    private static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = "\(number)"
            return String(repeating: "0", count: max(width - digits.count, 0)) + digits
        }
        let date = "\(parts.tm_year + 1900)-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
        let time = "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
        return "\(date)T\(time).\(padded(now.tv_nsec / 1_000_000, 3))Z"
    }
}
