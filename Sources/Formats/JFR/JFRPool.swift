/// The constants of one type: for each key the two numbers that matter of its value.
struct JFRPool {
    private var keys: [UInt64] = []
    private var firsts: [UInt64] = []
    private var seconds: [UInt64] = []
    private var table = IDTable([])

    /// The number of constants.
    var count: Int { keys.count }

    mutating func append(_ key: UInt64, _ first: UInt64, _ second: UInt64) {
        keys.append(key)
        firsts.append(first)
        seconds.append(second)
    }

    /// Makes keys known; call it after the last constant.
    mutating func seal() {
        table = IDTable(keys)
    }

    /// The index of a key's constant; the last one if a key repeats.
    func index(of key: UInt64) -> Int? { table[key] }

    /// The key of a constant.
    func key(_ index: Int) -> UInt64 { keys[index] }

    /// The first number of a constant.
    func first(_ index: Int) -> UInt64 { firsts[index] }

    /// The second number of a constant.
    func second(_ index: Int) -> UInt64 { seconds[index] }
}
