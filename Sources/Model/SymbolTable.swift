/// A function; its texts are indices into the strings of the ``SymbolTable`` that holds it.
public struct Function: Hashable, Sendable {
    /// The name that a flame graph shows.
    public var name: UInt32
    /// The name in the binary, before demangling.
    public var systemName: UInt32
    /// The source file.
    public var filename: UInt32
    /// The line on which the function begins, or 0.
    public var startLine: Int64

    /// Makes a function.
    public init(name: UInt32, systemName: UInt32 = 0, filename: UInt32 = 0, startLine: Int64 = 0) {
        self.name = name
        self.systemName = systemName
        self.filename = filename
        self.startLine = startLine
    }
}

/// A binary or library that code was loaded from.
public struct Mapping: Hashable, Sendable {
    /// The first address.
    public var start: UInt64
    /// The first address after the mapping.
    public var limit: UInt64
    /// The offset in the file.
    public var fileOffset: UInt64
    /// The file, as an index into the strings.
    public var filename: UInt32
    /// The build id, as an index into the strings.
    public var buildID: UInt32
    /// Whether locations are symbolised to functions.
    public var hasFunctions: Bool
    /// Whether functions have file names.
    public var hasFilenames: Bool
    /// Whether lines have numbers.
    public var hasLineNumbers: Bool
    /// Whether inlined calls are expanded.
    public var hasInlineFrames: Bool

    /// Makes a mapping; the default is the stub of locations that name none.
    public init(
        start: UInt64 = 0, limit: UInt64 = 0, fileOffset: UInt64 = 0, filename: UInt32 = 0, buildID: UInt32 = 0,
        hasFunctions: Bool = false, hasFilenames: Bool = false, hasLineNumbers: Bool = false,
        hasInlineFrames: Bool = false
    ) {
        self.start = start
        self.limit = limit
        self.fileOffset = fileOffset
        self.filename = filename
        self.buildID = buildID
        self.hasFunctions = hasFunctions
        self.hasFilenames = hasFilenames
        self.hasLineNumbers = hasLineNumbers
        self.hasInlineFrames = hasInlineFrames
    }

    /// What is known of the binary's symbols, as bits: functions, file names, line numbers, inlined calls.
    public var flags: UInt8 {
        get { (hasFunctions ? 1 : 0) | (hasFilenames ? 2 : 0) | (hasLineNumbers ? 4 : 0) | (hasInlineFrames ? 8 : 0) }
        set {
            hasFunctions = newValue & 1 != 0
            hasFilenames = newValue & 2 != 0
            hasLineNumbers = newValue & 4 != 0
            hasInlineFrames = newValue & 8 != 0
        }
    }
}

/// One frame of a location: a function and a line in it.
public struct Line: Hashable, Sendable {
    /// The function, as an index into ``SymbolTable/functions``.
    public var function: UInt32
    /// The line number, or 0.
    public var line: Int64

    /// Makes a line.
    public init(function: UInt32, line: Int64 = 0) {
        self.function = function
        self.line = line
    }
}

/// A place in code; its lines are a run in ``SymbolTable/lines``.
public struct Location: Hashable, Sendable {
    /// The mapping, as an index into ``SymbolTable/mappings``.
    public var mapping: UInt32
    /// The address, or 0.
    public var address: UInt64
    /// Where the run of lines begins.
    public var firstLine: UInt32
    /// The number of lines: the innermost inlined call first, its caller last; 0 for code without symbols.
    public var lineCount: UInt32
    /// Whether several places were folded into this one.
    public var isFolded: Bool

    /// Makes a location.
    public init(mapping: UInt32 = 0, address: UInt64 = 0, firstLine: UInt32, lineCount: UInt32, isFolded: Bool = false)
    {
        self.mapping = mapping
        self.address = address
        self.firstLine = firstLine
        self.lineCount = lineCount
        self.isFolded = isFolded
    }

    /// The run of lines in ``SymbolTable/lines``, innermost first.
    @inlinable
    public var lineRange: Range<Int> { Int(firstLine)..<Int(firstLine) + Int(lineCount) }
}

/// Stacks as a tree of parent pointers: a stack is the id of its leaf node.
///
/// Node 0 is the root, the stack without frames. A child's id is larger than its parent's, so totals are one backward
/// pass over an array. Siblings may have one location: a decoder gives each stack a chain of its own, an interner shares them.
public struct StackTree: Sendable, Equatable {
    /// The parent of each node; the root is its own.
    public private(set) var parents: [UInt32]
    /// The location of each node, as an index into ``SymbolTable/locations``; 0 for the root, where it means nothing.
    public private(set) var locations: [UInt32]

