import Model

extension JFRRecording {
    /// How the events of a type are read.
    private struct Plan {
        var role: JFREventType.Role
        var layout: JFRLayout
    }

    /// Reads the events of a chunk, whose sizes were checked.
    mutating func readEvents(
        _ range: Range<Int>, _ bytes: Span<UInt8>, _ metadata: JFRMetadata, _ pools: JFRConstantPools
    ) throws(FormatError) {
        var layouts = JFRLayouts(metadata)
        var plans: [Plan] = []
        var ids: [UInt64] = []
        var unreadable: [UInt64: FormatError] = [:]
        for (index, type) in metadata.classes.enumerated() {
            guard let event = JFREventType.all.first(where: { $0.name == type.name }) else { continue }
            do throws(FormatError) {
                let layout = try layouts.layout(of: index, wanted: event.fields, isPrefix: true)
                plans.append(Plan(role: event.role, layout: layout))
                ids.append(type.id)
            } catch {
                // It costs a strict reader the recording only if there is such an event.
                if limits.isStrict { unreadable[type.id] = error } else { try lose(error) }
            }
        }
        let table = IDTable(ids)
        let states = JFRThreadStates(pools, bytes, end: range.upperBound)
        var stacks = try JFRStackResolver(pools, metadata, end: range.upperBound, maxDepth: limits.maxDepth)
        var slots = [UInt64](repeating: 0, count: JFREventType.Slot.count)
        var offset = range.lowerBound
        while offset < range.upperBound {
            var cursor = JFRCursor(offset: offset, end: range.upperBound)
            cursor.end = offset + Int(try JFRReader.number(bytes, &cursor))
            offset = cursor.end
            let type = try JFRReader.number(bytes, &cursor)
            guard let index = table[type] else {
                if let problem = unreadable[type] { throw problem }
                continue
            }
            for slot in slots.indices { slots[slot] = 0 }
            do throws(FormatError) {
                try layouts.read(plans[index].layout, bytes, &cursor, into: &slots)
            } catch {
                try lose(error)
                continue
            }
            if case .setting = plans[index].role {
                readSetting(slots, bytes, pools, end: range.upperBound)
            } else {
                let key = slots[JFREventType.Slot.stackTrace]
                if let stack = try stacks.stack(key, bytes, &builder.symbols) ?? earlierStack(key) {
                    addSample(plans[index].role, stack, slots, states)
                }
            }
        }
        if !limits.isStrict { earlierStacks.merge(stacks.resolved.lazy.map { ($0.key, $0.stack) }) { $1 } }
    }

    /// The stack of a key that a chunk lacks.
    ///
    /// While it changes chunks, a JVM may write an event into the next one and its stack only into the one before. Strictly, as in
    /// the reference, such an event is passed over.
    private mutating func earlierStack(_ key: UInt64) -> UInt32? {
        guard key != 0, !limits.isStrict else { return nil }
        let stack = earlierStacks[key]
        if stack == nil { stackless += 1 }
        return stack
    }

    private mutating func readSetting(
        _ slots: [UInt64], _ bytes: Span<UInt8>, _ pools: JFRConstantPools, end: Int
    ) {
        let name = pools.text(bytes, at: slots[JFREventType.Slot.settingName], end: end, limit: 16)
        guard name.elementsEqual("event".utf8) else { return }
        event = Text(utf8: pools.text(bytes, at: slots[JFREventType.Slot.settingValue], end: end, limit: 256))
    }

    private mutating func addSample(
        _ role: JFREventType.Role, _ stack: UInt32, _ slots: [UInt64], _ states: JFRThreadStates
    ) {
        let correlation = JFRProfileBuilder.Correlation(
            context: slots[JFREventType.Slot.context], span: slots[JFREventType.Slot.span],
            spanName: slots[JFREventType.Slot.spanName],
            trace: TraceID(high: slots[JFREventType.Slot.traceHigh], low: slots[JFREventType.Slot.traceLow]))
        let value = slots[JFREventType.Slot.value]
        switch role {
        case .execution:
            switch states[slots[JFREventType.Slot.state]] {
            case .runnable, .other: builder.add(.cpu, stack, correlation, period)
            case .sleeping, nil: break
            }
            if event == Self.wallEvent { builder.add(.wall, stack, correlation, period) }
        case .wallClock:
            let time = Int64(Int32(truncatingIfNeeded: value)).saturatingMultiply(period)
            builder.add(.wall, stack, correlation, time)
            if event == Self.wallEvent, states[slots[JFREventType.Slot.state]] == .runnable {
                builder.add(.cpu, stack, correlation, time)
            }
        case .sized(let kind): builder.add(kind, stack, correlation, 1, Int64(bitPattern: value))
        case .counted(let kind): builder.add(kind, stack, correlation, 1)
        case .setting: break
        }
    }

    private static let wallEvent: Text = "wall"
}
