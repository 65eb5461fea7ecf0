import Glibc
import Wire

/// A generated fleet: the bodies of all pushes in one mapped file, made before anything is timed.
///
/// Unchecked because it is immutable once made, and the mapping is never written.
final class FleetFile: @unchecked Sendable {
    /// One push and what is known of it.
    struct Push: Sendable {
        /// The whole body in the file.
        var body: Range<Int>
        /// The gzip of the profile inside it.
        var gzip: Range<Int>
        var plainBytes: Int
        var pod: Int
        var kind: ProfileKind
        var time: Int64
        var samples: Int
        var storedValues: Int
        /// The sum of CPU nanoseconds, or of bytes in use.
        var total: Int64
    }

    let plan: FleetPlan
    let code: [ServiceCode]
    let pushes: [Push]
    private let bytes: UnsafeRawBufferPointer

    /// Generates a plan into a file, which is removed as soon as it is mapped.
    init(_ plan: FleetPlan, in directory: String) async {
        self.plan = plan
        code = plan.code()
        let path = "\(directory)/fleet-\(plan.services[0])"
        (pushes, bytes) = await Self.write(plan, code, to: path)
        unlink(path)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }

    /// The body of a push.
    func body(_ index: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[pushes[index].body]) }

    /// The gzip of a profile.
    func gzipped(_ index: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[pushes[index].gzip]) }

    var storedValues: Int { pushes.reduce(0) { $0 + $1.storedValues } }
    var gzipBytes: Int { pushes.reduce(0) { $0 + $1.gzip.count } }
    var plainBytes: Int { pushes.reduce(0) { $0 + $1.plainBytes } }

    /// Every so many pushes, about `count` of them.
    func spread(_ count: Int) -> [Int] {
        Array(stride(from: 0, to: pushes.count, by: max(pushes.count / max(count, 1), 1)))
    }

    fileprivate struct Chunk: Sendable {
        var bytes: [UInt8] = []
        var pushes: [Push] = []
    }

    private static func write(
        _ plan: FleetPlan, _ code: [ServiceCode], to path: String
    ) async -> ([Push], UnsafeRawBufferPointer) {
        let slots = plan.slots()
        let popularity = code.map { ZipfDistribution(count: $0.stacks.count, exponent: 1.0) }
        let file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
        guard file >= 0 else { fatal("cannot write \(path)") }
        defer { close(file) }
        var pushes: [Push] = []
        var offset = 0
        await withTaskGroup(of: (Int, Chunk).self) { group in
            let chunks = Array(stride(from: 0, to: slots.count, by: 200))
            var waiting: [Int: Chunk] = [:]
            var next = 0
            var started = 0
            func start() {
                guard started < chunks.count else { return }
                let (number, first) = (started, chunks[started])
                started += 1
                group.addTask {
                    var chunk = Chunk()
                    for slot in slots[first..<min(first + 200, slots.count)] {
                        let service = plan.pods[slot.pod].service
                        chunk.append(
                            plan.draw(
                                slot, popularity: popularity[service], stackCount: code[service].stacks.count),
                            slot, plan, code[service])
                    }
                    return (number, chunk)
                }
            }
            for _ in 0..<4 { start() }
            for await (number, chunk) in group {
                waiting[number] = chunk
                while let ready = waiting.removeValue(forKey: next) {
                    for push in ready.pushes { pushes.append(push.moved(by: offset)) }
                    writeAll(ready.bytes, to: file)
                    offset += ready.bytes.count
                    next += 1
                }
                start()
            }
        }
        // Written back now, so that it is not while a server syncs.
        fsync(file)
        guard offset > 0, let address = mmap(nil, offset, PROT_READ, MAP_SHARED, file, 0), address != MAP_FAILED else {
            fatal("cannot map \(path)")
        }
        return (pushes, UnsafeRawBufferPointer(start: address, count: offset))
    }
}

extension FleetFile.Push {
    fileprivate func moved(by offset: Int) -> FleetFile.Push {
        var moved = self
        moved.body = body.lowerBound + offset..<body.upperBound + offset
        moved.gzip = gzip.lowerBound + offset..<gzip.upperBound + offset
        return moved
    }
}

extension FleetFile.Chunk {
    fileprivate mutating func append(
        _ profile: DrawnProfile, _ slot: FleetPlan.Slot, _ plan: FleetPlan, _ code: ServiceCode
    ) {
        let plain = PprofEncoder.encode(profile, of: code)
        let packed = gzip(plain)
        var series: [UInt8] = []
        for (name, value) in plan.labels(of: plan.pods[slot.pod], slot.kind) {
            var label: [UInt8] = []
            ProtobufWriter.field(1, Array(name.utf8), to: &label)
            ProtobufWriter.field(2, Array(value.utf8), to: &label)
            ProtobufWriter.field(1, label, to: &series)
        }
        var sample: [UInt8] = []
        ProtobufWriter.field(1, packed, to: &sample)
        ProtobufWriter.field(2, sample, to: &series)
        let start = bytes.count
        ProtobufWriter.field(1, series, to: &bytes)
        // The profile is the last field of everything that it is nested in.
        pushes.append(
            FleetFile.Push(
                body: start..<bytes.count, gzip: bytes.count - packed.count..<bytes.count, plainBytes: plain.count,
                pod: slot.pod, kind: slot.kind, time: slot.time, samples: profile.stacks.count,
                storedValues: profile.storedValues, total: profile.total(slot.kind == .cpu ? 1 : 3)))
    }
}
