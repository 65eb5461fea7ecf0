import Formats
import Model
import Store
import Synchronization

/// What clients' UUIDs were seen with, so that a push that comes again is known as the same.
///
/// A UUID stands for what it first came with. One that comes with something else is no identity, as of a client that sends the
/// same for all of its profiles; what it names is stored each time. The last some thousand are remembered, for as long as the
/// process lives; ids are the same after it.
final class KnownPushes: Sendable {
    /// The id of a profile, and when it first came.
    struct Identity: Sendable {
        let id: ProfileID
        let time: Int64
    }

    private struct Key: Hashable, Sendable {
        let tenant: Tenant
        let uuid: Text
    }

    private struct Seen: Sendable {
        let content: Fingerprint
        let time: Int64
        var isIdentity = true
    }

    private struct Generations: Sendable {
        var newer: [Key: Seen] = [:]
        var older: [Key: Seen] = [:]
    }

    private static let generationSize = 8192
    private let known = Mutex(Generations())

    /// The identities of the profiles of a push, series by series; nil where a client gave none.
    func identities(of series: [PushedSeries], tenant: Tenant, now: Int64) -> [Identity?] {
        let profiles = series.flatMap { pushed in
            pushed.profiles.map { profile -> (Text, Fingerprint)? in
                guard ProfileID.isUUID(profile.id.utf8) else { return nil }
                return (profile.id, Fingerprint(of: profile, labels: pushed.labels))
            }
        }
        return identities(of: profiles, tenant: tenant, now: now)
    }

    /// The identities of the profiles of an export; nil where a client gave no id, or one of zeros, which is none.
    func identities(of profiles: [OTLP.Profile], tenant: Tenant, now: Int64) -> [Identity?] {
        let profiles = profiles.map { profile -> (Text, Fingerprint)? in
            guard profile.id.count == 16, profile.id.contains(where: { $0 != 0 }) else { return nil }
            // Sixteen bytes are the key of no push, whose UUIDs are text.
            return (Text(utf8: profile.id), Fingerprint(of: profile))
        }
        return identities(of: profiles, tenant: tenant, now: now)
    }

    private func identities(
        of profiles: [(uuid: Text, hash: Fingerprint)?], tenant: Tenant, now: Int64
    ) -> [Identity?] {
        var contents: [Text: Fingerprint] = [:]
        for case (let uuid, let hash)? in profiles { contents[uuid, default: Fingerprint()].add(hash) }
        guard !contents.isEmpty else { return [Identity?](repeating: nil, count: profiles.count) }
        let times = known.withLock { known in
            var times: [Text: Int64] = [:]
            for (uuid, content) in contents {
                let seen = Self.note(Key(tenant: tenant, uuid: uuid), content, now: now, &known)
                if seen.isIdentity { times[uuid] = seen.time }
            }
            return times
        }
        return profiles.map { profile in
            guard let (uuid, hash) = profile, let time = times[uuid] else { return nil }
            return Identity(id: ProfileID(uuidFrom: hash.high, hash.low), time: time)
        }
    }

    private static func note(
        _ key: Key, _ content: Fingerprint, now: Int64, _ known: inout Generations
    ) -> Seen {
        var seen = known.newer[key] ?? known.older[key] ?? Seen(content: content, time: now)
        if seen.content != content { seen.isIdentity = false }
        if known.newer.count >= generationSize {
            known.older = known.newer
            known.newer = [:]
        }
        known.newer[key] = seen
        return seen
    }
}

/// A hash of 128 bits that is the same in each process, by multiplying and folding in two lanes.
///
/// Who makes two of their own profiles collide loses one of them; nobody else does.
private struct Fingerprint: Hashable, Sendable {
    private(set) var high: UInt64 = 0x9e37_79b9_7f4a_7c15
    private(set) var low: UInt64 = 0xd1b5_4a32_d192_ed03

    init() {}

    init(of profile: (id: Text, bytes: [UInt8]), labels: [Label]) {
        add(profile.id.utf8)
        for label in labels {
            add(label.name.utf8)
            add(label.value.utf8)
        }
        add(profile.bytes)
    }

    /// The time counts only where it is the client's.
    init(of profile: OTLP.Profile) {
        add(profile.id)
        for label in profile.labels {
            add(label.name.utf8)
            add(label.value.utf8)
        }
        mix(profile.hasTime ? UInt64(bitPattern: profile.pprof.time) : 0)
        profile.pprof.content { mix($0) }
    }

    mutating func add(_ other: Fingerprint) {
        mix(other.high)
        mix(other.low)
    }

    private mutating func add(_ bytes: [UInt8]) {
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
