import Glibc

/// What a run measured, as Markdown tables.
struct Report {
    /// One figure, next to the physical limit that it is held against and to its target.
    struct Row {
        var what: String
        var measured: String
        var limit = ""
        var ratio = ""
        var target = ""
        var isMet: Bool?
    }

    private(set) var sections: [(title: String, rows: [Row])] = []

    mutating func begin(_ title: String) { sections.append((title, [])) }

    mutating func add(_ row: Row) {
        sections[sections.count - 1].rows.append(row)
        note("\(row.what): \(row.measured)\(row.ratio.isEmpty ? "" : " (\(row.ratio))")")
    }

    mutating func add(_ what: String, _ measured: String) { add(Row(what: what, measured: measured)) }

    /// A figure that should be at most its target.
    mutating func add(_ what: String, _ value: Double, atMost target: Double, _ write: (Double) -> String) {
        add(Row(what: what, measured: write(value), target: "≤ \(write(target))", isMet: value <= target))
    }

    /// A figure that should be at least its target.
    mutating func add(_ what: String, _ value: Double, atLeast target: Double, _ write: (Double) -> String) {
        add(Row(what: what, measured: write(value), target: "≥ \(write(target))", isMet: value >= target))
    }

    var markdown: String {
        var text = ""
        for section in sections where !section.rows.isEmpty {
            text += "\n### \(section.title)\n\n"
            let columns: [(head: String, cell: (Row) -> String)] = [
                ("what", { $0.what }), ("measured", { $0.measured }), ("limit in this run", { $0.limit }),
                ("ratio", { $0.ratio }), ("target", { $0.target }),
                ("met", { $0.isMet.map { $0 ? "yes" : "**no**" } ?? "" }),
            ].enumerated().filter { column in
                column.offset < 2 || section.rows.contains { !column.element.1($0).isEmpty }
            }.map { ($0.element.0, $0.element.1) }
            text += "| " + columns.map(\.head).joined(separator: " | ") + " |\n"
            text += "|" + columns.map { _ in "---|" }.joined() + "\n"
            for row in section.rows {
                text += "| " + columns.map { $0.cell(row) }.joined(separator: " | ") + " |\n"
            }
        }
        let judged = sections.flatMap(\.rows).compactMap(\.isMet)
        if !judged.isEmpty { text += "\n\(judged.filter { $0 }.count) of \(judged.count) targets met.\n" }
        return text
    }
}

/// Numbers as people read them.
enum Format {
    static func number(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "–" }
        let scale = pow(10, Double(digits))
        let scaled = Int64((value.magnitude * scale).rounded())
        let whole = scaled / Int64(scale)
        let part = String(scaled % Int64(scale))
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        return "\(sign)\(whole).\(String(repeating: "0", count: digits - part.count))\(part)"
    }

    /// Three digits that count.
    static func short(_ value: Double) -> String {
        number(value, value.magnitude >= 100 ? 0 : value.magnitude >= 10 ? 1 : 2)
    }

    static func milliseconds(_ seconds: Double) -> String { "\(short(seconds * 1000)) ms" }
    static func microseconds(_ seconds: Double) -> String { "\(short(seconds * 1e6)) µs" }
    static func megabytes(_ bytes: Double) -> String { "\(short(bytes / 1e6)) MB" }
    static func kilobytes(_ bytes: Double) -> String { "\(short(bytes / 1e3)) kB" }
    static func bytes(_ bytes: Double) -> String { "\(short(bytes)) B" }
    static func times(_ ratio: Double) -> String { "\(short(ratio)) ×" }
    static func percent(_ part: Double) -> String { "\(number(part * 100, 0)) %" }
    static func rate(_ bytesPerSecond: Double) -> String { "\(short(bytesPerSecond / 1e9)) GB/s" }
}
