import Model

/// Function names without what repeats in every node of a call graph: paths, packages, namespaces, versions.
///
/// The rules are those by which google/pprof shortens the names of its graphs.
enum ShortFunctionName {
    /// The short name; the name itself where no rule fits.
    static func of(_ name: Text) -> Text {
        var name = name.utf8[...]
        let anonymous = Array("(anonymous namespace)::".utf8)
        if name.starts(with: anonymous) { name = name.dropFirst(anonymous.count) }
        let versionless = withoutVersion(name)
        return Text(utf8: goName(versionless) ?? javaName(versionless) ?? cppName(versionless) ?? versionless)
    }

    /// Leaves out the first `/v2` or later of a Go module's path.
    private static func withoutVersion(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        for slash in name.indices where name[slash] == UInt8(ascii: "/") {
            let digits = name[(slash + 1)...].dropFirst().prefix(while: isDigit)
            guard name[(slash + 1)...].first == UInt8(ascii: "v"), let first = digits.first,
                first != UInt8(ascii: "0"), digits.count > 1 || first != UInt8(ascii: "1"),
                digits.endIndex < name.endIndex,
                name[digits.endIndex] == UInt8(ascii: ".") || name[digits.endIndex] == UInt8(ascii: "/")
            else { continue }
            return name[..<slash] + name[digits.endIndex...]
        }
        return name
    }

    /// `json.(*Decoder).Decode` of `encoding/json.(*Decoder).Decode`.
    private static func goName(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var slashes: [Int] = []
        var begin = name.startIndex
        for index in name.indices {
            if name[index] == UInt8(ascii: "/") {
                guard index > begin else { break }
                slashes.append(index)
                begin = index + 1
            } else if !isWord(name[index]) && name[index] != UInt8(ascii: "-") && name[index] != UInt8(ascii: ".") {
                break
            }
        }
        for slash in slashes.reversed() {
            let rest = name[(slash + 1)...]
            guard let dot = rest.firstIndex(of: UInt8(ascii: ".")) else { continue }
            if dot > rest.startIndex && dot + 1 < rest.endIndex { return rest }
        }
        return nil
    }

    /// `Thread.run` of `java.lang.Thread.run()`.
    private static func javaName(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = name
        while let first = rest.first, isLower(first) {
            let package = rest.prefix(while: isWord)
            guard package.endIndex < rest.endIndex, rest[package.endIndex] == UInt8(ascii: ".") else { return nil }
            rest = rest[(package.endIndex + 1)...]
        }
        guard let first = rest.first, isUpper(first) else { return nil }
        let type = rest.prefix { isWord($0) || $0 == UInt8(ascii: "$") }
        guard type.endIndex < rest.endIndex, rest[type.endIndex] == UInt8(ascii: ".") else { return nil }
        let method = rest[(type.endIndex + 1)...]
        let constructor = Array("<init>".utf8)
        let end: Int
        if method.starts(with: constructor) {
            end = method.startIndex + constructor.count
        } else {
            guard let first = method.first, isLower(first) else { return nil }
            end = method.prefix { isWord($0) || $0 == UInt8(ascii: "$") }.endIndex
        }
        return end == name.endIndex || name[end] == UInt8(ascii: "(") ? rest[..<end] : nil
    }

    /// `Class::method` of `space::Class::method(int)`; template arguments stay.
    private static func cppName(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let separator = Array("::".utf8)
        // Identifiers that two colons follow.
        var scopes: [ArraySlice<UInt8>] = []
        var rest = name
        while let first = rest.first, isLetter(first) {
            let scope = rest.prefix(while: isWord)
            guard rest[scope.endIndex...].starts(with: separator) else { break }
            scopes.append(scope)
            rest = rest[(scope.endIndex + 2)...]
        }
        for scope in scopes.dropFirst().reversed() {
            guard let initial = scope.first(where: { $0 != UInt8(ascii: "_") }), isUpper(initial) else { continue }
            var method = name[(scope.endIndex + 2)...]
            if method.first == UInt8(ascii: "~") { method = method.dropFirst() }
            guard let first = method.first, isLetter(first) else { continue }
            var end = method.prefix(while: isWord).endIndex
            if end < name.endIndex, name[end] == UInt8(ascii: "<"),
                let close = name[end...].lastIndex(of: UInt8(ascii: ">"))
            {
                end = close + 1
            }
            return name[scope.startIndex..<end]
        }
        return nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isLower(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    private static func isUpper(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        isLower(byte) || isUpper(byte) || byte == UInt8(ascii: "_")
    }

    private static func isWord(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }
}
