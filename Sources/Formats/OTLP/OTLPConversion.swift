import Model

/// One profile on its way to pprofs: picks what its samples use out of the request's shared tables.
///
/// Every index is checked where it is followed. A pprof's id is an index and 1, since 0 means none there.
struct OTLPConversion {
    private let profile: OTLP.WireProfile
    private let dictionary: OTLP.Dictionary
    private let now: Int64
    private let limits: PprofLimits
    /// Bytes that the converted profiles of a request may still take.
    private(set) var room: Int
    /// What was left out.
    var salvage = SalvageReport()

    /// What the samples of one service are collected in.
    private struct Draft {
        var raw = RawPprof()
        var strings: [Int32: UInt64] = [:]
        var texts: [Text: UInt64] = [:]
        var locations: Set<Int32> = []
        var functions: Set<Int32> = []
        /// The place of each mapping in the pprof.
        var mappings: [Int32: Int] = [:]

        init() { raw.strings.append([]) }

        mutating func intern(_ text: Text) -> UInt64 {
            if text.isEmpty { return 0 }
            if let known = texts[text] { return known }
            let index = UInt64(raw.strings.append(text.utf8))
            texts[text] = index
            return index
        }
    }

    init(
        _ profile: OTLP.WireProfile, _ dictionary: OTLP.Dictionary, now: Int64, limits: PprofLimits, room: Int
    ) {
        self.profile = profile
        self.dictionary = dictionary
        self.now = now
        self.limits = limits
        self.room = room
    }

    private mutating func take(_ count: Int) throws(FormatError) {
        room -= count
        guard room >= 0 else {
            throw FormatError(
                .tooLarge,
                "the stacks, labels and texts of all profiles take more than \(4 * limits.maxBytes) bytes when they are "
                    + "no longer shared (max-profile-size)")
        }
    }

    private func element<Element>(
        _ table: [Element], _ index: Int32, _ what: @autoclosure () -> String
    ) throws(FormatError) -> Element {
        guard index >= 0, Int(index) < table.count else {
            throw FormatError(
                .invalid, "failed to convert otel profile: \(what()) index \(index) is out of range (\(table.count))")
        }
        return table[Int(index)]
    }

    private func string(_ index: Int32, _ what: @autoclosure () -> String) throws(FormatError) -> Text {
        // Index 0 means the empty text, also where there is no table, which the reference needs.
        index == 0 && dictionary.strings.isEmpty && !limits.isStrict
            ? .empty : try element(dictionary.strings, index, "\(what()) string")
    }

