import Glibc
import Testing

/// Runs everything that fuzzing found, and what it begins with, through the same checks.
@Suite struct CorpusTests {
    @Test(arguments: FuzzTarget.all.map(\.name))
    func `what fuzzing found is read or refused, and what is read keeps the rules`(_ name: String) async throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let folder = "\(Self.root)/\(name)"
        let files = try Self.files(of: folder)
        #expect(!files.isEmpty, "nothing is kept of \(name)")
        for file in files {
            try Self.check(target, Self.read("\(folder)/\(file)"), file)
            await Task.yield()
        }
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `inputs that fuzzing begins with keep the rules, also with a byte changed`(_ name: String) async throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let seeds = target.seeds()
        #expect(!seeds.isEmpty)
        for (index, seed) in seeds.enumerated() {
            try Self.check(target, seed, "seed \(index)")
            for position in stride(from: 0, to: seed.count, by: max(seed.count / 50, 1)) {
                var changed = seed
                changed[position] ^= 0x81
                try Self.check(target, changed, "seed \(index) with byte \(position) changed")
            }
            await Task.yield()
        }
    }

    @Test func `each folder of inputs belongs to a target`() throws {
        #expect(Set(try Self.files(of: Self.root)) == Set(FuzzTarget.all.map(\.name)))
    }

    private static let root = String(#filePath.dropLast("/Tests/CorpusTests.swift".count)) + "/Corpus"

    private static func check(_ target: FuzzTarget, _ bytes: [UInt8], _ what: String) throws {
        do throws(Violation) {
            try target.check(bytes)
        } catch {
            Issue.record("\(target.name), \(what): \(error)")
        }
    }

    private static func files(of folder: String) throws -> [String] {
        let stream = try #require(opendir(folder), "cannot open \(folder)")
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let stream = try #require(fopen(path, "r"), "cannot open \(path)")
        defer { fclose(stream) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, stream)
            guard count > 0 else { return content }
            content += buffer[..<count]
        }
    }
}
