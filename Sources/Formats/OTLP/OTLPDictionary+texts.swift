import Model

extension OTLP.Dictionary {
    /// Attributes with the keys and texts that they only name by index.
    ///
    /// The reference leaves these empty; the schema has them since 1.10.
    func resolved(_ attributes: [OTLP.Attribute]) throws(FormatError) -> [OTLP.Attribute] {
        var resolved = attributes
        for index in resolved.indices {
            if resolved[index].key.isEmpty { resolved[index].key = try text(resolved[index].keyIndex, "attribute key") }
            resolved[index].value = try self.resolved(resolved[index].value)
        }
        return resolved
    }

    /// The same dictionary, its own attributes resolved.
    func resolved() throws(FormatError) -> OTLP.Dictionary {
        var dictionary = self
        for index in attributes.indices {
            dictionary.attributes[index].value = try resolved(attributes[index].value)
        }
        return dictionary
    }

    private func resolved(_ value: OTLP.AnyValue?) throws(FormatError) -> OTLP.AnyValue? {
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
