import Glibc

/// What a service runs: functions, places in them, and the stacks that it is seen in.
///
/// A call tree is grown at random: most stacks branch off deep inside another one, as those of a server do below its handlers.
/// Everything follows from the seed.
struct ServiceCode: Sendable {
    struct Function: Sendable {
        /// Indices into the texts.
        let name: Int
        let file: Int
        let startLine: Int
    }

    /// A place in a function, or two where the compiler inlined a call.
    struct Location: Sendable {
        let address: UInt64
        let lines: [(function: Int, line: Int)]
    }

    let texts: [[UInt8]]
    /// The text that names the program.
    let program: Int
    let functions: [Function]
    private(set) var locations: [Location] = []
    /// Locations from leaf to root.
    private(set) var stacks: [[UInt32]] = []

    init(service: String, seed: UInt64, stackCount: Int = 6000, functionCount: Int = 3200) {
        var random = SeededRandom(seed, 1)
        var pool = TextPool()
        program = pool.index(of: "/usr/local/bin/\(service)")
        functions = GoNames.functions(of: service, count: functionCount, &pool, &random)
        texts = pool.texts
        grow(stackCount, &random)
    }

    private mutating func grow(_ stackCount: Int, _ random: inout SeededRandom) {
        // Node 0 is the root. A node is one location below one path.
        var parents: [UInt32] = [0]
        var places: [UInt32] = [0]
        var depths: [Int] = [0]
        var children: [UInt64: UInt32] = [:]
        var placeOf: [UInt64: UInt32] = [:]
        let callees = ZipfDistribution(count: 10, exponent: 1.2)
        func function(of node: UInt32) -> Int { node == 0 ? 0 : locations[Int(places[Int(node)])].lines[0].function }

        func step(from node: UInt32, _ random: inout SeededRandom) -> UInt32 {
            // A function calls some ten others, and some of them far more often, each from one or two places.
            let caller = function(of: node)
            let callee = callees.draw(&random)
            var mixer = SeededRandom(UInt64(caller) << 8 | UInt64(callee), 7)
            // The first ones, the runtime's among them, are called from everywhere.
            let target = 1 + Int(pow(mixer.fraction(), 5.5) * Double(functions.count - 1))
            let line = functions[target].startLine + 7 * (1 + mixer.below(2))
            let key = UInt64(target) << 32 | UInt64(line)
            let place: UInt32
            if let known = placeOf[key] {
                place = known
            } else {
                place = UInt32(locations.count)
                placeOf[key] = place
                var lines = [(function: target, line: line)]
                if mixer.below(8) == 0 {
                    let outer = 1 + Int(pow(mixer.fraction(), 5.5) * Double(functions.count - 1))
                    lines.append((outer, functions[outer].startLine + 5))
                }
                locations.append(Location(address: 0x40_0000 + UInt64(mixer.below(1 << 23)), lines: lines))
            }
            let edge = UInt64(node) << 32 | UInt64(place)
            if let known = children[edge] { return known }
            let child = UInt32(parents.count)
            parents.append(node)
            places.append(place)
            depths.append(depths[Int(node)] + 1)
            children[edge] = child
            return child
        }

        var ends: Set<UInt32> = []
        while stacks.count < stackCount {
            let depth = 10 + random.below(31)
            var node: UInt32 = 0
            if parents.count > 1 && random.below(50) != 0 {
                // Branch off some way above the leaf of another stack.
                node = UInt32(1 + random.below(parents.count - 1))
                while depths[Int(node)] >= depth { node = parents[Int(node)] }
                for _ in 0..<random.run(again: 0.6, limit: 6) where depths[Int(node)] > 4 { node = parents[Int(node)] }
            }
            let length =
                depths[Int(node)] < 10 ? depth - depths[Int(node)] : min(1 + random.below(6), depth - depths[Int(node)])
            for _ in 0..<max(length, 1) { node = step(from: node, &random) }
            guard ends.insert(node).inserted else { continue }
            var stack: [UInt32] = []
            var at = node
            while at != 0 {
                stack.append(places[Int(at)])
                at = parents[Int(at)]
            }
            stacks.append(stack)
        }
        // The popular ones are not the oldest ones.
        stacks.shuffle(using: &random)
    }
}

