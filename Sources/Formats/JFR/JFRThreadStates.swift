/// What the states of a chunk's threads mean.
struct JFRThreadStates {
    /// What decides whether a sample counts as CPU time.
    enum State { case runnable, sleeping, other }

    private let pool: JFRPool
    private let states: [State]

    init(_ pools: JFRConstantPools, _ bytes: Span<UInt8>, end: Int) {
        pool = pools[.threadState]
        var states: [State] = []
        for index in 0..<pool.count {
            let name = pools.text(bytes, at: pool.first(index), end: end, limit: 64)
            states.append(
                name.elementsEqual("STATE_RUNNABLE".utf8)
                    ? .runnable : name.elementsEqual("STATE_SLEEPING".utf8) ? .sleeping : .other)
        }
        self.states = states
    }

    /// The state of a key, or nil if the chunk holds none.
    subscript(_ key: UInt64) -> State? { pool.index(of: key).map { states[$0] } }
}
