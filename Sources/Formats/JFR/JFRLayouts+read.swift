import Model

extension JFRLayouts {
    /// Reads a value, and notes in `slots` what was asked for; slots without a field keep what is in them.
    ///
    /// Numbers are noted as they are, texts and arrays by their position.
    @inline(__always)
    func read(
        _ layout: JFRLayout, _ bytes: Span<UInt8>, _ cursor: inout JFRCursor, into slots: inout [UInt64]
    ) throws(FormatError) {
        try read(layout.steps, steps.span, bytes, &cursor, &slots)
    }

    private func read(
        _ run: Range<Int>, _ steps: Span<Step>, _ bytes: Span<UInt8>, _ cursor: inout JFRCursor,
        _ slots: inout [UInt64]
    ) throws(FormatError) {
        for index in run {
            let step = steps[index]
            let position = cursor.offset
            switch step.kind {
            case .number:
                let value = try JFRReader.number(bytes, &cursor)
                if step.slot >= 0 { slots[Int(step.slot)] = value }
                continue
            case .byte: try JFRReader.skip(1, &cursor)
            case .fixed32: try JFRReader.skip(4, &cursor)
            case .fixed64: try JFRReader.skip(8, &cursor)
            case .string: try JFRReader.skipString(bytes, &cursor)
            case .array:
                let element = Int(step.firstStep)..<Int(step.endStep)
                let count = try JFRReader.number(bytes, &cursor)
                // Elements without fields take no bytes, others at least one.
                guard !element.isEmpty else { break }
                guard count <= UInt64(cursor.remaining) else { throw JFRReader.unexpectedEnd(cursor.offset) }
                if step.isPlain {
                    try JFRReader.skipNumbers(Int(count).saturatingMultiply(element.count), bytes, &cursor)
                    break
                }
                for _ in 0..<Int(count) { try read(element, steps, bytes, &cursor, &slots) }
            }
            if step.slot >= 0 { slots[Int(step.slot)] = UInt64(position) }
        }
    }
}