    /// The pprof of each service that samples name, with its family; an empty service means the resource's.
    mutating func pprofs() throws(FormatError) -> [(service: Text, name: Text, pprof: RawPprof)] {
        guard !profile.samples.isEmpty else { return [] }
        guard let sampleType = profile.sampleType else {
            throw FormatError(.invalid, "failed to convert otel profile: sample type is missing")
        }
        let type = ValueType(
            type: try string(sampleType.type, "sample type"), unit: try string(sampleType.unit, "sample unit"))
        var sentPeriod: ValueType?
        if let sent = profile.periodType {
            sentPeriod = ValueType(
                type: try string(sent.type, "period type"), unit: try string(sent.unit, "period unit"))
        }
        let period = profile.period != 0 ? sentPeriod : nil
        let isCPU =
            type == ValueType(type: "samples", unit: "count") && period == ValueType(type: "cpu", unit: "nanoseconds")
        let isOffCPU = type == ValueType(type: "off_cpu", unit: "nanoseconds") && period == nil
        let name: Text = isCPU ? "process_cpu" : isOffCPU ? "off_cpu" : period?.type ?? .empty

        var drafts: [Text: Draft] = [:]
        var order: [Text] = []
        var problem: FormatError?
        for sample in profile.samples {
            var reason = SalvageReason.sampleReference
            do throws(FormatError) {
                let labels = try labels(of: sample)
                let service = labels.first { $0.name == "service.name" }?.value ?? .empty
                reason = .sampleValues
                let value = try value(of: sample, isCPU: isCPU, isOffCPU: isOffCPU)
                reason = .sampleReference
                // Taken out and put back, so that nothing is copied.
                if drafts[service] == nil { order.append(service) }
                var draft = drafts.updateValue(Draft(), forKey: service) ?? Draft()
                defer { drafts[service] = draft }
                let known = draft.raw.sampleCount
                do throws(FormatError) {
                    try add(sample, labels.filter { $0.name != "service.name" }, value, to: &draft)
                } catch {
                    draft.raw.removeSamples(from: known)
                    throw error
                }
            } catch {
                guard !limits.isStrict, error.kind == .invalid else { throw error }
                salvage.note(reason, error.description)
                problem = problem ?? error
            }
        }
        order.removeAll { (drafts[$0]?.raw.sampleCount ?? 0) == 0 && problem != nil }
        if order.isEmpty, let problem { throw problem }
        return order.compactMap { service in
            guard var draft = drafts[service] else { return nil }
            let stored = isCPU ? ValueType(type: "cpu", unit: "nanoseconds") : type
            draft.raw.sampleTypes = [
                RawPprof.ValueType(type: draft.intern(stored.type), unit: draft.intern(stored.unit))
            ]
            // A period without a length says nothing of the samples, but stays in the type of what has a name without it.
            draft.raw.periodType = (isOffCPU ? sentPeriod : period).map {
                RawPprof.ValueType(type: draft.intern($0.type), unit: draft.intern($0.unit))
            }
            draft.raw.time = profile.time == 0 ? now : Int64(clamping: profile.time)
            return (service, name, draft.raw)
        }
    }

    private func labels(of sample: OTLP.Sample) throws(FormatError) -> [Label] {
        var labels: [Label] = []
        for index in sample.attributes {
            let attribute = try element(dictionary.attributes, index, "attribute")
            guard let value = try dictionary.resolved(attribute.value)?.label else { continue }
            labels.append(Label(try string(attribute.key, "attribute key"), value))
        }
        return labels
    }

    /// One number for a sample: its value, its timestamps counted, or, off CPU, the sum of its values.
    private func value(of sample: OTLP.Sample, isCPU: Bool, isOffCPU: Bool) throws(FormatError) -> Int64 {
        var value: Int64
        switch sample.values.count {
        case 0:
            guard !sample.timestamps.isEmpty else {
                throw FormatError(.invalid, "failed to convert otel profile: sample value is required")
            }
            value = Int64(sample.timestamps.count)
        case 1: value = sample.values[0]
        default:
            guard isOffCPU else {
                throw FormatError(
                    .invalid, "failed to convert otel profile: sample values length mismatch \(sample.values.count) 1")
            }
            value = sample.values.reduce(0) { $0.saturatingAdd($1) }
        }
        if isCPU {
            let (scaled, overflow) = value.multipliedReportingOverflow(by: profile.period)
            guard !overflow else {
                throw FormatError(
                    .invalid, "a value times its period does not fit 64 bits: \(value) × \(profile.period)")
            }
            value = scaled
        }
        return value
    }

    private mutating func add(
        _ sample: OTLP.Sample, _ labels: [Label], _ value: Int64, to draft: inout Draft
    ) throws(FormatError) {
        let locations = try element(dictionary.stacks, sample.stack, "stack").locations
        if limits.maxDepth > 0, locations.count > limits.maxDepth {
            salvage.note(.stackDepth, "a stack of \(locations.count) frames")
        }
        // Leaf first: of a stack that is too deep the root side stays.
        let kept = limits.maxDepth > 0 ? locations.suffix(limits.maxDepth) : locations[...]
        try take(8 * kept.count + 24 * labels.count + 48)
        for location in kept {
            try addLocation(location, to: &draft)
            draft.raw.stacks.append(UInt64(location) + 1)
        }
        draft.raw.stackEnds.append(draft.raw.stacks.count)
        draft.raw.values.append(value)
        draft.raw.valueEnds.append(draft.raw.values.count)
        for label in labels { try append(label.name, label.value, to: &draft) }
        if sample.link != 0 {
            let link = try element(dictionary.links, sample.link, "link")
            try append("span_id", Self.hex(link.span), to: &draft)
            if link.trace.count == 16 { try append("trace_id", Self.hex(link.trace), to: &draft) }
        }
        draft.raw.labelEnds.append(draft.raw.labels.count)
    }

