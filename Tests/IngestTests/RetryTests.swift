import Model
import Store
import Testing

@testable import Ingest

@Suite struct RetryTests {
    private let uuid: Text = "0b6d5a8e-1f0a-4d3f-9d0e-0123456789ab"

    private func series(_ id: Text, _ bytes: [UInt8], pod: Text = "a") -> PushedSeries {
        PushedSeries(labels: [Label("pod", pod)], profiles: [(id: id, bytes: bytes)])
    }

    @Test func `a push that comes again has the same id and the time of its first arrival`() throws {
        let known = KnownPushes()
        let first = try #require(known.identities(of: [series(uuid, [1, 2])], tenant: .anonymous, now: 5)[0])
        let again = try #require(known.identities(of: [series(uuid, [1, 2])], tenant: .anonymous, now: 9)[0])
        #expect(again.id == first.id && again.time == 5)
        // Another process makes the same id.
        let later = try #require(KnownPushes().identities(of: [series(uuid, [1, 2])], tenant: .anonymous, now: 20)[0])
        #expect(later.id == first.id && later.time == 20)
    }

    @Test func `a UUID that names different contents is no identity from then on`() {
        let known = KnownPushes()
        #expect(known.identities(of: [series(uuid, [1])], tenant: .anonymous, now: 0)[0] != nil)
        #expect(known.identities(of: [series(uuid, [2])], tenant: .anonymous, now: 0)[0] == nil)
        #expect(known.identities(of: [series(uuid, [1])], tenant: .anonymous, now: 0)[0] == nil)
        // What one tenant sends says nothing of another.
        #expect(known.identities(of: [series(uuid, [1])], tenant: Tenant("b"), now: 0)[0] != nil)
    }

    @Test func `series of one push may share a UUID, and have ids of their own`() throws {
        let known = KnownPushes()
        let push = [series(uuid, [1]), series(uuid, [1], pod: "b")]
        let ids = known.identities(of: push, tenant: .anonymous, now: 0).compactMap { $0?.id }
        #expect(Set(ids).count == 2)
        #expect(known.identities(of: push, tenant: .anonymous, now: 1).compactMap { $0?.id } == ids)
    }

    @Test(
        arguments: [
            "", "1", "not-a-uuid", "0b6d5a8e-1f0a-4d3f-9d0e-0123456789a", "0b6d5a8e11f0a-4d3f-9d0e-0123456789ab",
        ]
            as [Text])
    func `a text that is no UUID is no identity`(_ id: Text) {
        #expect(KnownPushes().identities(of: [series(id, [1])], tenant: .anonymous, now: 0)[0] == nil)
    }

    @Test(arguments: ["0B6D5A8E-1F0A-4D3F-9D0E-0123456789AB", "0b6d5a8e1f0a4d3f9d0e0123456789ab"] as [Text])
    func `a UUID may be in upper case or without hyphens`(_ id: Text) {
        #expect(KnownPushes().identities(of: [series(id, [1])], tenant: .anonymous, now: 0)[0] != nil)
    }
}
