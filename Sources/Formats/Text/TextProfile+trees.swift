import Model
import Wire

extension TextProfile {
    private static func uvarint(_ bytes: [UInt8], _ offset: inout Int) throws(FormatError) -> UInt64 {
        var cursor = ProtobufCursor(offset: offset, end: bytes.count)
        defer { offset = cursor.offset }
        do throws(WireError) {
            return try ProtobufReader.varint(bytes.span, &cursor)
        } catch {
            throw FormatError(.unreadable, "malformed number at byte \(cursor.offset)")
        }
    }

    private static func name(
        _ bytes: [UInt8], _ offset: inout Int, limit: Int
    ) throws(FormatError) -> ArraySlice<UInt8> {
        let length = try uvarint(bytes, &offset)
        guard limit <= 0 || length <= UInt64(limit) else {
            throw FormatError(.tooLarge, "a name is longer than \(limit) bytes (max-symbol-length)")
        }
        guard length <= UInt64(bytes.count - offset) else {
            throw FormatError(.unreadable, "unexpected end at byte \(offset)")
        }
        defer { offset += Int(length) }
        return bytes[offset..<offset + Int(length)]
    }

    /// Reads the records of a trie up to the end of the bytes, wherever that is.
    ///
    /// Each record is the end of a key, its value and how many records go on from it. As in the reference, what comes after the
    /// first one's have all come goes on from it as well.
    static func readTrie(
        _ bytes: [UInt8], _ limits: PprofLimits, into stacks: inout StackCollector
    ) throws(FormatError) {
        var offset = 0
        // The length of the key at each open node, and how many records are still to come.
        var open: [(keyLength: Int, left: UInt64)] = []
        var key: [UInt8] = []
        // Keys share what they begin with, so that a small body can hold very many long ones.
        var room = limits.maxBytes > 0 ? max(limits.maxBytes, bytes.count).saturatingMultiply(4) : .max
        while offset < bytes.count {
            key.removeLast(key.count - (open.last?.keyLength ?? 0))
            if open.count > 1 { open[open.count - 1].left -= 1 }
            key.append(contentsOf: try name(bytes, &offset, limit: 0))
            guard key.count <= 1 << 20 else { throw FormatError(.tooLarge, "a stack is longer than 1 MiB") }
            let value = try uvarint(bytes, &offset)
            let children = try uvarint(bytes, &offset)
            if value > 0 {
                room -= key.count
                guard room >= 0 else { throw FormatError(.tooLarge, "the stacks of a trie are too long together") }
                try stacks.add(joined: key[...], value: Int64(bitPattern: value))
            }
            if children > 0 { open.append((key.count, children)) }
            while open.count > 1, open[open.count - 1].left == 0 { open.removeLast() }
        }
    }

    /// Reads a tree of frames: like a trie's, each record is a name, a value and how many children follow.
    static func readTree(
        _ bytes: [UInt8], _ limits: PprofLimits, _ reserving: @escaping (Int) -> Bool, into stacks: inout StackCollector
    ) throws(FormatError) {
        var nodes = TreeNodes(limits: limits, reserving: reserving)
        do throws(FormatError) {
            try readTree(bytes, limits, into: &nodes)
        } catch {
            if !limits.isStrict, error.kind == .unreadable { try nodes.add(to: &stacks) }
            throw error
        }
        try nodes.add(to: &stacks)
    }

    private static func readTree(
        _ bytes: [UInt8], _ limits: PprofLimits, into nodes: inout TreeNodes
    ) throws(FormatError) {
        var offset = 0
        // The nodes of which children are still to come, and how many.
        var open: [(node: UInt32, left: UInt64)] = []
        repeat {
            let name = try name(bytes, &offset, limit: limits.maxSymbolBytes)
            let value = try uvarint(bytes, &offset)
            let children = try uvarint(bytes, &offset)
            guard limits.maxSamples <= 0 || children <= UInt64(limits.maxSamples) else {
                throw FormatError(.tooLarge, "a node has more than \(limits.maxSamples) children (max-profile-samples)")
            }
            let node = try nodes.set(name, Int64(bitPattern: value), below: open.last?.node)
            if !open.isEmpty { open[open.count - 1].left -= 1 }
            if children > 0 { open.append((node, children)) }
            while open.last?.left == 0 { open.removeLast() }
        } while !open.isEmpty
    }
}

/// The nodes of a tree as it was sent: of siblings of one name the last value counts, and names may hold several frames.
private struct TreeNodes {
    private struct Node {
        var name: ArraySlice<UInt8>
        var parent: UInt32
        var value: Int64 = 0
    }

    private var nodes: [Node] = []
    private var names = TextTable()
    private var nameIndex = NameIndex()
    private var edges = EdgeTable()
    private let maxNodes: Int
    private let reserving: (Int) -> Bool
    private var reserved = 0

    init(limits: PprofLimits, reserving: @escaping (Int) -> Bool) {
        maxNodes = limits.maxBytes > 0 ? max(limits.maxBytes / 8, 1 << 16) : .max
        self.reserving = reserving
    }

    /// The node of a name, which may be there already, with a new value; without a parent it is the root.
    mutating func set(
        _ name: ArraySlice<UInt8>, _ value: Int64, below parent: UInt32?
    ) throws(FormatError) -> UInt32 {
        reserved -= 256 + name.count
        if reserved < 0 {
            guard reserving(1 << 20) else {
                throw FormatError(.noRoom, "no memory is left to decode a profile in")
            }
            reserved += 1 << 20
        }
        let next = UInt32(nodes.count)
        var node = next
        if let parent {
            let index = name.withUnsafeBufferPointer { nameIndex.index(of: $0, in: &names) }
            node = edges.find(parent, index, orInsert: next)
        }
        if node == next {
            guard Int(next) <= maxNodes else {
                throw FormatError(.tooLarge, "the profile has more than \(maxNodes) frames (max-profile-size)")
            }
            nodes.append(Node(name: name, parent: parent ?? 0))
        }
        nodes[Int(node)].value = value
        return node
    }

    /// Adds the stacks that have a value.
    ///
    /// The reference writes each as text: a semicolon before each name, the root's too, then without the first two bytes. So an
    /// unnamed root is no frame, and its own value is nobody's; neither is that of a child of it without a name.
    func add(to stacks: inout StackCollector) throws(FormatError) {
        guard let root = nodes.first else { return }
        var isUsed = nodes.map { $0.value != 0 }
        for index in nodes.indices.reversed() where isUsed[index] { isUsed[Int(nodes[index].parent)] = true }
        if root.name.count > 1, root.value != 0 { try stacks.add(joined: root.name.dropFirst(), value: root.value) }
        // What children go on from; nil until it is asked for.
        var inner = [UInt32?](repeating: nil, count: nodes.count)
        inner[0] = root.name.isEmpty ? 0 : try stacks.node(of: root.name.dropFirst(), below: 0, isInner: true)
        for (index, node) in nodes.enumerated().dropFirst() where isUsed[index] {
            let parent = inner[Int(node.parent)] ?? 0
            if node.value != 0, node.parent != 0 || !root.name.isEmpty || !node.name.isEmpty {
                stacks.add(node.value, to: try stacks.node(of: node.name, below: parent))
            }
            inner[index] = try stacks.node(of: node.name, below: parent, isInner: true)
        }
    }
}
