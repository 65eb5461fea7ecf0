import Model
import Query
import Store
import Testing

@Suite struct ProfileQueryTests {
    private func merged(_ profiles: [NewProfile], maxNodes: Int64 = 0, goPGO: GoPGO? = nil) async throws -> [String:
        Int64]
    {
        let result = try await ProfileQuery(everything(), maxNodes: maxNodes, goPGO: goPGO)
            .run(on: store(profiles), limits: .hearth, now: now)
        let profile = try #require(result)
        var stacks: [String: Int64] = [:]
        for (stack, total) in zip(profile.stacks, profile.totals) {
            var frames: [String] = []
            var node = Int(stack)
            while node != 0 {
                let location = profile.symbols.locations[Int(profile.symbols.stacks.locations[node])]
                for line in profile.symbols.lines[location.lineRange] {
                    frames.append(
                        profile.symbols.strings[profile.symbols.functions[Int(line.function)].name].string)
                }
                node = Int(profile.symbols.stacks.parents[node])
            }
            stacks[frames.reversed().joined(separator: ";"), default: 0] += total
        }
        return stacks
    }

    private let example = [("main;foo;bar", 1), ("main;foo", 2), ("main;baz", 3), ("init", 4)] as [(String, Int64)]

    @Test func `equal stacks of several profiles become one`() async throws {
        let stacks = try await merged([profile(example, at: 1000), profile(example, at: 2000, id: 2)])
        #expect(stacks == ["main;foo;bar": 2, "main;foo": 4, "main;baz": 6, "init": 8])
    }

    @Test(
        arguments: [
            (1, ["main;other": 6, "other": 4]), (3, ["main;foo;other": 1, "main;foo": 2, "main;baz": 3, "init": 4]),
        ] as [(Int64, [String: Int64])])
    func `cut parts of stacks end in a frame other and the sum stays`(
        _ maxNodes: Int64, _ expected: [String: Int64]
    ) async throws {
        #expect(try await merged([profile(example, at: 1000)], maxNodes: maxNodes) == expected)
    }

    @Test func `what a profile takes in full follows the depth of each stack, not the frames that they share`()
        async throws
    {
        let deep = (0..<100).map { "f\($0)" }
        let stacks = (1...100).map { (deep.prefix($0).joined(separator: ";"), Int64(1)) }
        let result = try await ProfileQuery(everything())
            .run(on: store([profile(stacks, at: 1000)]), limits: .hearth, now: now)
        let profile = try #require(result)
        #expect(profile.symbols.stacks.count == 101)
        #expect(profile.expandedByteCount >= 5050 * 8)
    }

    @Test func `for the Go compiler only the leaf-most locations stay`() async throws {
        let stacks = try await merged(
            [profile([("main;a;x", 1), ("main;b;x", 2), ("main", 4)], at: 1000)],
            goPGO: GoPGO(keepLocations: 1, aggregateCallees: false))
        #expect(stacks == ["x": 3, "main": 4])
    }
}

@Suite struct SourceRepositoryTests {
    @Test func `the labels of a series say where the source lies`() async throws {
        let labels = [Label("service_repository", "https://git/x"), Label("service_git_ref", "main")]
        let result = try await ProfileQuery(everything())
            .run(on: store([profile([("f", 1)], at: 1000, labels: labels)]), limits: .hearth, now: now)
        let source = try #require(result?.source)
        #expect(source.url == "https://git/x" && source.gitRef == "main" && source.rootPath.isEmpty)
    }

    @Test func `without a commit there is no source`() async throws {
        let result = try await ProfileQuery(everything()).run(
            on: store([profile([("f", 1)], at: 1000, labels: [Label("service_repository", "https://git/x")])]),
            limits: .hearth, now: now)
        #expect(result != nil && result?.source == nil)
    }
}

@Suite struct AnalysisQueryTests {
    @Test func `series and profiles of a range are counted`() async throws {
        let day: Int64 = 86_400_000
        let store = try await store([
            profile([("f", 1)], at: 1000, labels: [Label("pod", "a")]),
            profile([("f", 1)], at: 1000 + day, id: 2, labels: [Label("pod", "a")]),
            profile([("f", 1)], at: 1000, id: 3, labels: [Label("pod", "b")]),
            profile([("f", 1)], at: 9 * day, id: 4),
        ])
        let size = try await AnalysisQuery(tenants: [.anonymous], selector: "{}", start: 1, end: 2 * day)
            .run(on: store, limits: .hearth, now: now)
        #expect(size.series == 2 && size.profiles == 3)
    }
}

@Suite struct IdentifiersTests {
    @Test(arguments: [
        "00112233-4455-6677-8899-aabbccddeeff", "00112233445566778899AABBCCDDEEFF",
        "{00112233-4455-6677-8899-aabbccddeeff}", "urn:uuid:00112233-4455-6677-8899-aabbccddeeff",
    ])
    func `a UUID is read in any usual spelling`(_ text: String) throws {
        let id = try Identifiers.profile(Text(text))
        #expect(id == ProfileID(high: 0x0011_2233_4455_6677, low: 0x8899_aabb_ccdd_eeff))
        #expect(Identifiers.text(id) == "00112233-4455-6677-8899-aabbccddeeff")
    }

    @Test(arguments: ["nope", "", "00112233-4455-6677-8899-aabbccddeefg", "0011223-34455-6677-8899-aabbccddeeff"])
    func `other text is no UUID`(_ text: String) {
        #expect(throws: QueryError.self) { _ = try Identifiers.profile(Text(text)) }
    }
}

@Suite struct LabelQueryTests {
    @Test func `projections are distinct and sorted, and series without any of the labels are left out`() async throws {
        let store = try await store([
            profile([("f", 1)], at: 1000, labels: [Label("a", "2")]),
            profile([("f", 1)], at: 1000, id: 2, labels: [Label("a", "1"), Label("service.version", "9")]),
            profile([("f", 1)], at: 1000, id: 3),
        ])
        let query = LabelQuery(tenants: [.anonymous], start: 1, end: 5000)
        let sets = try await query.series(on: ["a"], of: store, utf8Names: false, limits: .hearth, now: now)
        #expect(sets.map { $0["a"] } == ["1", "2"])
        let names = try await query.names(of: store, utf8Names: false, limits: .hearth, now: now)
        #expect(names == ["__name__", "__profile_type__", "a", "service_name"])
        let all = try await query.names(of: store, utf8Names: true, limits: .hearth, now: now)
        #expect(all.contains("service.version"))
        let types = try await query.profileTypes(of: store, limits: .hearth, now: now)
        #expect(types.map(\.id) == [cpu])
    }
}
