import Model

/// A field that a reader asks for; it counts only if all four agree with the metadata.
struct JFRWanted {
    /// Where the field's number, or the position of its text or array, goes.
    var slot: Int
    var name: Text
    var type: Text
    var isPooled = false
    var isArray = false
}

/// How the values of a class lie on the wire, flattened to a run of steps.
///
/// The run ends with the last field that was asked for, unless the whole value has to be stepped over.
struct JFRLayout {
    /// The run in ``JFRLayouts/steps``.
    var steps: Range<Int>
}

/// The layouts of a chunk's classes.
struct JFRLayouts {
    /// What is done with the next bytes of a value.
    struct Step {
        enum Kind: UInt8 { case byte, number, fixed32, fixed64, string, array }

        var kind: Kind
        /// Where a number goes, or the position of a text or array; less than 0 if nobody asked.
        var slot: Int8 = -1
        /// Whether an array's elements are nothing but numbers.
        var isPlain = false
        /// The steps of an array's element.
        var firstStep: Int32 = 0
        var endStep: Int32 = 0
    }

    private(set) var steps: [Step] = []
    private let metadata: JFRMetadata
    /// Classes may name each other in their fields without end.
    private var budget = 1 << 18
    private static let maxDepth = 16

    init(_ metadata: JFRMetadata) {
        self.metadata = metadata
    }

    /// The layout of a value of a class; fields that were asked for go into their slots.
    ///
    /// With `isPrefix` the layout ends with the last of them, else it covers the whole value.
    mutating func layout(
        of classIndex: Int, wanted: [JFRWanted], isPrefix: Bool
    ) throws(FormatError) -> JFRLayout {
        JFRLayout(steps: append(try expand(classIndex, wanted, isPrefix: isPrefix, depth: 0)))
    }

    private mutating func append(_ run: [Step]) -> Range<Int> {
        let first = steps.count
        steps += run
        return first..<steps.count
    }

    private mutating func expand(
        _ classIndex: Int, _ wanted: [JFRWanted], isPrefix: Bool = false, depth: Int
    ) throws(FormatError) -> [Step] {
        let type = metadata.classes[classIndex]
        if let kind = Self.primitive(type.name) { return [Step(kind: kind)] }
        guard depth < Self.maxDepth else { throw tooDeep(type.name) }
        let slots = type.fields.map { slot(metadata.fields[$0], wanted) }
        let last = isPrefix ? (slots.lastIndex { $0 >= 0 } ?? -1) : slots.count - 1
        var run: [Step] = []
        for (slot, index) in zip(slots, type.fields).prefix(last + 1) {
            let field = metadata.fields[index]
            budget -= 1
            guard budget > 0 else { throw tooDeep(type.name) }
            var values: [Step]
            if field.isPooled {
                values = [Step(kind: .number)]
            } else {
                guard let inner = metadata.classIndex(of: field.type) else {
                    throw FormatError(.unreadable, "jfr: unknown type \(field.type)")
                }
                values = try expand(inner, [], depth: depth + 1)
                budget -= values.count
            }
            if field.isArray {
                let element = append(values)
                values = [
                    Step(
                        kind: .array, isPlain: steps[element].allSatisfy { $0.kind == .number },
                        firstStep: Int32(truncatingIfNeeded: element.lowerBound),
                        endStep: Int32(truncatingIfNeeded: element.upperBound))
                ]
            }
            if slot >= 0, values.count == 1 { values[0].slot = slot }
            run += values
        }
        return run
    }

    /// The class of the elements of an array, if the class has such a field.
    func elementClass(of field: JFRWanted, in classIndex: Int) -> Int? {
        metadata.classes[classIndex].fields
            .first { slot(metadata.fields[$0], [field]) >= 0 }
            .flatMap { metadata.classIndex(of: metadata.fields[$0].type) }
    }

    private func slot(_ field: JFRMetadata.Field, _ wanted: [JFRWanted]) -> Int8 {
        for want in wanted
        where want.name == field.name && want.isPooled == field.isPooled && want.isArray == field.isArray {
            if let type = metadata.classIndex(of: field.type), metadata.classes[type].name == want.type {
                return Int8(truncatingIfNeeded: want.slot)
            }
        }
        return -1
    }

    private func tooDeep(_ name: Text) -> FormatError {
        FormatError(.unreadable, "jfr: class \(name) holds too much")
    }

    private static func primitive(_ name: Text) -> Step.Kind? {
        switch name {
        case "boolean", "byte": .byte
        case "short", "char", "int", "long": .number
        case "float": .fixed32
        case "double": .fixed64
        case "java.lang.String": .string
        default: nil
        }
    }
}
