/// Many texts in one byte buffer, addressed by dense index.
///
/// Text `i` lies in `bytes[ends[i - 1]..<ends[i]]`. A table holds no object for each text, so a profile with 60 000
/// symbols is two arrays.
public struct TextTable: Sendable, Equatable, RandomAccessCollection {
    /// All texts, one after another.
    public private(set) var bytes: [UInt8]
    /// Where each text ends in `bytes`.
    public private(set) var ends: [UInt32]

    /// Makes an empty table, with room reserved.
    public init(reservingTexts texts: Int = 0, bytes byteCount: Int = 0) {
        bytes = []
        ends = []
        bytes.reserveCapacity(byteCount)
        ends.reserveCapacity(texts)
    }

    /// Makes a table of the given texts, in order.
    public init(_ texts: some Sequence<Text>) {
        self.init()
        for text in texts { append(text.utf8) }
    }

    /// Takes over columns that were stored; returns nil unless `ends` ascends and its last entry is the byte count.
    public init?(bytes: [UInt8], ends: [UInt32]) {
        var previous: UInt32 = 0
        for end in ends {
            guard end >= previous else { return nil }
            previous = end
        }
        guard Int(previous) == bytes.count else { return nil }
        self.bytes = bytes
        self.ends = ends
    }

    /// The number of texts.
    public var count: Int { ends.count }

    /// The index of the first text.
    public var startIndex: Int { 0 }

    /// The index behind the last text.
    public var endIndex: Int { ends.count }

    /// Where text `index` lies in ``bytes``.
    @inlinable
    public func range(_ index: Int) -> Range<Int> {
        (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])
    }

    /// A copy of text `index`.
    public subscript(_ index: Int) -> Text { Text(utf8: Array(bytes[range(index)])) }

    /// A copy of text `index`.
    public subscript(_ index: UInt32) -> Text { self[Int(index)] }

    /// Adds a text and returns its index.
    ///
    /// - Precondition: all texts together stay below 4 GiB; decoders bound their input far below.
    @discardableResult
    public mutating func append(_ text: some Collection<UInt8>) -> UInt32 {
        bytes.append(contentsOf: text)
        ends.append(UInt32(bytes.count))
        return UInt32(ends.count - 1)
    }

    /// Adds the text that lies in a range of a span.
    public mutating func append(_ source: Span<UInt8>, _ range: Range<Int>) {
        source.withUnsafeBufferPointer { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: $0[range])) }
        ends.append(UInt32(bytes.count))
    }

    /// Calls `body` with the bytes of text `index`, without a copy.
    @inlinable
    public func withBytes<Result>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows
        -> Result
    {
        let range = range(index)
        return try bytes.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// Whether text `left` of one table sorts before text `right` of another, by bytes.
    static func isLess(_ left: (table: TextTable, index: Int), _ right: (table: TextTable, index: Int)) -> Bool {
        left.table.withBytes(left.index) { left in
            right.table.withBytes(right.index) { right in isLess(left, right) }
        }
    }

    /// Whether text `left` sorts before text `right`, by bytes.
    public func isLess(_ left: Int, _ right: Int) -> Bool {
        let leftRange = range(left)
        let rightRange = range(right)
        return bytes.withUnsafeBufferPointer {
            Self.isLess(UnsafeBufferPointer(rebasing: $0[leftRange]), UnsafeBufferPointer(rebasing: $0[rightRange]))
        }
    }

    /// Whether text `index` has exactly these bytes.
    public func equals(_ index: Int, _ other: some Collection<UInt8>) -> Bool {
        let range = range(index)
        guard range.count == other.count else { return false }
        let isEqual = other.withContiguousStorageIfAvailable { other in
            bytes.withUnsafeBufferPointer { all in
                ByteScan.isEqual(UnsafeBufferPointer(rebasing: all[range]), other)
            }
        }
        return isEqual ?? bytes[range].elementsEqual(other)
    }

    static func isLess(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
        let shared = Swift.min(left.count, right.count)
        let (leftRaw, rightRaw) = (UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
        var index = 0
        // Names of one package share long prefixes.
        while index + 8 <= shared {
            let leftWord = leftRaw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let rightWord = rightRaw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if leftWord != rightWord { return leftWord.bigEndian < rightWord.bigEndian }
            index += 8
        }
        while index < shared {
            if left[index] != right[index] { return left[index] < right[index] }
            index += 1
        }
        return left.count < right.count
    }
}
