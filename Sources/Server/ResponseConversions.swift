import API
import Model
import Query
import Wire

extension LabelPair {
    init(_ label: Label) {
        self.init()
        name = label.name
        value = label.value
    }
}

extension Labels {
    init(_ labels: [Label]) {
        self.init()
        self.labels = labels.map(LabelPair.init)
    }
}

extension ProfileTypeMessage {
    init(_ type: ProfileType) {
        self.init()
        id = type.id
        name = type.name
        sampleType = type.sampleType
        sampleUnit = type.sampleUnit
        periodType = type.periodType
        periodUnit = type.periodUnit
    }
}

extension Level {
    init(_ values: ArraySlice<Int64>) {
        self.init()
        self.values = values
    }
}

extension FlameGraphMessage {
    init(_ graph: FlameGraph) {
        self.init()
        names = graph.names
        levels = graph.levels.map { Level($0) }
        total = graph.total
        maxSelf = graph.maxSelf
    }
}

extension FlameGraphDiffMessage {
    init(_ diff: FlameGraphDiff) {
        self.init()
        names = diff.names
        levels = diff.levels.map { Level($0) }
        total = diff.total
        maxSelf = diff.maxSelf
        leftTicks = diff.leftTicks
        rightTicks = diff.rightTicks
    }
}

extension ExemplarMessage {
    init(_ exemplar: Exemplar) {
        self.init()
        timestamp = exemplar.timestamp
        profileID = exemplar.profile.map(Identifiers.text) ?? .empty
        spanID = exemplar.span == 0 ? .empty : Identifiers.text(exemplar.span)
        traceID = Identifiers.text(exemplar.trace)
        value = exemplar.value
        labels = exemplar.labels.labels.map(LabelPair.init)
    }
}

extension SeriesMessage {
    init(_ series: TimeSeries) {
        self.init()
        labels = series.labels.map(LabelPair.init)
        points = series.points.map { point in
            var message = PointMessage()
            message.value = point.value
            message.timestamp = point.timestamp
            message.exemplars = point.exemplar.map { [ExemplarMessage($0)] } ?? []
            return message
        }
    }
}

extension HeatmapSeriesMessage {
    init(_ series: HeatmapSeries) {
        self.init()
        labels = series.labels.map(LabelPair.init)
        slots = series.slots.map { slot in
            var message = HeatmapSlotMessage()
            message.timestamp = slot.timestamp
            message.yMin = slot.lowerBounds
            message.counts = slot.counts
            message.exemplars = slot.exemplars.map(ExemplarMessage.init)
            return message
        }
    }
}

extension ProfileMessage {
    /// Writes a merged profile as pprof: one sample type, one sample for each stack, ids from 1 on.
    init(_ profile: MergedProfile) {
        self.init()
        guard !profile.stacks.isEmpty else { return }
        var symbols = profile.symbols
        if let source = profile.source { symbols.annotate(with: source) }
        // Only what the samples need is written.
        var (table, stacks) = symbols.compacted(to: profile.stacks)
        let unit = Int64(table.strings.index(of: profile.type.sampleUnit))
        let type = Int64(table.strings.index(of: profile.type.sampleType))
        let periodUnit = Int64(table.strings.index(of: profile.type.periodUnit))
        let periodName = Int64(table.strings.index(of: profile.type.periodType))

        var sampleType = ValueTypeMessage()
        sampleType.type = type
        sampleType.unit = unit
        self.sampleType = [sampleType]
        defaultSampleType = type
        var periodType = ValueTypeMessage()
        periodType.type = periodName
        periodType.unit = periodUnit
        self.periodType = periodType
        period = profile.period
        timeNanos = profile.time

        stringTable = table.strings
        function = table.functions.enumerated().map { index, function in
            var message = FunctionMessage()
            message.id = UInt64(index + 1)
            message.name = Int64(function.name)
            message.systemName = Int64(function.systemName)
            message.filename = Int64(function.filename)
            message.startLine = function.startLine
            return message
        }
        // The stub mapping is written only where a location stands on it.
        let usesStub = table.locations.contains { $0.mapping == 0 }
        mapping = table.mappings.enumerated().dropFirst(usesStub ? 0 : 1).map { index, mapping in
            var message = MappingMessage()
            message.id = UInt64(usesStub ? index + 1 : index)
            message.memoryStart = mapping.start
            message.memoryLimit = mapping.limit
            message.fileOffset = mapping.fileOffset
            message.filename = Int64(mapping.filename)
            message.buildID = Int64(mapping.buildID)
            message.hasFunctions = mapping.hasFunctions
            message.hasFilenames = mapping.hasFilenames
            message.hasLineNumbers = mapping.hasLineNumbers
            message.hasInlineFrames = mapping.hasInlineFrames
            return message
        }
        location = table.locations.enumerated().map { index, location in
            var message = ProfileLocationMessage()
            message.id = UInt64(index + 1)
            message.mappingID = UInt64(location.mapping) + (usesStub ? 1 : 0)
            message.address = location.address
            message.isFolded = location.isFolded
            message.line = table.lines[location.lineRange].map { line in
                var message = LineMessage()
                message.functionID = UInt64(line.function) + 1
                message.line = line.line
                return message
            }
            return message
        }
        // All stacks in one column: most samples differ in little else.
        var locations: [UInt64] = []
        var ends: [Int] = []
        ends.reserveCapacity(stacks.count)
        for stack in stacks {
            var node = Int(stack)
            while node != 0 {
                locations.append(UInt64(table.stacks.locations[node]) + 1)
                node = Int(table.stacks.parents[node])
            }
            ends.append(locations.count)
        }
        let starts = [0] + ends
        sample = stacks.indices.map { index in
            var message = SampleMessage()
            message.locationID = locations[starts[index]..<ends[index]]
            message.value = profile.totals[index...index]
            return message
        }
    }
}

extension SymbolTable {
    /// Writes where the source lies into the build ids, where the source view looks for it.
    fileprivate mutating func annotate(with source: SourceRepository) {
        for index in mappings.indices {
            let buildID = strings[mappings[index].buildID]
            mappings[index].buildID = strings.append(source.json(buildID: buildID))
        }
    }
}

extension SourceRepository {
    /// The document that stands in for a build id; what is not known is left out.
    fileprivate func json(buildID: Text) -> [UInt8] {
        var json: [UInt8] = []
        for (name, value) in [
            ("repository", url), ("git_ref", gitRef), ("build_id", buildID), ("root_path", rootPath),
        ] as [(Text, Text)] where !value.isEmpty {
            json.append(UInt8(ascii: json.isEmpty ? "{" : ","))
            JSONText.append(name, to: &json)
            json.append(UInt8(ascii: ":"))
            JSONText.append(value, escapingHTML: true, to: &json)
        }
        return json + [UInt8(ascii: "}")]
    }
}
