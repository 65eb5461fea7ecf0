import Model

/// Upper and lower case by Unicode's simple mappings, one character for one, as Go's `strings` package has them.
enum LetterCase {
    static func lower(_ text: Text) -> Text {
        mapped(text) { scalar in
            // The only letter whose full mapping is longer: its simple one is the plain `i`.
            scalar == "\u{130}" ? "i" : single(scalar.properties.lowercaseMapping) ?? scalar
        }
    }

    static func upper(_ text: Text) -> Text {
        mapped(text) { scalar in
            // Where the full mapping is longer, the simple one is that to title case, or none.
            single(scalar.properties.uppercaseMapping) ?? single(scalar.properties.titlecaseMapping) ?? scalar
        }
    }

    /// Text that is no UTF-8 stays as it is, to be refused with its own bytes.
    private static func mapped(_ text: Text, _ map: (Unicode.Scalar) -> Unicode.Scalar) -> Text {
        guard text.isValidUTF8 else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.string.unicodeScalars { result.append(map(scalar)) }
        return Text(String(result))
    }

    private static func single(_ mapping: String) -> Unicode.Scalar? {
        let scalars = mapping.unicodeScalars
        return scalars.count == 1 ? scalars.first : nil
    }
}
