import Model

extension OTLP.Dictionary {
    /// Attributes with the keys and texts that they only name by index.
    ///
    /// The reference leaves these empty; the schema has them since 1.10. One whose text is not there is left out and counted, or
    /// refused where `isStrict`.
    func resolved(
        _ attributes: [OTLP.Attribute], isStrict: Bool, _ salvage: inout SalvageReport
    ) throws(FormatError) -> [OTLP.Attribute] {
        var resolved: [OTLP.Attribute] = []
        for var attribute in attributes {
            do throws(FormatError) {
                if attribute.key.isEmpty { attribute.key = try text(attribute.keyIndex, "attribute key") }
                attribute.value = try self.resolved(attribute.value)
                resolved.append(attribute)
            } catch {
                guard !isStrict else { throw error }
                salvage.note(.stringIndex, error.description)
            }
        }
        return resolved
    }

    /// A value with the text that it only names by index.
    func resolved(_ value: OTLP.AnyValue?) throws(FormatError) -> OTLP.AnyValue? {
        guard var value else { return nil }
        if value.text == nil, value.textIndex != 0 { value.text = try text(value.textIndex, "attribute value") }
        // Longer arrays never become labels.
        if var element = value.array?.values.first, value.array?.values.count == 1, element.textIndex != 0 {
            element.text = try text(element.textIndex, "attribute value")
            value.array?.values = [element]
        }
        return value
    }

    private func text(_ index: Int32, _ what: String) throws(FormatError) -> Text {
        guard index != 0 else { return .empty }
        guard index > 0, Int(index) < strings.count else {
            throw FormatError(
                .invalid,
                "failed to convert otel profile: \(what) string index \(index) is out of range (\(strings.count))")
        }
        return strings[Int(index)]
    }
}
