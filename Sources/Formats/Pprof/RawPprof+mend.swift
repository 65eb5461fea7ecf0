import Model

extension RawPprof {
    /// Changes what breaks a rule where the rest can be kept, and says what was changed.
    ///
    /// What cannot be mended is left for ``validate(_:series:)`` to refuse.
    mutating func mend(_ limits: PprofLimits) -> SalvageReport {
        var report = SalvageReport()
        mendTexts(limits.maxSymbolBytes, &report)
        mendFirstText(&report)
        mendIDs(&report)
        mendIndices(&report)
        mendTypes(&report)
        mendSamples(limits, &report)
        return report
    }

    /// Cuts texts to their tails, between characters.
    ///
    /// Texts that are no UTF-8 stay: protobuf has no such strings, so that those bytes are no pprof.
    private mutating func mendTexts(_ limit: Int, _ report: inout SalvageReport) {
        guard limit > 0, (0..<strings.count).contains(where: { strings.range($0).count > limit }) else { return }
        let source = strings
        var mended = TextTable(reservingTexts: source.count, bytes: source.bytes.count)
        for index in 0..<source.count {
            let text = source.bytes[source.range(index)]
            if text.count > limit {
                report.note(.symbolLength, "a text of \(text.count) bytes")
                mended.append(text.suffix(limit).drop { $0 & 0xc0 == 0x80 })
            } else {
                mended.append(text)
            }
        }
        strings = mended
    }

    /// Moves a first text that is not empty to the end, and what must have a name with it.
    private mutating func mendFirstText(_ report: inout SalvageReport) {
        guard strings.count > 0, !strings.range(0).isEmpty else { return }
        report.note(.stringTable, strings[0].string)
        let source = strings
        var mended = TextTable(reservingTexts: source.count + 1, bytes: source.bytes.count)
        mended.append([])
        for index in 1..<source.count { mended.append(source.bytes[source.range(index)]) }
        let moved = UInt64(mended.append(source.bytes[source.range(0)]))
        strings = mended
        for index in functions.indices where functions[index].name == 0 { functions[index].name = moved }
        for index in sampleTypes.indices {
            if sampleTypes[index].type == 0 { sampleTypes[index].type = moved }
            if sampleTypes[index].unit == 0 { sampleTypes[index].unit = moved }
        }
    }

    /// One thing of id 0 comes from a sender that counts from 0, and gets another id; several are things without an id.
    private mutating func mendIDs(_ report: inout SalvageReport) {
        let zeroLocations = locations.count { $0.id == 0 }
        report.note(.zeroID, count: zeroLocations, "location id is 0")
        if zeroLocations == 1 {
            let id = Self.unusedID(locations.map(\.id))
            for index in locations.indices where locations[index].id == 0 { locations[index].id = id }
            for index in stacks.indices where stacks[index] == 0 { stacks[index] = id }
        } else if zeroLocations > 1 {
            locations.removeAll { $0.id == 0 }
        }
        let zeroFunctions = functions.count { $0.id == 0 }
        report.note(.zeroID, count: zeroFunctions, "function id is 0")
        if zeroFunctions == 1 {
            let id = Self.unusedID(functions.map(\.id))
            for index in functions.indices where functions[index].id == 0 { functions[index].id = id }
            for index in lines.indices where lines[index].function == 0 { lines[index].function = id }
        } else if zeroFunctions > 1 {
            functions.removeAll { $0.id == 0 }
        }
    }

    private static func unusedID(_ ids: [UInt64]) -> UInt64 {
        let used = Set(ids)
        // There are more numbers than ids, so one of them is free.
        return (1...UInt64(ids.count) + 1).first { !used.contains($0) } ?? 0
    }

