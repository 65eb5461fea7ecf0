public import Model
public import Store

/// A merged profile with its places in code: what a pprof is written from.
public struct MergedProfile: Sendable {
    /// The profile type that was asked for.
    public var type: ProfileType
    /// What resolves the stacks.
    public var symbols: SymbolTable
    /// Leaf nodes of the stacks; empty if nothing was found.
    public var stacks: [UInt32]
    /// The sum of each stack.
    public var totals: [Int64]
    /// The end of the range, in nanoseconds.
    public var time: Int64
    /// Where the service's source lies, if its series say so.
    public var source: SourceRepository?

    /// About how many bytes it takes once each stack is written in full, as a pprof has them.
    ///
    /// Stacks share their frames here, so that this can be very many times what the profile takes.
    public var expandedByteCount: Int {
        let parents = symbols.stacks.parents
        var depths = [Int32](repeating: 0, count: parents.count)
        for node in parents.indices.dropFirst() { depths[node] = depths[Int(parents[node])] + 1 }
        // A number in memory and one in the answer for each frame, and what each sample has around them.
        return stacks.reduce(0) { $0 + Int(depths[Int($1)]) * 12 + 128 }
    }

    /// The sampling period that a profile of this family has by convention.
    public var period: Int64 {
        switch type.name {
        case "process_cpu": 1_000_000_000
        case "memory": 524_288
        default: 1
        }
    }
}

/// Where the source of a service lies, as its labels say; what the source view reads.
public struct SourceRepository: Sendable, Hashable {
    /// The repository's address.
    public var url: Text
    /// The commit, branch or tag.
    public var gitRef: Text
    /// The service's folder in the repository; empty for the repository's own.
    public var rootPath: Text
}

/// How stacks are cut for profile-guided optimisation of Go programs.
public struct GoPGO: Sendable, Hashable {
    /// The number of leaf-most locations that stay; 0 for all.
    public var keepLocations: UInt32
    /// Whether the line of the leaf is forgotten.
    public var aggregateCallees: Bool

    /// Makes a rule.
    public init(keepLocations: UInt32, aggregateCallees: Bool) {
        self.keepLocations = keepLocations
        self.aggregateCallees = aggregateCallees
    }
}

/// A selection merged with file names, lines and mappings kept.
public struct ProfileQuery: Sendable {
    /// What is selected.
    public var samples: SampleQuery
    /// Cut functions below the `maxNodes`-th largest; 0 or less for none.
    public var maxNodes: Int64
    /// Cut stacks for the Go compiler; the call site is then ignored.
    public var goPGO: GoPGO?

    /// Makes a query.
    public init(_ samples: SampleQuery, maxNodes: Int64 = 0, goPGO: GoPGO? = nil) {
        self.samples = samples
        self.maxNodes = maxNodes
        self.goPGO = goPGO
    }

    /// The merged profile, or nil if the range lies before the lookback.
    public func run(on store: any ProfileStore, limits: QueryLimits, now: Int64) async throws -> MergedProfile? {
        var samples = samples
        if goPGO != nil { samples.callSite = [] }
        try samples.refuseSpansWithTraces()
        guard let range = try limits.range(start: samples.start, end: samples.end, now: now) else { return nil }
        let type = try samples.parsedType()
        let selection = try samples.selection(of: type, in: range)
        let partitions = try await store.stackTotals(for: selection)
        var profile = MergedProfile(
            type: type, symbols: SymbolTable(), stacks: [], totals: [],
            time: selection.range.end.saturatingMultiply(1_000_000))
        Self.merge(partitions, into: &profile)
        if !profile.stacks.isEmpty { profile.source = try await source(of: type, selection, in: store) }
        if let goPGO { profile.cut(for: goPGO) }
        if maxNodes > 0 { profile.cut(toNodes: Int(clamping: maxNodes)) }
        return profile
    }

    private static func merge(_ partitions: [StackTotals], into profile: inout MergedProfile) {
        if partitions.count == 1 {
            profile.symbols = partitions[0].symbols
            profile.stacks = partitions[0].stacks
            profile.totals = partitions[0].totals
        } else {
            var interner = SymbolInterner()
            var sums: [Int64] = []
            for partition in partitions {
                for (stack, total) in zip(interner.intern(partition.stacks, of: partition.symbols), partition.totals) {
                    if Int(stack) >= sums.count {
                        sums.append(contentsOf: repeatElement(0, count: interner.table.stacks.count - sums.count))
                    }
                    sums[Int(stack)] = sums[Int(stack)].saturatingAdd(total)
                }
            }
            profile.symbols = interner.table
            profile.stacks = sums.indices.filter { sums[$0] > 0 }.map { UInt32($0) }
            profile.totals = profile.stacks.map { sums[Int($0)] }
        }
        // Samples without a stack count in a timeline, but there is nothing to show of them here.
        if let root = profile.stacks.firstIndex(of: 0) {
            profile.stacks.remove(at: root)
            profile.totals.remove(at: root)
        }
    }

    /// Where the service's source lies, if any of its series says so.
    private func source(
        of type: ProfileType, _ selection: Selection, in store: any ProfileStore
    ) async throws -> SourceRepository? {
        try await store.series(in: selection.range, matching: selection.matchers, tenants: selection.tenants)
            .first { series in
                series[LabelName.profileType] == type.id && !series["service_repository"].isEmpty
                    && !series["service_git_ref"].isEmpty
            }
            .map { series in
                SourceRepository(
                    url: series["service_repository"], gitRef: series["service_git_ref"],
                    rootPath: series["service_root_path"])
            }
    }
}
