/// A hash of 128 bits over the content of texts and numbers, seeded anew in each process.
///
/// It multiplies and folds, as the wyhash family does, in two lanes with secrets of their own. A sender who cannot see the
/// secrets cannot make two contents collide, and by accident that takes some 2^64 of them. It is never stored.
public struct ContentHash: Hashable, Sendable {
    /// The first lane.
    public var high: UInt64
    /// The second lane.
    public var low: UInt64

    private static let secrets = (
        high: UInt64.random(in: 0 ... .max), low: UInt64.random(in: 0 ... .max), length: UInt64.random(in: 0 ... .max)
    )

    /// The hash of nothing.
    public static let seed = ContentHash(high: secrets.length, low: secrets.low ^ secrets.length)

    /// Mixes numbers into hashes; the secrets are read once for a whole loop.
    struct Mixer: Sendable {
        private let high = ContentHash.secrets.high | 1
        private let low = ContentHash.secrets.low | 1

        @inline(__always)
        func mix(_ hash: ContentHash, _ value: UInt64) -> ContentHash {
            mix(hash, ContentHash(high: value, low: value))
        }

        @inline(__always)
        func mix(_ hash: ContentHash, _ other: ContentHash) -> ContentHash {
            ContentHash(
                high: ContentHash.fold(hash.high ^ other.high, high) &+ hash.low,
                low: ContentHash.fold(hash.low ^ other.low ^ high, low) &+ hash.high)
        }

        func bytes(_ bytes: UnsafeBufferPointer<UInt8>) -> ContentHash {
            let raw = UnsafeRawBufferPointer(bytes)
            var hash = mix(.seed, UInt64(raw.count))
            var offset = 0
            while offset + 16 <= raw.count {
                hash = mix(
                    hash,
                    ContentHash(
                        high: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
                        low: raw.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)))
                offset += 16
            }
            if offset + 8 <= raw.count {
                hash = mix(hash, raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += 8
            }
            if offset < raw.count {
                var tail: UInt64 = 0
                while offset < raw.count {
                    tail = tail << 8 | UInt64(raw[offset])
                    offset += 1
                }
                hash = mix(hash, tail)
            }
            return hash
        }
    }

    /// The halves of a product of 128 bits, folded over each other.
    @inline(__always)
    static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

extension ContentHash {
    /// The hash of each location of a table, by what it is and not by how it is numbered.
    ///
    /// The table must be consistent.
    public static func locations(of table: SymbolTable) -> [ContentHash] {
        let mixer = Mixer()
        let strings = table.strings.bytes.withUnsafeBufferPointer { bytes in
            (0..<table.strings.count).map { index in
                mixer.bytes(UnsafeBufferPointer(rebasing: bytes[table.strings.range(index)]))
            }
        }
        let functions = table.functions.map { function in
            var hash = mixer.mix(strings[Int(function.name)], strings[Int(function.systemName)])
            hash = mixer.mix(hash, strings[Int(function.filename)])
            return mixer.mix(hash, UInt64(bitPattern: function.startLine))
        }
        let mappings = table.mappings.map { mapping in
            var hash = mixer.mix(strings[Int(mapping.filename)], strings[Int(mapping.buildID)])
            hash = mixer.mix(hash, mapping.start)
            hash = mixer.mix(hash, mapping.limit)
            hash = mixer.mix(hash, mapping.fileOffset)
            return mixer.mix(hash, UInt64(mapping.flags))
        }
        return table.locations.map { location in
            var hash = mixer.mix(mappings[Int(location.mapping)], location.address)
            hash = mixer.mix(hash, UInt64(location.lineCount) << 1 | (location.isFolded ? 1 : 0))
            for line in table.lines[location.lineRange] {
                hash = mixer.mix(hash, functions[Int(line.function)])
                hash = mixer.mix(hash, UInt64(bitPattern: line.line))
            }
            return hash
        }
    }

    /// The hash of each stack of a table, by what its frames are.
    ///
    /// Equal stacks of different tables have equal hashes within one process. The table must be consistent.
    public static func stacks(of table: SymbolTable) -> [ContentHash] {
        let mixer = Mixer()
        let locations = locations(of: table)
        let parents = table.stacks.parents
        let places = table.stacks.locations
        return [ContentHash](unsafeUninitializedCapacity: parents.count) { hashes, count in
            hashes[0] = .seed
            for node in 1..<max(parents.count, 1) {
                hashes[node] = mixer.mix(hashes[Int(parents[node])], locations[Int(places[node])])
            }
            count = parents.count
        }
    }
}
