/// A stack with all the room it will need: pushing is a store and popping a load, with one comparison each.
struct FixedStack<Element: BitwiseCopyable>: ~Copyable {
    fileprivate let elements: UnsafeMutableBufferPointer<Element>
    private(set) var count = 0

    init(capacity: Int) {
        elements = .allocate(capacity: max(capacity, 1))
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
        precondition(index < count)
        return elements[index]
    }

    /// All elements, the first pushed first.
    var array: [Element] { Array(UnsafeBufferPointer(rebasing: elements[..<count])) }
}

extension FixedStack<Int64> {
    /// Adds to an element, saturating.
    ///
    /// - Precondition: `index` is below ``count``.
    @inline(__always)
    mutating func add(_ value: Int64, at index: Int) {
        precondition(index < count)
        elements[index] = elements[index].saturatingAdd(value)
    }
}
