/// The tree as bytes: what Pyroscope's format TREE carries.
///
/// A node is `uvarint(name length) name uvarint(self) uvarint(child count)`, nodes come in preorder from a root with an empty
/// name, and the children of a node in descending order of their names. An empty tree is no bytes.
extension CallTree {
    /// Writes the tree, cut to about `maxNodes` nodes; 0 or less cuts nothing.
    ///
    /// What is cut beside a function that is called `other` is added to that function, which keeps its subtree.
    public func encoded(maxNodes: Int = 0) -> [UInt8] {
        guard total > 0 else { return [] }
        let threshold = threshold(maxNodes: maxNodes)
        let other = index(ofName: Self.otherName)
        var bytes: [UInt8] = []
        // A node waiting to be written and what it gets on top of its self; `node` is nil for a synthetic `other`.
        var waiting: [(node: UInt32?, extra: Int64)] = [(0, 0)]
        while let (node, extra) = waiting.popLast() {
            guard let node else {
                Self.append(name: Self.otherName.utf8[...], own: extra, childCount: 0, to: &bytes)
                continue
            }
            var kept: [(node: UInt32?, extra: Int64)] = []
            var cut: Int64 = 0
            var bucket: Int?
            for child in children(of: node) {
                let isOther = nameIndices[Int(child)] == other
                if isOther { bucket = kept.count }
                if isOther || totals[Int(child)] >= threshold {
                    kept.append((child, 0))
                } else {
                    cut = cut.saturatingAdd(totals[Int(child)])
                }
            }
            if cut > 0 {
                if let bucket {
                    kept[bucket].extra = cut
                } else {
                    let position =
                        kept.firstIndex { entry in
                            entry.node.map { Self.otherName < names[nameIndices[Int($0)]] } ?? false
                        } ?? kept.count
                    kept.insert((nil, cut), at: position)
                }
            }
            let name = node == 0 ? [] : names.bytes[names.range(Int(nameIndices[Int(node)]))]
            Self.append(
                name: name, own: selfs[Int(node)].saturatingAdd(extra), childCount: kept.count, to: &bytes)
            // The last is written first: descending names.
            waiting.append(contentsOf: kept)
        }
        return bytes
    }

    private static func append(name: ArraySlice<UInt8>, own: Int64, childCount: Int, to bytes: inout [UInt8]) {
        appendUvarint(UInt64(name.count), to: &bytes)
        bytes.append(contentsOf: name)
        appendUvarint(UInt64(max(own, 0)), to: &bytes)
        appendUvarint(UInt64(childCount), to: &bytes)
    }

    private static func appendUvarint(_ value: UInt64, to bytes: inout [UInt8]) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }
}
