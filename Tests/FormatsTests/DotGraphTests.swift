import Model
import Testing

@testable import Formats

@Suite struct DotGraphTests {
    /// A frame: its function, and what is known of its place.
    private struct Frame {
        var name: Text
        var file: Text = ""
        var line: Int64 = 0
        var address: UInt64 = 0
    }

    /// The graph of stacks, root first; the frames of an inner list are one location, the outermost first.
    private func graph(
        _ stacks: [([[Frame]], Int64)], unit: Text = "count", maxNodes: Int = 0, binary: Text = ""
    ) -> [String] {
        var interner = SymbolInterner()
        let file = interner.intern(binary)
        let mapping: UInt32 = binary.isEmpty ? 0 : interner.intern(Mapping(start: 1, limit: 2, filename: file))
        let leaves = stacks.map { locations, _ in
            locations.reduce(UInt32(0)) { parent, frames in
                let lines = frames.reversed().filter { !$0.name.isEmpty || !$0.file.isEmpty }.map { frame in
                    Line(
                        function: interner.intern(
                            Function(name: interner.intern(frame.name), filename: interner.intern(frame.file))),
                        line: frame.line)
                }
                return interner.child(
                    of: parent,
                    at: interner.internLocation(mapping: mapping, address: frames.first?.address ?? 0, lines: lines))
            }
        }
        let text = DotGraph(
            symbols: interner.table, stacks: leaves, totals: stacks.map(\.1), type: "cpu", unit: unit,
            maxNodes: maxNodes
        ).text
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// The graph of stacks written root first with `;` between function names.
    private func graph(_ stacks: [String: Int64], unit: Text = "count", maxNodes: Int = 0) -> [String] {
        graph(
            stacks.sorted { $0.key < $1.key }.map { stack, value in
                (stack.split(separator: ";").map { [Frame(name: Text($0))] }, value)
            }, unit: unit, maxNodes: maxNodes)
    }

    /// The first lines of the nodes' labels by node.
    private func names(_ lines: [String]) -> [String: String] {
        var names: [String: String] = [:]
        for line in lines where line.contains(" id=\"node") {
            let label = line.split(separator: "\"", maxSplits: 2)[1]
            let parts = label.replacing("\\n", with: "\n").split(separator: "\n").prefix { part in
                !part.hasPrefix("of ") && part.first?.isNumber != true || part.count == 16
            }
            names[String(line.prefix { $0 != " " })] = parts.joined(separator: "|")
        }
        return names
    }

    /// The edges as `caller -> callee`, `...` where they lead over nodes that went.
    private func edges(_ lines: [String]) -> Set<String> {
        let names = names(lines)
        return Set(
            lines.filter { $0.contains("labeltooltip") }.map { line in
                let ends = line.split(separator: " ")
                let arrow = line.contains("dotted") ? "..." : "->"
                return "\(names[String(ends[0])] ?? "?") \(arrow) \(names[String(ends[2])] ?? "?")"
            })
    }

    private let example: [String: Int64] = ["main;foo;bar": 1, "main;foo": 2, "main;baz": 3, "init": 4]

    @Test func `there is a node for each function and an edge for each call`() {
        let lines = graph(example)
        #expect(lines.first == "digraph \"unnamed\" {" && lines.last == "}")
        #expect(Set(names(lines).values) == ["main", "foo", "bar", "baz", "init"])
        #expect(edges(lines) == ["main -> foo", "foo -> bar", "main -> baz"])
    }

    @Test func `a node shows what it took itself and with all that it called`() {
        let lines = graph(example)
        #expect(lines.contains { $0.contains("[label=\"foo\\n2 (20.00%)\\nof 3 (30.00%)\" ") })
        #expect(lines.contains { $0.contains("[label=\"main\\n0 of 6 (60.00%)\" ") })
        #expect(lines.contains { $0.contains("Showing nodes accounting for 10, 100% of 10 total") })
    }

    @Test func `nothing gives no text`() {
        #expect(graph([:]) == [])
    }

    @Test func `a function that calls itself has no edge to itself and counts once`() {
        let lines = graph(["f;f;g;f": 2, "f": 1])
        #expect(edges(lines) == ["f -> g", "g -> f"])
        #expect(lines.contains { $0.contains("[label=\"f\\n3 (100%)\" ") })
    }

    @Test func `lines of a function are places of their own, named by file and line`() {
        let lines = graph([
            ([[Frame(name: "main", file: "/src/m.go", line: 3)], [Frame(name: "f", file: "/src/f.go")]], 1),
            ([[Frame(name: "main", file: "/src/m.go", line: 9)], [Frame(name: "f", file: "/src/f.go")]], 2),
        ])
        #expect(edges(lines) == ["main|m.go:3 -> f|f.go", "main|m.go:9 -> f|f.go"])
        #expect(lines.contains { $0.contains("tooltip=\"main /src/m.go:3 (1)\"") })
    }

    @Test func `an inlined call is an edge that says so`() {
        let lines = graph([([[Frame(name: "main"), Frame(name: "inlined")], [Frame(name: "called")]], 1)])
        #expect(edges(lines) == ["main -> inlined", "inlined -> called"])
        #expect(lines.filter { $0.contains("(inline)") }.count == 1)
    }

    @Test func `a place without a function is its address in its binary`() {
        let lines = graph(
            [([[Frame(name: "main")], [Frame(name: "", address: 0xbeef)]], 1)], binary: "/usr/bin/shop")
        #expect(edges(lines) == ["main -> 000000000000beef|[shop]"])
        #expect(lines.first == "digraph \"shop\" {")
    }

    @Test func `beyond the limit calls lead over what went, and detours are left out`() {
        let lines = graph(["a;x;b": 8, "a;x;b;c": 4, "a;x;c": 1], maxNodes: 3)
        #expect(lines.contains { $0.contains("Showing top 3 nodes out of 4") })
        #expect(edges(lines) == ["a ... b", "b -> c"])
    }

    @Test func `quotes, backslashes and line breaks in names are escaped`() {
        let lines = graph(["say \"hi\"": 1, "back\\slash": 1, "two\nlines": 1])
        #expect(lines.contains { $0.contains(#"label="say \"hi\"\n"#) })
        #expect(lines.contains { $0.contains(#"label="back\\slash\n"#) })
        #expect(lines.contains { $0.contains(#"label="two\llines\n"#) })
    }

    @Test func `times and sizes are shown in a unit that can be read`() {
        #expect(graph(["f": 1_500_000_000], unit: "nanoseconds").contains { $0.contains("1.50s (100%)") })
        #expect(graph(["f": 1500], unit: "milliseconds").contains { $0.contains("1.50s (100%)") })
        #expect(graph(["f": 2_097_152], unit: "bytes").contains { $0.contains("2MB (100%)") })
    }

    @Test(
        arguments: [
            ("encoding/json.(*Decoder).Decode", "json.(*Decoder).Decode"),
            ("github.com/a/b/v2/c.Func", "c.Func"), ("github.com/a/b/v2.Func", "b.Func"),
            ("github.com/a/b/v1.Func", "v1.Func"), ("github.com/a/b.F[go.shape/x]", "b.F[go.shape/x]"),
            ("runtime.main", "runtime.main"), ("a/b/c", "a/b/c"), ("/a/b.c", "/a/b.c"),
            ("java.lang.Thread.run", "Thread.run"), ("java.lang.Thread.run(int)", "Thread.run"),
            ("com.x.Y$Z.<init>", "Y$Z.<init>"), ("java.lang.Thread.Run", "java.lang.Thread.Run"),
            ("std::vector::Push", "std::vector::Push"), ("space::inner::Class::method(int)", "Class::method"),
            ("a::B::C::~C", "C::~C"), ("a::_Box<int>::f", "a::_Box<int>::f"), ("a::Box::f<g<int>>()", "Box::f<g<int>>"),
            ("(anonymous namespace)::f", "f"), ("", ""), ("::", "::"), ("a::", "a::"),
        ] as [(Text, Text)])
    func `names are shortened as google's pprof does`(_ name: Text, _ short: Text) {
        #expect(ShortFunctionName.of(name) == short)
    }

    @Test func `a label breaks a name at its dots and colons, but not in Go's ellipsis`() {
        let lines = graph(["net/http.Serve[...].func1": 1, "A::b": 1])
        #expect(lines.contains { $0.contains(#"label="http\nServe[…]\nfunc1\n1 "#) })
        #expect(lines.contains { $0.contains(#"label="A\nb\n1 "#) })
    }
}
