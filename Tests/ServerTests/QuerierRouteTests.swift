import MemoryStore
import Model
import Server
import Store
import Testing
import Wire

@Suite struct QuerierRouteTests {
    private let store = MemoryStore()
    private let gateway: Gateway

    init() {
        gateway = Gateway(store: store)
    }

    /// A profile of one function in a binary with a build id.
    private func profile(at nanoseconds: Int64, labels: [Label] = []) -> NewProfile {
        var interner = SymbolInterner()
        let mapping = interner.intern(
            Mapping(
                start: 1, limit: 2, filename: interner.intern("/bin/shop"), buildID: interner.intern("abc"),
                hasFunctions: true))
        let function = interner.intern(Function(name: interner.intern("main")))
        let leaf = interner.child(
            of: 0, at: interner.internLocation(mapping: mapping, lines: [Line(function: function, line: 7)]))
        let series = LabelSet(
            [
                Label(LabelName.profileType, "process_cpu:cpu:nanoseconds:cpu:nanoseconds"),
                Label(LabelName.serviceName, "shop"),
            ] + labels)
        return NewProfile(
            id: ProfileID(high: 0, low: UInt64(bitPattern: nanoseconds)), series: series, time: nanoseconds,
            symbols: interner.table, samples: SampleColumns(stacks: [leaf], values: [5]))
    }

    @Test func `the times of profiles are cut towards the past, also before 1970`() async throws {
        try await store.append([profile(at: -500_000), profile(at: 1_900_000)], for: .anonymous)
        let stats = try await askJSON(gateway, "GetProfileStats", "{}")
        #expect(stats["oldestProfileTime"]?.text == "-1" && stats["newestProfileTime"]?.text == "1")
    }

    @Test func `where a service's source lies stands in the build ids of a profile, escaped as Go does`() async throws {
        let labels = [
            Label("service_repository", "https://git/x?a&b"), Label("service_git_ref", "v\"1\""),
            Label("service_root_path", "src"),
        ]
        try await store.append([profile(at: 1_000_000, labels: labels)], for: .anonymous)
        let answer = try await askJSON(
            gateway, "SelectMergeProfile",
            #"{"profileTypeID":"process_cpu:cpu:nanoseconds:cpu:nanoseconds","labelSelector":"{}","start":1,"end":9}"#)
        let strings = answer["stringTable"]?.elements?.compactMap { $0.text?.string } ?? []
        let expected =
            #"{"repository":"https://git/x?a\u0026b","git_ref":"v\"1\"","build_id":"abc","root_path":"src"}"#
        #expect(strings.contains(expected))
        #expect(!strings.contains("abc"))
    }
}
