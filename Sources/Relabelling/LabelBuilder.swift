import Model

/// Labels that rules change one after another: what came, then what was set, in the order in which it was first set.
///
/// A change costs the same however many labels there are, and what they grow to is bounded by ``RelabelLimits``.
struct LabelBuilder {
    /// Where a label was taken away, nothing.
    private var places: [Label?] = []
    private var indices: [Text: Int] = [:]
    /// The places of further labels with a name, by the first one; hardly ever any.
    private var twins: [Int: [Int]] = [:]
    /// Places before this one hold what came.
    private let baseCount: Int
    /// Bytes of all names and values.
    private var byteCount = 0

    init(_ labels: [Label]) throws(RelabelProblem) {
        baseCount = labels.count
        places.reserveCapacity(labels.count + 4)
        indices.reserveCapacity(labels.count + 4)
        for label in labels {
            // Where a name came twice, its first value is the one that counts, and all go when it is changed.
            if let first = indices[label.name] {
                twins[first, default: []].append(places.count)
            } else {
                indices[label.name] = places.count
            }
            places.append(label)
            byteCount += label.byteCount
        }
        try check()
    }

    /// All labels, those that came first.
    var labels: [Label] { places.compactMap(\.self) }

    /// The value of a label, or the empty text.
    subscript(_ name: Text) -> Text {
        indices[name].flatMap { places[$0]?.value } ?? .empty
    }

    /// Sets a label; the empty value removes it.
    mutating func set(_ name: Text, _ value: Text) throws(RelabelProblem) {
        guard !value.isEmpty else { return remove(name) }
        let label = Label(name, value)
        if let index = indices[name], index >= baseCount {
            byteCount -= places[index]?.byteCount ?? 0
            places[index] = label
        } else {
            remove(name)
            indices[name] = places.count
            places.append(label)
        }
        byteCount += label.byteCount
        try check()
    }

    mutating func remove(_ name: Text) {
        guard let index = indices.removeValue(forKey: name) else { return }
        for place in [index] + (twins.removeValue(forKey: index) ?? []) {
            byteCount -= places[place]?.byteCount ?? 0
            places[place] = nil
        }
    }

    private func check() throws(RelabelProblem) {
        guard byteCount <= RelabelLimits.bytes else { throw .tooLong }
        guard indices.count <= RelabelLimits.labels else { throw .tooMany }
    }
}

extension Label {
    fileprivate var byteCount: Int { name.utf8.count + value.utf8.count }
}
