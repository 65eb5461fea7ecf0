/// A stack with all the room it will need: pushing is a store and popping a load, with one comparison each.
struct FixedStack<Element: BitwiseCopyable>: ~Copyable {
    fileprivate let elements: UnsafeMutableBufferPointer<Element>
    private(set) var count = 0

    init(capacity: Int) {
        elements = .allocate(capacity: max(capacity, 1))
    }

    /// A stack of equal elements.
    init(repeating element: Element, count: Int) {
        self.init(capacity: count)
        elements[..<count].initialize(repeating: element)
        self.count = count
    }

    deinit { elements.deallocate() }

    /// - Precondition: there is room.
    @inline(__always)
    mutating func push(_ element: Element) {
        precondition(count < elements.count)
        elements.initializeElement(at: count, to: element)
        count += 1
    }

    @inline(__always)
    mutating func pop() -> Element? {
        guard count > 0 else { return nil }
        count -= 1
        return elements[count]
    }

    /// - Precondition: `index` is below ``count``.
    @inline(__always)
    subscript(_ index: Int) -> Element {
        get {
            precondition(index < count)
            return elements[index]
        }
        set {
            precondition(index < count)
            elements[index] = newValue
        }
    }

    /// All elements, the first pushed first.
    var array: [Element] { Array(UnsafeBufferPointer(rebasing: elements[..<count])) }
}

extension FixedStack where Element: Comparable {
    /// Puts the elements from `start` on in ascending order.
    @inline(__always)
    mutating func sort(from start: Int) {
        let length = count - start
        guard length > 1 else { return }
        var run = UnsafeMutableBufferPointer(rebasing: elements[start..<count])
        // Most runs are a few elements, for which a general sort is slow to set out.
        guard length <= 16 else { return run.sort() }
        for place in 1..<length {
            let element = run[place]
            var hole = place
            while hole > 0 && run[hole - 1] > element {
                run[hole] = run[hole - 1]
                hole -= 1
            }
            run[hole] = element
        }
    }
}

extension FixedStack<UInt64> {
    /// Puts the elements in ascending order of their upper halves by counting, nine bits at a time; those that are equal there keep
    /// their order.
    mutating func sortByUpperHalf() {
        let bits = 9
        let mask = 1 << bits - 1
        let union = elements[..<count].reduce(0) { $0 | $1 >> 32 }
        var other = FixedStack(repeating: 0, count: count)
        var starts = FixedStack<Int>(repeating: 0, count: 1 << bits)
        var shift = 0
        while union >> UInt64(shift) != 0 {
            for digit in 0...mask { starts[digit] = 0 }
            for place in 0..<count { starts[Int(truncatingIfNeeded: elements[place] >> (32 + shift)) & mask] += 1 }
            var next = 0
            for digit in 0...mask { (starts[digit], next) = (next, next + starts[digit]) }
            for place in 0..<count {
                let digit = Int(truncatingIfNeeded: elements[place] >> (32 + shift)) & mask
                other[starts[digit]] = elements[place]
                starts[digit] += 1
            }
            swap(&self, &other)
            shift += bits
        }
    }
}
