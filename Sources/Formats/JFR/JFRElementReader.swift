import Model

/// Reads the elements of the metadata tree one by one, without recursion.
struct JFRElementReader {
    /// An element's name and how many elements follow as its children.
    struct Element {
        fileprivate var name: Int
        var children: Int
    }

    private var cursor: JFRCursor
    private let strings: [Text]
    /// Indices of names and values of the last element's attributes.
    private var attributes: [(name: Int, value: Int)] = []

    init(cursor: JFRCursor, strings: [Text]) {
        self.cursor = cursor
        self.strings = strings
    }

    /// Reads an element up to its children.
    mutating func next(_ bytes: Span<UInt8>) throws(FormatError) -> Element {
        let name = try string(bytes)
        let count = try JFRReader.count(bytes, &cursor)
        attributes.removeAll(keepingCapacity: true)
        for _ in 0..<count { attributes.append((try string(bytes), try string(bytes))) }
        return Element(name: name, children: try JFRReader.count(bytes, &cursor))
    }

    /// Steps over elements with all that is below them.
    mutating func skip(_ count: Int, _ bytes: Span<UInt8>) throws(FormatError) {
        var open = count
        while open > 0 {
            let (sum, overflow) = open.addingReportingOverflow(try next(bytes).children)
            guard !overflow else { throw JFRReader.unexpectedEnd(cursor.offset) }
            open = sum - 1
        }
    }

    /// Whether an element has a name.
    func isNamed(_ element: Element, _ name: Text) -> Bool { strings[element.name] == name }

    /// The value of an attribute of the element that was read last.
    func attribute(_ name: Text) -> Text? {
        for attribute in attributes where strings[attribute.name] == name { return strings[attribute.value] }
        return nil
    }

    private mutating func string(_ bytes: Span<UInt8>) throws(FormatError) -> Int {
        let index = try JFRReader.number(bytes, &cursor)
        guard index < UInt64(strings.count) else {
            throw FormatError(.unreadable, "jfr: string \(index) of the metadata does not exist")
        }
        return Int(index)
    }
}
