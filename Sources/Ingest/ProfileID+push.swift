import Model

extension ProfileID {
    /// The id of a profile that a client gave a UUID: the same each time that the same push arrives, so that it is stored once.
    ///
    /// It is made of the UUID, the labels and the bytes. Clients that send one UUID for all they push lose nothing: only what is
    /// equal in all of these is taken for one. Nil where the client's text is no UUID, as that may mean anything.
    init?(client: Text, labels: [Label], content: [UInt8]) {
        guard Self.isUUID(client.utf8) else { return nil }
        var hash = Fingerprint()
        hash.add(client.utf8)
        for label in labels {
            hash.add(label.name.utf8)
            hash.add(label.value.utf8)
        }
        hash.add(content)
        self = ProfileID(uuidFrom: hash.high, hash.low)
    }

    /// A random UUID of version 4.
    static func random() -> ProfileID {
        ProfileID(uuidFrom: UInt64.random(in: 0 ... .max), UInt64.random(in: 0 ... .max))
    }

    private init(uuidFrom high: UInt64, _ low: UInt64) {
        self.init(high: high & ~0xf000 | 0x4000, low: low & ~(0xc0 << 56) | 0x80 << 56)
    }

    /// Whether a text is 32 hex digits, with hyphens where a UUID has them or without any.
    private static func isUUID(_ text: [UInt8]) -> Bool {
        guard text.count == 36 || text.count == 32 else { return false }
        return text.indices.allSatisfy { index in
            if text.count == 36 && [8, 13, 18, 23].contains(index) { return text[index] == UInt8(ascii: "-") }
            switch text[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"):
                return true
            default: return false
            }
        }
    }
}

/// A hash of 128 bits that is the same in each process, by multiplying and folding in two lanes.
///
/// Who makes two of their own profiles collide loses one of them; nobody else does.
private struct Fingerprint {
    var high: UInt64 = 0x9e37_79b9_7f4a_7c15
    var low: UInt64 = 0xd1b5_4a32_d192_ed03

    mutating func add(_ bytes: [UInt8]) {
        mix(UInt64(bytes.count))
        bytes.withUnsafeBytes { raw in
            var offset = 0
            while offset + 8 <= raw.count {
                mix(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
                offset += 8
            }
            var tail: UInt64 = 0
            for byte in raw[offset...] { tail = tail << 8 | UInt64(byte) }
            mix(tail)
        }
    }

    private mutating func mix(_ word: UInt64) {
        let (high, low) = (high, low)
        self.high = Self.fold(high ^ word, 0xa076_1d64_78bd_642f) &+ low
        self.low = Self.fold(low ^ word ^ 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3) &+ high
    }

    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
