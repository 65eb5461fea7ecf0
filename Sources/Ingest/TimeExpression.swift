public import Model

/// The times of Pyroscope's HTTP parameters: epochs by their length, dates, and `now-1h`.
public enum TimeExpression {
    /// The nanoseconds since the epoch that a text means; what cannot be read means now.
    ///
    /// Eight digits are a date, 13 milliseconds, 16 microseconds, 19 nanoseconds, other counts seconds.
    public static func nanoseconds(_ text: Text, now: Int64) -> Int64 {
        let bytes = text.utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: ",") && $0 != 0x20 }
        if !bytes.isEmpty, bytes.allSatisfy({ (0x30...0x39).contains($0) }) { return epoch(bytes) ?? now }
        let sign: Int64
        let rest: ArraySlice<UInt8>
        if let plus = bytes.firstIndex(of: UInt8(ascii: "+")) {
            sign = 1
            rest = bytes[(plus + 1)...]
        } else if let minus = bytes.firstIndex(of: UInt8(ascii: "-")) {
            sign = -1
            rest = bytes[(minus + 1)...]
        } else {
            return now
        }
        return now.saturatingAdd(seconds(rest).saturatingMultiply(sign * 1_000_000_000))
    }

    private static func epoch(_ digits: [UInt8]) -> Int64? {
        if digits.count == 8, let midnight = date(digits) { return midnight }
        guard let number = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
        switch digits.count {
        case 13: return number.saturatingMultiply(1_000_000)
        case 16: return number.saturatingMultiply(1000)
        case 19: return number
        default: return number.saturatingMultiply(1_000_000_000)
        }
    }

    private static func date(_ digits: [UInt8]) -> Int64? {
        func number(_ range: Range<Int>) -> Int64 { digits[range].reduce(0) { $0 * 10 + Int64($1 - 0x30) } }
        let date = CivilDate(year: number(0..<4), month: number(4..<6), day: number(6..<8))
        guard let date, date.year > 1900 else { return nil }
        return date.daysSinceEpoch.saturatingMultiply(86_400_000_000_000)
    }

    /// A run of numbers and units in seconds.
    private static func seconds(_ bytes: ArraySlice<UInt8>) -> Int64 {
        var sum: Int64 = 0
        var rest = bytes
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !(0x30...0x39).contains($0) }
            rest = rest.dropFirst(unit.count)
            guard let number = Int64(String(decoding: digits, as: UTF8.self)) else { continue }
            sum = sum.saturatingAdd(number.saturatingMultiply(secondsOfUnit(String(decoding: unit, as: UTF8.self))))
        }
        return sum
    }

    private static func secondsOfUnit(_ unit: String) -> Int64 {
        if unit.hasPrefix("s") { return 1 }
        if unit.hasPrefix("mon") || unit.hasPrefix("M") { return 30 * 86_400 }
        if unit.hasPrefix("m") { return 60 }
        if unit.hasPrefix("h") { return 3600 }
        if unit.hasPrefix("d") { return 86_400 }
        if unit.hasPrefix("w") { return 7 * 86_400 }
        if unit.hasPrefix("y") { return 365 * 86_400 }
        return 0
    }
}
