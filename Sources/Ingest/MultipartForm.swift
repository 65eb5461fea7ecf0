/// The files of a `multipart/form-data` body (RFC 7578).
public struct MultipartForm: Sendable {
    /// Content by field name; parts without a file name are left out, and of a field the first counts.
    public let files: [String: [UInt8]]

    /// Takes a body apart with the boundary of its content type.
    public init(_ body: [UInt8], contentType: String) throws(IngestError) {
        guard let boundary = Self.parameter("boundary", of: contentType), (1...200).contains(boundary.utf8.count) else {
            throw IngestError(.unprocessable, "multipart: no boundary in the content type")
        }
        let delimiter = Array("--\(boundary)".utf8)
        var files: [String: [UInt8]] = [:]
        var offset = body.starts(with: delimiter) ? 0 : Self.find(delimiter, in: body, from: 0)
        guard offset != nil else { throw IngestError(.unprocessable, "multipart: the boundary never comes") }
        let lineDelimiter = Array("\r\n".utf8) + delimiter
        while let start = offset {
            var position = start + delimiter.count
            if body[position...].starts(with: Array("--".utf8)) {
                self.files = files
                return
            }
            guard body[position...].starts(with: Array("\r\n".utf8)) else {
                throw IngestError(.unprocessable, "multipart: malformed boundary line")
            }
            position += 2
            guard let headEnd = Self.find(Array("\r\n\r\n".utf8), in: body, from: position - 2),
                headEnd - position < 16 << 10,
                let end = Self.find(lineDelimiter, in: body, from: headEnd + 2)
            else { throw IngestError(.unprocessable, "multipart: NextPart: EOF") }
            let head = String(decoding: body[position..<max(position, headEnd)], as: UTF8.self)
            let content = headEnd + 4 <= end ? Array(body[(headEnd + 4)..<end]) : []
            if let disposition = Self.disposition(in: head), let name = Self.parameter("name", of: disposition),
                Self.parameter("filename", of: disposition)?.isEmpty == false, files[name] == nil
            {
                files[name] = content
            }
            offset = end + 2
        }
        throw IngestError(.unprocessable, "multipart: NextPart: EOF")
    }

    private static func disposition(in head: String) -> String? {
        for line in head.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == "content-disposition" { return String(parts[1]) }
        }
        return nil
    }

    /// A parameter of a header value, quoted or not.
    private static func parameter(_ name: String, of value: String) -> String? {
        var rest = Substring(value)
        while let semicolon = rest.firstIndex(of: ";") {
            rest = rest[rest.index(after: semicolon)...].drop { $0 == " " || $0 == "\t" }
            guard let equals = rest.firstIndex(of: "=") else { return nil }
            let key = rest[..<equals].lowercased()
            rest = rest[rest.index(after: equals)...]
            var content = ""
            if rest.first == "\"" {
                rest.removeFirst()
                while let character = rest.popFirst(), character != "\"" {
                    if character == "\\", let escaped = rest.popFirst() {
                        content.append(escaped)
                    } else {
                        content.append(character)
                    }
                }
            } else {
                content = String(rest.prefix { $0 != ";" && $0 != " " })
            }
            if key == name { return content }
        }
        return nil
    }

    private static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard let first = pattern.first, start >= 0 else { return nil }
        var index = start
        let last = bytes.count - pattern.count
        while index <= last {
            if bytes[index] == first, bytes[index..<index + pattern.count].elementsEqual(pattern) { return index }
            index += 1
        }
        return nil
    }
}