    private mutating func mendIndices(_ report: inout SalvageReport) {
        let count = UInt64(strings.count)
        func mend(_ index: inout UInt64, _ what: @autoclosure () -> String) {
            guard index >= count else { return }
            report.note(.stringIndex, "\(what()) string index \(index) of \(count)")
            index = 0
        }
        for index in functions.indices {
            mend(&functions[index].name, "function name")
            mend(&functions[index].systemName, "function system name")
            mend(&functions[index].filename, "function file name")
        }
        for index in mappings.indices {
            mend(&mappings[index].filename, "mapping file name")
            mend(&mappings[index].buildID, "mapping build id")
        }
        for index in labels.indices {
            mend(&labels[index].key, "sample label")
            mend(&labels[index].str, "sample label")
            mend(&labels[index].numUnit, "sample label unit")
        }
        if let period = periodType, period.type >= count || period.unit >= count {
            report.note(.stringIndex, "period type string index \(max(period.type, period.unit)) of \(count)")
            periodType = nil
        }
    }

    /// Replaces what profile type ids and the selectors of queries cannot hold.
    private mutating func mendTypes(_ report: inout SalvageReport) {
        func mended(_ index: UInt64, _ forbidden: [UInt8]) -> UInt64 {
            guard index < UInt64(strings.count) else { return index }
            let text = strings[Int(index)]
            guard text.utf8.contains(where: forbidden.contains) else { return index }
            report.note(.sampleTypeName, text.string)
            return UInt64(strings.append(text.utf8.map { forbidden.contains($0) ? UInt8(ascii: "_") : $0 }))
        }
        let (dash, colon) = (UInt8(ascii: "-"), UInt8(ascii: ":"))
        for index in sampleTypes.indices {
            sampleTypes[index].type = mended(sampleTypes[index].type, [dash, colon])
            sampleTypes[index].unit = mended(sampleTypes[index].unit, [colon])
        }
        if let period = periodType {
            periodType = ValueType(type: mended(period.type, [colon]), unit: mended(period.unit, [colon]))
        }
    }

    /// Leaves out samples with a wrong number of values, and labels beyond the limit.
    private mutating func mendSamples(_ limits: PprofLimits, _ report: inout SalvageReport) {
        let types = sampleTypes.count
        let depth = limits.maxDepth > 0 ? limits.maxDepth : .max
        let mostLabels = limits.maxSampleLabels > 0 ? limits.maxSampleLabels : .max
        var isBroken = false
        for sample in 0..<sampleCount {
            let (stack, values, labels) = ranges(sample)
            report.note(.stackDepth, count: stack.count > depth ? 1 : 0, "a stack of \(stack.count) frames")
            if values.count != types || labels.count > mostLabels { isBroken = true }
        }
        guard isBroken else { return }
        var (stacks, values, labels) = ([UInt64](), [Int64](), [Label]())
        var (stackEnds, valueEnds, labelEnds) = ([Int](), [Int](), [Int]())
        for sample in 0..<sampleCount {
            let ranges = ranges(sample)
            guard ranges.values.count == types else {
                report.note(.sampleValues, "a sample with \(ranges.values.count) values for \(types) types")
                continue
            }
            report.note(
                .sampleLabelCount, count: ranges.labels.count > mostLabels ? 1 : 0,
                "a sample with \(ranges.labels.count) labels")
            stacks += self.stacks[ranges.stack]
            values += self.values[ranges.values]
            labels += self.labels[ranges.labels].prefix(mostLabels)
            stackEnds.append(stacks.count)
            valueEnds.append(values.count)
            labelEnds.append(labels.count)
        }
        // With every sample wrong, the types are: that profile is refused.
        guard !stackEnds.isEmpty else { return }
        (self.stacks, self.values, self.labels) = (stacks, values, labels)
        (self.stackEnds, self.valueEnds, self.labelEnds) = (stackEnds, valueEnds, labelEnds)
    }

    private func ranges(_ sample: Int) -> (stack: Range<Int>, values: Range<Int>, labels: Range<Int>) {
        func range(_ ends: [Int]) -> Range<Int> { (sample == 0 ? 0 : ends[sample - 1])..<ends[sample] }
        return (range(stackEnds), range(valueEnds), range(labelEnds))
    }
}