    private mutating func append(_ name: Text, _ value: Text, to draft: inout Draft) throws(FormatError) {
        draft.raw.labels.append(
            RawPprof.Label(key: try intern(name, in: &draft), str: try intern(value, in: &draft)))
    }

    /// A draft's index of a text; each new one takes room.
    private mutating func intern(_ text: Text, in draft: inout Draft) throws(FormatError) -> UInt64 {
        let known = draft.raw.strings.count
        let index = draft.intern(text)
        if draft.raw.strings.count > known { try take(text.utf8.count) }
        return index
    }

    private static func hex(_ bytes: [UInt8]) -> Text {
        let digits = Array("0123456789abcdef".utf8)
        return Text(utf8: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    private mutating func addLocation(_ index: Int32, to draft: inout Draft) throws(FormatError) {
        let location = try element(dictionary.locations, index, "location")
        guard draft.locations.insert(index).inserted else { return }
        try take(MemoryLayout<RawPprof.Location>.stride + MemoryLayout<RawPprof.Line>.stride * location.lines.count)
        var added = RawPprof.Location()
        added.id = UInt64(index) + 1
        added.address = location.address
        added.firstLine = draft.raw.lines.count
        added.lineCount = location.lines.count
        for line in location.lines {
            try addFunction(line.function, to: &draft)
            draft.raw.lines.append(RawPprof.Line(function: UInt64(line.function) + 1, line: line.line))
        }
        // The reference needs the table that index 0 stands for no mapping in.
        if limits.isStrict || location.mapping != 0 || !dictionary.mappings.isEmpty {
            try addMapping(location.mapping, of: location, to: &draft)
            added.mapping = UInt64(location.mapping) + 1
        }
        draft.raw.locations.append(added)
    }

    private mutating func addFunction(_ index: Int32, to draft: inout Draft) throws(FormatError) {
        let function = try element(dictionary.functions, index, "function")
        guard draft.functions.insert(index).inserted else { return }
        try take(MemoryLayout<RawPprof.Function>.stride)
        var added = RawPprof.Function()
        added.id = UInt64(index) + 1
        added.name = try intern(try string(function.name, "function name"), in: &draft)
        added.systemName = try intern(try string(function.systemName, "function system name"), in: &draft)
        added.filename = try intern(try string(function.filename, "function file name"), in: &draft)
        added.startLine = function.startLine
        draft.raw.functions.append(added)
    }

    private mutating func addMapping(_ index: Int32, of location: OTLP.Location, to draft: inout Draft)
        throws(FormatError)
    {
        let mapping = try element(dictionary.mappings, index, "mapping")
        let hasFunctions = !location.lines.isEmpty && location.lines.allSatisfy { $0.function > 0 }
        if let place = draft.mappings[index] {
            // A mapping has functions only if all of its locations do.
            if !hasFunctions { draft.raw.mappings[place].flags &= ~1 }
            return
        }
        try take(MemoryLayout<RawPprof.Mapping>.stride)
        var added = RawPprof.Mapping()
        added.id = UInt64(index) + 1
        added.start = mapping.start
        added.limit = mapping.limit
        added.fileOffset = mapping.fileOffset
        added.filename = try intern(try string(mapping.filename, "mapping file name"), in: &draft)
        for attribute in mapping.attributes {
            let attribute = try element(dictionary.attributes, attribute, "mapping attribute")
            if try string(attribute.key, "attribute key") == "process.executable.build_id.gnu" {
                added.buildID = try intern(
                    try dictionary.resolved(attribute.value)?.label ?? .empty, in: &draft)
            }
        }
        added.flags = hasFunctions ? 1 : 0
        draft.mappings[index] = draft.raw.mappings.count
        draft.raw.mappings.append(added)
    }
}