/// Distinct texts.
struct TextPool {
    private(set) var texts: [[UInt8]] = []
    private var indices: [String: Int] = [:]

    mutating func index(of text: String) -> Int {
        if let known = indices[text] { return known }
        indices[text] = texts.count
        texts.append(Array(text.utf8))
        return texts.count - 1
    }
}

/// Function names as Go's linker writes them.
enum GoNames {
    private static let shared = [
        "runtime.mallocgc", "runtime.gcDrain", "runtime.scanobject", "runtime.findRunnable", "runtime.schedule",
        "runtime.mapaccess2_faststr", "runtime.growslice", "runtime.memmove", "runtime.futex", "runtime.netpoll",
        "net/http.(*conn).serve", "net/http.HandlerFunc.ServeHTTP", "net/http.(*Transport).roundTrip",
        "encoding/json.(*encodeState).reflectValue", "encoding/json.structEncoder.encode", "reflect.Value.Field",
        "google.golang.org/grpc.(*Server).handleStream", "google.golang.org/grpc.(*ClientConn).Invoke",
        "database/sql.(*DB).queryDC", "compress/flate.(*compressor).deflate", "crypto/tls.(*Conn).Write",
        "bufio.(*Writer).Flush", "sync.(*Pool).Get", "strings.(*Builder).WriteString", "syscall.Syscall6",
    ]
    private static let packages = [
        "internal/handler", "internal/store", "internal/cache", "internal/pricing", "internal/ranking", "pkg/codec",
        "internal/session", "pkg/middleware", "internal/queue", "internal/worker", "pkg/retry", "internal/inventory",
        "pkg/tracing", "internal/search/index", "internal/search/query", "pkg/ratelimit", "internal/ledger",
    ]
    private static let types = [
        "Service", "Client", "Repository", "Encoder", "Decoder", "Router", "Batcher", "Pool", "Iterator", "Reader",
        "Writer", "Scheduler", "Resolver", "Limiter", "Snapshot", "Planner", "Collector", "Registry", "Stream",
    ]
    private static let verbs = [
        "Get", "List", "apply", "merge", "encode", "Decode", "resolve", "Write", "flush", "validate", "Lookup",
        "compute",
        "Next", "scan", "Append", "dispatch", "retry", "normalise", "Split", "render",
    ]
    private static let objects = [
        "Order", "Item", "Price", "Discount", "Session", "Token", "Batch", "Page", "Row", "Block", "Segment", "Result",
        "Route", "Event", "Payload", "Header", "Key", "Range", "Chunk", "Account",
    ]

    static func functions(
        of service: String, count: Int, _ pool: inout TextPool, _ random: inout SeededRandom
    ) -> [ServiceCode.Function] {
        var seen: Set<String> = []
        var functions: [ServiceCode.Function] = []
        func add(_ name: String, file: String) {
            guard seen.insert(name).inserted else { return }
            functions.append(
                ServiceCode.Function(
                    name: pool.index(of: name), file: pool.index(of: file), startLine: 10 + random.below(900)))
        }
        for name in shared {
            let package = name.prefix { $0 != "(" }.split(separator: ".").dropLast().joined(separator: ".")
            add(name, file: "/usr/local/go/src/\(package)/\(verbs[random.below(verbs.count)].lowercased()).go")
        }
        while functions.count < count {
            let package = packages[random.below(packages.count)]
            let type = types[random.below(types.count)]
            let verb = verbs[random.below(verbs.count)] + objects[random.below(objects.count)]
            let method = random.below(3) == 0 ? "\(type)\(verb)" : "(*\(type)).\(verb)"
            let closure = random.below(6) == 0 ? ".func\(1 + random.below(4))" : ""
            add(
                "github.com/acme/\(service)/\(package).\(method)\(closure)",
                file: "/src/\(service)/\(package)/\(type.lowercased()).go")
        }
        return functions
    }
}
