import Model

/// Labels that rules change one after another: what came, then what was set, in the order in which it was first set.
struct LabelBuilder {
    private var base: [Label]
    private var added: [Label] = []

    init(_ labels: [Label]) {
        base = labels
    }

    /// All labels, those that came first.
    var labels: [Label] { base + added }

    /// The value of a label, or the empty text.
    subscript(_ name: Text) -> Text {
        (added.first { $0.name == name } ?? base.first { $0.name == name })?.value ?? .empty
    }

    /// Sets a label; the empty value removes it.
    mutating func set(_ name: Text, _ value: Text) {
        guard !value.isEmpty else { return remove(name) }
        if let index = added.firstIndex(where: { $0.name == name }) {
            added[index].value = value
        } else {
            base.removeAll { $0.name == name }
            added.append(Label(name, value))
        }
    }

    mutating func remove(_ name: Text) {
        base.removeAll { $0.name == name }
        added.removeAll { $0.name == name }
    }
}
