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
