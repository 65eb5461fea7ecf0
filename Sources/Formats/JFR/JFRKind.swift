import Model

/// What events are samples of; each kind becomes a profile of its own.
enum JFRKind: Int, CaseIterable {
    case cpu, wall, allocationInTLAB, allocationOutsideTLAB, allocationSample, mutex, block, live, malloc

    /// The `__name__` of the series.
    var metric: Text {
        switch self {
        case .cpu: "process_cpu"
        case .wall: "wall"
        case .allocationInTLAB, .allocationOutsideTLAB, .allocationSample, .live, .malloc: "memory"
        case .mutex: "mutex"
        case .block: "block"
        }
    }

    /// One or two types: a time or a count, and what is counted in bytes or ticks.
    var sampleTypes: [ValueType] {
        switch self {
        case .cpu: [ValueType(type: "cpu", unit: "nanoseconds")]
        case .wall: [ValueType(type: "wall", unit: "nanoseconds")]
        case .allocationInTLAB: Self.objectsAndBytes("alloc_in_new_tlab_objects", "alloc_in_new_tlab_bytes")
        case .allocationOutsideTLAB: Self.objectsAndBytes("alloc_outside_tlab_objects", "alloc_outside_tlab_bytes")
        case .allocationSample: Self.objectsAndBytes("alloc_sample_objects", "alloc_sample_bytes")
        case .mutex, .block:
            [ValueType(type: "contentions", unit: "count"), ValueType(type: "delay", unit: "nanoseconds")]
        case .live: [ValueType(type: "live", unit: "count")]
        case .malloc: Self.objectsAndBytes("malloc_objects", "malloc_bytes")
        }
    }

    /// What the sampling period is counted in.
    var periodType: ValueType? {
        switch self {
        case .cpu: ValueType(type: "cpu", unit: "nanoseconds")
        case .wall: ValueType(type: "wall", unit: "nanoseconds")
        case .allocationInTLAB, .allocationOutsideTLAB, .allocationSample: ValueType(type: "space", unit: "bytes")
        case .mutex: ValueType(type: "mutex", unit: "count")
        case .block: ValueType(type: "block", unit: "count")
        case .live: ValueType(type: "objects", unit: "count")
        case .malloc: nil
        }
    }

    private static func objectsAndBytes(_ objects: Text, _ bytes: Text) -> [ValueType] {
        [ValueType(type: objects, unit: "count"), ValueType(type: bytes, unit: "bytes")]
    }
}