    /// Makes a tree of the root alone.
    public init() {
        parents = [0]
        locations = [0]
    }

    /// Takes over columns that were stored; returns nil unless every node's parent has a smaller id.
    public init?(parents: [UInt32], locations: [UInt32]) {
        guard parents.count == locations.count, parents.first == 0 else { return nil }
        for index in 1..<max(parents.count, 1) where parents[index] >= index { return nil }
        self.parents = parents
        self.locations = locations
    }

    /// The number of nodes, root included.
    public var count: Int { parents.count }

    /// Adds a child of `parent` and returns its id; the caller sees to it that the pair is new.
    ///
    /// - Precondition: `parent` is a node of the tree.
    @inlinable
    @discardableResult
    public mutating func append(parent: UInt32, location: UInt32) -> UInt32 {
        precondition(Int(parent) < count, "a stack's parent must exist before it")
        return appendUnchecked(parent: parent, location: location)
    }

    /// Makes room for nodes.
    public mutating func reserveCapacity(_ nodes: Int) {
        parents.reserveCapacity(nodes)
        locations.reserveCapacity(nodes)
    }

    /// Adds a stack as a chain of nodes of its own, whether or not its beginning is there, and returns its leaf.
    mutating func appendChain(leafFirst frames: UnsafeBufferPointer<UInt32>) -> UInt32 {
        guard !frames.isEmpty else { return 0 }
        let first = UInt32(parents.count)
        parents.append(addingCapacity: frames.count) { free in
            free.append(0)
            for parent in first..<first + UInt32(frames.count - 1) { free.append(parent) }
        }
        locations.append(addingCapacity: frames.count) { free in
            for place in stride(from: frames.count - 1, through: 0, by: -1) { free.append(frames[place]) }
        }
        return UInt32(parents.count - 1)
    }

    /// Whether the stack that ends at a leaf has exactly these locations.
    func chain(to leaf: UInt32, isLeafFirst frames: UnsafeBufferPointer<UInt32>) -> Bool {
        locations.withUnsafeBufferPointer { locations in
            parents.withUnsafeBufferPointer { parents in
                var node = Int(leaf)
                for location in frames {
                    guard node != 0, locations[node] == location else { return false }
                    node = Int(parents[node])
                }
                return node == 0
            }
        }
    }

    @usableFromInline
    mutating func appendUnchecked(parent: UInt32, location: UInt32) -> UInt32 {
        parents.append(parent)
        locations.append(location)
        return UInt32(parents.count - 1)
    }
}

/// Everything that resolves stack ids: strings, functions, mappings, locations and the stack tree.
///
/// Index 0 of `strings` is the empty text and index 0 of `mappings` the stub that stands for "none".
public struct SymbolTable: Sendable, Equatable {
    /// Texts; `[0]` is empty.
    public var strings: TextTable
    /// Functions.
    public var functions: [Function]
    /// Mappings; `[0]` is the stub of locations that name none.
    public var mappings: [Mapping]
    /// The lines of all locations, in runs.
    public var lines: [Line]
    /// Locations.
    public var locations: [Location]
    /// Stacks.
    public var stacks: StackTree

    /// Makes a table with the empty string, the stub mapping and the root.
    public init() {
        strings = TextTable([Text.empty])
        functions = []
        mappings = [Mapping()]
        lines = []
        locations = []
        stacks = StackTree()
    }

    /// About how many bytes the columns take.
    public var byteCount: Int {
        strings.bytes.count + strings.count * 4 + functions.count * MemoryLayout<Function>.stride
            + mappings.count * MemoryLayout<Mapping>.stride + lines.count * MemoryLayout<Line>.stride
            + locations.count * MemoryLayout<Location>.stride + stacks.count * 8
    }

    /// Whether every index points into its table; what comes from outside is checked once with this.
    public var isConsistent: Bool {
        let stringCount = strings.count
        func isString(_ index: UInt32) -> Bool { Int(index) < stringCount }
        return stringCount > 0 && !mappings.isEmpty
            && functions.allSatisfy { isString($0.name) && isString($0.systemName) && isString($0.filename) }
            && mappings.allSatisfy { isString($0.filename) && isString($0.buildID) }
            && lines.allSatisfy { Int($0.function) < functions.count }
            && locations.allSatisfy { $0.lineRange.upperBound <= lines.count && Int($0.mapping) < mappings.count }
            && stacks.locations.dropFirst().allSatisfy { Int($0) < locations.count }
    }
}
