import Model

/// Reads a time strictly, for requests that must not be guessed at.
///
/// Forms: RFC 3339 (`2026-11-25T03:00:00.5Z`), an epoch in seconds (up to 10 digits), milliseconds (13), microseconds (16) or
/// nanoseconds (19), `now`, and `now-1h30m` or `now+5m` with the units s, m, h, d and w.
enum Instant {
    /// The nanoseconds since the Unix epoch that a text means; nil if it is none of the forms.
    static func nanoseconds(_ text: Text, now: Int64) -> Int64? {
        let bytes = text.utf8[...]
        if bytes.starts(with: "now".utf8) { return relative(bytes.dropFirst(3), now) }
        return epoch(bytes) ?? rfc3339(bytes)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard !bytes.isEmpty, bytes.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(String(decoding: bytes, as: UTF8.self))
    }

    private static func epoch(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard let number = number(bytes) else { return nil }
        switch bytes.count {
        case ...10: return number.saturatingMultiply(1_000_000_000)
        case 13: return number.saturatingMultiply(1_000_000)
        case 16: return number.saturatingMultiply(1000)
        case 19: return number
        default: return nil
        }
    }

    private static func relative(_ bytes: ArraySlice<UInt8>, _ now: Int64) -> Int64? {
        guard let sign = bytes.first else { return now }
        guard sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") else { return nil }
        var rest = bytes.dropFirst()
        var sum: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest.dropFirst(digits.count)
            let units: [UInt8: Int64] = [
                UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3600, UInt8(ascii: "d"): 86_400,
                UInt8(ascii: "w"): 604_800,
            ]
            guard let number = number(digits), let unit = rest.popFirst().flatMap({ units[$0] }) else { return nil }
            sum = sum.saturatingAdd(number.saturatingMultiply(unit).saturatingMultiply(1_000_000_000))
        }
        return sign == UInt8(ascii: "-") ? now.saturatingSubtract(sum) : now.saturatingAdd(sum)
    }

    /// A date and time of RFC 3339, section 5.6; a leap second counts as the second after it.
    private static func rfc3339(_ bytes: ArraySlice<UInt8>) -> Int64? {
        var rest = bytes
        func digits(_ count: Int) -> Int64? {
            defer { rest = rest.dropFirst(count) }
            return rest.count >= count ? number(rest.prefix(count)) : nil
        }
        func skip(_ letters: String) -> Bool {
            guard let byte = rest.first, letters.utf8.contains(byte) else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = digits(4), skip("-"), let month = digits(2), skip("-"), let day = digits(2), skip("Tt "),
            let hour = digits(2), skip(":"), let minute = digits(2), skip(":"), let second = digits(2),
            let date = CivilDate(year: year, month: month, day: day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if skip(".") {
            let places = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest.dropFirst(places.count)
            guard !places.isEmpty else { return nil }
            let nine = (places + [UInt8](repeating: 0x30, count: 9)).prefix(9)
            fraction = number(nine) ?? 0
        }
        var offset: Int64 = 0
        if !skip("Zz") {
            let isBehind = rest.first == UInt8(ascii: "-")
            guard skip("+-"), let hours = digits(2), skip(":"), let minutes = digits(2), hours < 24, minutes < 60 else {
                return nil
            }
            offset = (hours * 3600 + minutes * 60) * (isBehind ? -1 : 1)
        }
        guard rest.isEmpty else { return nil }
        let seconds = date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + second - offset
        return seconds.saturatingMultiply(1_000_000_000).saturatingAdd(fraction)
    }
}
