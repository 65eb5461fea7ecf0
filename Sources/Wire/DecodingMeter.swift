/// Counts the memory that decoded messages take, which can be many times the bytes they are made from.
final class DecodingMeter {
    private static let step = 256 << 10

    private let limit: Int
    private var left: Int
    private var reserved = 0
    private let reserving: (Int) -> Bool

    /// Makes a meter that stops at a number of bytes, and asks `reserving` for them in steps.
    init(limit: Int, reserving: @escaping (Int) -> Bool = { _ in true }) {
        self.limit = limit
        left = limit
        self.reserving = reserving
    }

    /// Accounts for memory before it is taken; throws when the limit is passed, or there is no memory.
    func spend(_ count: Int) throws(WireError) {
        left -= count
        guard left >= 0 else { throw WireError("the message takes more than \(limit) bytes of memory when decoded") }
        reserved -= count
        guard reserved < 0 else { return }
        let wanted = max(Self.step, -reserved)
        guard reserving(wanted) else { throw WireError("no memory is left to decode a message in") }
        reserved += wanted
    }
}
