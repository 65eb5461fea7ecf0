import Model

extension RawPprof {
    /// Checks the rules that a pprof must keep, cuts what is too deep or too long, and says which one was broken first.
    ///
    /// `series` describes the profile in messages.
    mutating func validate(_ limits: PprofLimits, series: () -> String) throws(FormatError) {
        func invalid(_ message: String) -> FormatError { FormatError(.invalid, message) }
        guard !sampleTypes.isEmpty else { throw invalid("empty profile") }
        guard limits.maxSamples <= 0 || sampleCount <= limits.maxSamples else {
            throw FormatError(
                .tooLarge,
                "the profile with labels '\(series())' exceeds the samples count limit "
                    + "(max_profile_stacktrace_samples, actual: \(sampleCount), limit: \(limits.maxSamples))")
        }
        let largestLabels = zip(labelEnds, [0] + labelEnds).reduce(0) { max($0, $1.0 - $1.1) }
        guard limits.maxSampleLabels <= 0 || largestLabels <= limits.maxSampleLabels else {
            throw FormatError(
                .tooLarge,
                "the profile with labels '\(series())' exceeds the sample labels limit "
                    + "(max_profile_stacktrace_sample_labels, actual: \(largestLabels), limit: \(limits.maxSampleLabels))"
            )
        }
        cutStrings(limits.maxSymbolBytes)
        for location in locations where location.id == 0 { throw invalid("location id is 0") }
        for function in functions where function.id == 0 { throw invalid("function id is 0") }
        var previous = 0
        for end in valueEnds {
            guard end - previous == sampleTypes.count else { throw invalid("sample value length mismatch") }
            previous = end
        }
        guard strings.count > 0, strings.range(0).isEmpty else { throw invalid("string 0 should be empty string") }
        try validateIndices()
        for type in sampleTypes {
            let text = strings[Int(type.type)]
            guard !text.utf8.contains(UInt8(ascii: "-")) else { throw invalid("sample type contains -") }
            guard !text.utf8.contains(UInt8(ascii: ":")), !strings[Int(type.unit)].utf8.contains(UInt8(ascii: ":"))
            else {
                throw invalid("sample type or unit contains a colon, which no query could select")
            }
        }
        try validateTexts()
    }

    private func validateTexts() throws(FormatError) {
        // Nearly all profiles are ASCII as a whole.
        if strings.bytes.withUnsafeBufferPointer({ ByteScan.isASCII($0) }) { return }
        for index in 0..<strings.count {
            let isASCII = strings.withBytes(index) { ByteScan.isASCII($0) }
            guard isASCII || strings[index].isValidUTF8 else {
                let hex = strings[index].utf8.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
                throw FormatError(.invalid, "invalid utf8 string hex: \(hex.joined())")
            }
        }
    }

    private func validateIndices() throws(FormatError) {
        let count = UInt64(strings.count)
        func check(_ index: UInt64, _ what: String) throws(FormatError) {
            guard index < count else { throw FormatError(.invalid, "\(what) out of range") }
        }
        for type in sampleTypes {
            try check(type.type, "sample type type string index")
            try check(type.unit, "sample type unit string index")
        }
        if let periodType {
            try check(periodType.type, "period type string index")
            try check(periodType.unit, "period unit string index")
        }
        for label in labels {
            try check(label.key, "sample label string index")
            try check(label.str, "sample label string index")
            try check(label.numUnit, "sample label unit string index")
        }
        for function in functions {
            try check(function.name, "function name string index")
            try check(function.systemName, "function system name index string")
            try check(function.filename, "function file name string index")
        }
        for mapping in mappings {
            try check(mapping.filename, "mapping file name string index")
            try check(mapping.buildID, "mapping build id string index")
        }
    }

    private mutating func cutStrings(_ limit: Int) {
        guard limit > 0, (0..<strings.count).contains(where: { strings.range($0).count > limit }) else { return }
        let source = strings
        var cut = TextTable(reservingTexts: source.count, bytes: source.bytes.count)
        for index in 0..<source.count { cut.append(source.bytes[source.range(index)].suffix(limit)) }
        strings = cut
    }

    /// Removes Go's instance brackets from every text, as Go 1.21 and later attribute generic instances arbitrarily:
    /// `pkg.F[go.shape.int]` becomes `pkg.F`.
    mutating func removeGoTypeParameters() {
        let marker = Array("[go.shape.".utf8)
        let source = strings
        guard source.bytes.withUnsafeBufferPointer({ ByteScan.first(UInt8(ascii: "["), in: $0) }) != nil else { return }
        var rewritten = TextTable(reservingTexts: source.count, bytes: source.bytes.count)
        for index in 0..<source.count {
            let text = source.bytes[source.range(index)]
            let first = source.withBytes(index) { ByteScan.first(UInt8(ascii: "["), in: $0) }
            guard first != nil else {
                rewritten.append(text)
                continue
            }
            let closing = Self.closingBrackets(text)
            var kept: [UInt8] = []
            var position = text.startIndex
            while position < text.endIndex {
                let end = closing[position - text.startIndex]
                if end > 0, text[position...].starts(with: marker) {
                    position = end
                } else {
                    kept.append(text[position])
                    position += 1
                }
            }
            rewritten.append(kept)
        }
        strings = rewritten
    }

    /// For each opening bracket the index behind the bracket that closes it; 0 for other bytes, and where nothing closes it.
    private static func closingBrackets(_ text: ArraySlice<UInt8>) -> [Int] {
        var closing = [Int](repeating: 0, count: text.count)
        var open: [Int] = []
        for index in text.indices {
            if text[index] == UInt8(ascii: "[") { open.append(index) }
            if text[index] == UInt8(ascii: "]"), let start = open.popLast() {
                closing[start - text.startIndex] = index + 1
            }
        }
        return closing
    }
}
