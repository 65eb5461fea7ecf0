/// Names that a virtual machine made up, with what changes from run to run taken out, so that equal code merges.
enum JFRSymbolName {
    /// A name as a flame graph should show it.
    static func normalised(_ name: [UInt8]) -> [UInt8] {
        if name.contains(UInt8(ascii: "$")) {
            let name = lambda(name) ?? name
            return springProxy(name) ?? name
        }
        return accessor(name) ?? library(name) ?? name
    }

    /// `jdk/internal/reflect/GeneratedMethodAccessor` and a number.
    private static func accessor(_ name: [UInt8]) -> [UInt8]? {
        var rest = Scanner(name)
        guard rest.take("jdk/internal/reflect/GeneratedMethodAccessor") else { return nil }
        let prefix = name[..<rest.position]
        guard rest.takeDigits() > 0, rest.isAtEnd else { return nil }
        return prefix + [UInt8(ascii: "_")]
    }

    /// `<class>$$Lambda` and a number, an address, or both.
    private static func lambda(_ name: [UInt8]) -> [UInt8]? {
        guard let end = endOfLast("$$Lambda", in: name) else { return nil }
        var number = Scanner(name, from: end)
        var isLambda = number.takeDigits() > 0 && number.isAtEnd
        if !isLambda {
            var rest = Scanner(name, from: end)
            _ = rest.take("$")
            _ = rest.takeDigits()
            if rest.take(".") || rest.take("/") {
                _ = rest.take("0x")
                isLambda = rest.takeHex() > 0 && rest.isAtEnd
            }
        }
        return isLambda ? name[..<end] + [UInt8(ascii: "_")] : nil
    }

    /// `<class>$$EnhancerBySpringCGLIB$$` and anything.
    private static func springProxy(_ name: [UInt8]) -> [UInt8]? {
        guard let end = endOfLast("$$EnhancerBySpringCGLIB$$", in: name, leaving: 1) else { return nil }
        return name[..<end] + [UInt8(ascii: "_")]
    }

    /// Libraries that are unpacked into files with random names.
    private static func library(_ name: [UInt8]) -> [UInt8]? {
        var start = Scanner(name)
        _ = start.take("./tmp/") || start.take("/tmp/")
        var rest = start
        if rest.take("libzstd-jni-"), rest.takeDigits() > 0, rest.take("."), rest.takeDigits() > 0, rest.take("."),
            rest.takeDigits() > 0, rest.take("-"), rest.takeDigits() > 0, rest.takeLibraryEnd()
        {
            return Array("libzstd-jni-_.so".utf8)
        }
        rest = start
        _ = rest.take("lib")
        if rest.take("amazonCorrettoCryptoProvider") {
            _ = rest.take("NativeLibraries.")
            guard rest.takeHex(atMost: 16) == 16 else { return nil }
            _ = rest.take("/libcrypto") || rest.take("/libamazonCorrettoCryptoProvider")
            return rest.takeLibraryEnd() ? Array("libamazonCorrettoCryptoProvider_.so".utf8) : nil
        }
        rest = start
        if rest.take("libasyncProfiler-"),
            rest.take("linux-arm64") || rest.take("linux-musl-x64") || rest.take("linux-x64") || rest.take("macos"),
            rest.take("-17b9a1d8156277a98ccc871afa9a8f69215f92"), rest.takeLibraryEnd()
        {
            return Array("libasyncProfiler-_.so".utf8)
        }
        return nil
    }

    /// Where the last occurrence of a mark ends that follows at least one byte and leaves some.
    private static func endOfLast(_ mark: StaticString, in name: [UInt8], leaving rest: Int = 0) -> Int? {
        let length = mark.utf8CodeUnitCount
        var start = name.count - length - rest
        while start > 0 {
            var scanner = Scanner(name, from: start)
            if scanner.take(mark) { return start + length }
            start -= 1
        }
        return nil
    }

    /// Takes pieces off the front of a name.
    private struct Scanner {
        private let name: [UInt8]
        private(set) var position: Int

        init(_ name: [UInt8], from position: Int = 0) {
            self.name = name
            self.position = position
        }

        var isAtEnd: Bool { position == name.count }

        mutating func take(_ piece: StaticString) -> Bool {
            let matches = piece.withUTF8Buffer { name[position...].starts(with: $0) }
            if matches { position += piece.utf8CodeUnitCount }
            return matches
        }

        mutating func takeDigits() -> Int {
            takeAll(atMost: .max) { (0x30...0x39).contains($0) }
        }

        mutating func takeHex(atMost limit: Int = .max) -> Int {
            takeAll(atMost: limit) { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        }

        mutating func takeLibraryEnd() -> Bool {
            guard take(".so") else { return false }
            _ = take(" (deleted)")
            return isAtEnd
        }

        private mutating func takeAll(atMost limit: Int, _ belongs: (UInt8) -> Bool) -> Int {
            let start = position
            while position < name.count, position - start < limit, belongs(name[position]) { position += 1 }
            return position - start
        }
    }
}
