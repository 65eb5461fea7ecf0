import Model
import Query
import Server
import Store
import Wire

@testable import Ingest

extension FuzzTarget {
    /// What stands around a profile that is pushed: forms, names, times, compression.
    static let ingest = [
        FuzzTarget(name: "multipart", seeds: Seeds.forms, check: checkForm),
        FuzzTarget(name: "sample-types", seeds: Seeds.sampleTypes) { bytes throws(Violation) in
            guard let types = try? SampleTypeConfiguration(bytes) else { return }
            _ = types.profileName(of: ["samples", "cpu", "inuse_space"])
        },
        FuzzTarget(name: "application-name", seeds: Seeds.applicationNames, check: checkApplicationName),
        FuzzTarget(name: "time", seeds: Seeds.times, check: checkTime),
        FuzzTarget(name: "gzip", seeds: Seeds.gzips, check: checkGzip),
        FuzzTarget(name: "form-fields", seeds: Seeds.queries, check: checkFields),
        FuzzTarget(name: "tenants", seeds: Seeds.tenants) { bytes throws(Violation) in
            let header = String(decoding: bytes, as: UTF8.self)
            guard let tenants = try? TenantHeader.tenants(header, multitenancy: true, arity: .many) else { return }
            let joined = tenants.map(\.id).joined(separator: "|")
            let again = try? TenantHeader.tenants(joined, multitenancy: true, arity: .many)
            try require(again == tenants, "tenants are others when they are read again")
        },
    ]

    /// The first line is the content type, the rest the body.
    private static func checkForm(_ bytes: [UInt8]) throws(Violation) {
        let line = bytes.prefix { $0 != 0x0a }
        let contentType = String(decoding: line, as: UTF8.self)
        guard let form = try? MultipartForm(Array(bytes.dropFirst(line.count + 1)), contentType: contentType) else {
            return
        }
        try require(
            form.files.values.map(\.count).reduce(0, +) <= bytes.count, "files are larger than the form they came in")
        // A form of the same files, with a boundary that is in none of them.
        var body: [UInt8] = []
        for (name, content) in form.files {
            let escaped = name.flatMap { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }
            body += Array("--7f\r\nContent-Disposition: form-data; name=\"".utf8) + Array(String(escaped).utf8)
            body += Array("\"; filename=\"f\"\r\n\r\n".utf8) + content + [0x0d, 0x0a]
        }
        guard !form.files.isEmpty, !body.contains(sequence: Array("\r\n--7f".utf8), more: form.files.count - 1) else {
            return
        }
        // Line breaks of names cannot be written.
        guard !form.files.keys.contains(where: { $0.utf8.contains(0x0d) || $0.utf8.contains(0x0a) }) else { return }
        let again = try? MultipartForm(body + Array("--7f--".utf8), contentType: "multipart/form-data; boundary=7f")
        try require(again?.files == form.files, "files are others when they are written again")
    }

    private static func checkApplicationName(_ bytes: [UInt8]) throws(Violation) {
        guard let name = try? ApplicationName(parsing: Text(utf8: bytes)) else { return }
        try require(Set(name.labels.map(\.name)).count == name.labels.count, "a label occurs twice")
        // A label may make the name anything, or nothing.
        var written = Array("a{__name__=".utf8) + name.name.utf8 + Array(",".utf8)
        for label in name.labels { written += label.name.utf8 + Array("=".utf8) + label.value.utf8 + Array(",".utf8) }
        let again = try? ApplicationName(parsing: Text(utf8: written + Array("}".utf8)))
        try require(again == name, "a name is another when it is written again")
    }

    private static func checkTime(_ bytes: [UInt8]) throws(Violation) {
        let text = Text(utf8: bytes)
        for now in [Int64.min, 0, 1_700_000_000_000_000_000, .max] {
            let time = TimeExpression.nanoseconds(text, now: now)
            try require(TimeExpression.nanoseconds(text, now: now) == time, "a time is another at the same moment")
        }
        for read in [try? Identifiers.profile(text)].compactMap({ $0 }) {
            try require((try? Identifiers.profile(Identifiers.text(read))) == read, "a profile's id changes")
        }
        for read in [try? Identifiers.trace(text)].compactMap({ $0 }) where read != .none {
            try require((try? Identifiers.trace(Identifiers.text(read))) == read, "a trace's id changes")
        }
        for read in [try? Identifiers.span(text)].compactMap({ $0 }) {
            try require((try? Identifiers.span(Identifiers.text(read))) == read, "a span's id changes")
        }
    }

    private static func checkGzip(_ bytes: [UInt8]) throws(Violation) {
        try require((try? Gzip.inflate(Gzip.deflate(bytes), limit: bytes.count)) == bytes, "gzip does not come back")
        let limit = 1 << 18
        guard let plain = try? Gzip.inflate(bytes, limit: limit) else { return }
        try require(plain.count <= limit, "\(plain.count) bytes pass the limit")
        try require((try? Gzip.inflate(bytes, limit: plain.count)) == plain, "a limit of the exact size refuses")
        guard !plain.isEmpty else { return }
        var problem: Gzip.Problem?
        do throws(Gzip.Problem) {
            _ = try Gzip.inflate(bytes, limit: plain.count - 1)
        } catch {
            problem = error
        }
        try require(problem == .tooLarge(limit: plain.count - 1), "a smaller limit does not hold")
    }

    private static func checkFields(_ bytes: [UInt8]) throws(Violation) {
        let fields = FormFields(String(decoding: bytes, as: UTF8.self))
        var written = ""
        for (index, pair) in fields.pairs.enumerated() {
            if index > 0 { written += "&" }
            written += "\(escaped(pair.name))=\(escaped(pair.value))"
        }
        let again = FormFields(written)
        try require(
            again.pairs.map(\.name) == fields.pairs.map(\.name)
                && again.pairs.map(\.value) == fields.pairs.map(\.value), "fields are others when written again")
    }

    private static func escaped(_ text: Text) -> String {
        let digits = Array("0123456789abcdef")
        return String(text.utf8.flatMap { [Character("%"), digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

extension [UInt8] {
    /// Whether a sequence occurs more often than `more` times.
    fileprivate func contains(sequence: [UInt8], more times: Int) -> Bool {
        guard count >= sequence.count else { return false }
        var found = 0
        for start in 0...count - sequence.count where self[start...].starts(with: sequence) { found += 1 }
        return found > times
    }
}
