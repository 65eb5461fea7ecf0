import Model

extension ProfileID {
    /// A random UUID of version 4.
    static func random() -> ProfileID {
        ProfileID(uuidFrom: UInt64.random(in: 0 ... .max), UInt64.random(in: 0 ... .max))
    }

    /// A UUID of version 4 made of bits.
    init(uuidFrom high: UInt64, _ low: UInt64) {
        self.init(high: high & ~0xf000 | 0x4000, low: low & ~(0xc0 << 56) | 0x80 << 56)
    }

    /// Whether a text is 32 hex digits, with hyphens where a UUID has them or without any.
    static func isUUID(_ text: [UInt8]) -> Bool {
        guard text.count == 36 || text.count == 32 else { return false }
        return text.indices.allSatisfy { index in
            if text.count == 36 && [8, 13, 18, 23].contains(index) { return text[index] == UInt8(ascii: "-") }
            return text[index].hexDigitValue != nil
        }
    }
}
