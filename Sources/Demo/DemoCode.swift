import Model
import Store

/// The programs that the fleet runs: what calls what, with files and lines.
struct DemoCode: Sendable {
    struct Path: Sendable {
        let stack: UInt32
        let weight: Int
        let isRequest: Bool
        let isSerialising: Bool
        let isLeak: Bool
    }

    let symbols: SharedSymbols
    private let cpu: [Text: [Path]]
    private let heap: [Text: [Path]]

    private static let entry = [
        "runtime.goexit@runtime/asm_amd64.s:1700", "net/http.(*Server).Serve.gowrap3@net/http/server.go:3285",
        "net/http.(*conn).serve@net/http/server.go:2092", "net/http.serverHandler.ServeHTTP@net/http/server.go:3210",
        "shop/web.(*Router).ServeHTTP@shop/web/router.go:88", "shop/web.recoverPanics.func1@shop/web/recover.go:23",
        "shop/web.traceRequests.func1@shop/web/trace.go:41",
    ]
    private static let tails: [(frames: [String], weight: Int, isSerialising: Bool)] = [
        (
            [
                "shop/json.(*Encoder).Encode@shop/json/encode.go:201",
                "encoding/json.(*encodeState).marshal@encoding/json/encode.go:297",
                "encoding/json.structEncoder.encode@encoding/json/encode.go:704",
                "reflect.Value.Field@reflect/value.go:1258",
            ], 90, true
        ),
        (
            [
                "shop/store.(*Client).Query@shop/store/client.go:140",
                "database/sql.(*DB).QueryContext@database/sql/sql.go:1751",
                "net.(*conn).Read@net/net.go:179", "internal/poll.(*FD).Read@internal/poll/fd_unix.go:165",
                "syscall.Syscall@syscall/syscall_linux.go:69",
            ], 120, false
        ),
        (
            [
                "shop/price.(*Engine).Total@shop/price/engine.go:77",
                "shop/price.applyDiscounts@shop/price/discount.go:31",
            ], 60, false
        ),
        (["shop/price.(*Engine).Total@shop/price/engine.go:81", "math/big.(*Int).Mul@math/big/int.go:175"], 35, false),
        (
            [
                "compress/gzip.(*Writer).Write@compress/gzip/gzip.go:190",
                "compress/flate.(*compressor).deflate@compress/flate/deflate.go:388",
            ], 45, false
        ),
    ]

    init() {
        var interner = SymbolInterner()
        let file = interner.intern("/usr/local/bin/shop")
        let mapping = interner.intern(
            Mapping(filename: file, hasFunctions: true, hasFilenames: true, hasLineNumbers: true))
        func stack(_ frames: [String]) -> UInt32 {
            frames.reduce(UInt32(0)) { parent, frame in
                let parts = frame.split(separator: "@")
                let place = parts[1].split(separator: ":")
                let name = interner.intern(Text(parts[0]))
                let function = interner.intern(
                    Function(name: name, systemName: name, filename: interner.intern(Text(place[0]))))
                return interner.child(
                    of: parent,
                    at: interner.internLocation(
                        mapping: mapping, lines: [Line(function: function, line: Int64(place[1]) ?? 0)]))
            }
        }
        var cpu: [Text: [Path]] = [:]
        var heap: [Text: [Path]] = [:]
        for service in ["frontend", "checkout", "cart", "search"] {
            let routes = ["List", "Get", "Update"].map { route in
                "shop/\(service).(*Handler).\(route)@shop/\(service)/handler.go:\(40 + 31 * route.count)"
            }
            var paths: [Path] = []
            for (index, route) in routes.enumerated() {
                for tail in Self.tails {
                    paths.append(
                        Path(
                            stack: stack(Self.entry + [route] + tail.frames), weight: tail.weight / (index + 1),
                            isRequest: true, isSerialising: tail.isSerialising, isLeak: false))
                }
            }
            let background = [
                [
                    "runtime.goexit@runtime/asm_amd64.s:1700", "runtime.bgsweep@runtime/mgcsweep.go:278",
                    "runtime.sweepone@runtime/mgcsweep.go:357",
                ],
                [
                    "runtime.goexit@runtime/asm_amd64.s:1700", "runtime.gcBgMarkWorker@runtime/mgc.go:1412",
                    "runtime.gcDrain@runtime/mgcmark.go:1207", "runtime.scanobject@runtime/mgcmark.go:1446",
                ],
            ]
            for (index, frames) in background.enumerated() {
                paths.append(
                    Path(
                        stack: stack(frames), weight: 25 * (index + 1), isRequest: false, isSerialising: false,
                        isLeak: false))
            }
            cpu[Text(service)] = paths
            let memory: [(frames: [String], weight: Int, isLeak: Bool)] = [
                (
                    ["shop/json.(*Encoder).Encode@shop/json/encode.go:201", "bytes.growSlice@bytes/buffer.go:249"], 300,
                    false
                ),
                (
                    ["shop/store.(*Client).Query@shop/store/client.go:152", "shop/store.newRow@shop/store/row.go:19"],
                    220, false
                ),
                (["shop/\(service).(*Sessions).Remember@shop/\(service)/sessions.go:58"], 150, true),
                (["shop/price.(*Engine).Total@shop/price/engine.go:77"], 80, false),
            ]
            heap[Text(service)] = memory.map { tail in
                Path(
                    stack: stack(Self.entry + [routes[0]] + tail.frames), weight: tail.weight, isRequest: false,
                    isSerialising: false, isLeak: tail.isLeak)
            }.sorted { $0.stack < $1.stack }
        }
        for service in cpu.keys { cpu[service]?.sort { $0.stack < $1.stack } }
        symbols = SharedSymbols(interner.table)
        self.cpu = cpu
        self.heap = heap
    }

    func cpuPaths(of service: Text) -> [Path] { cpu[service] ?? [] }
    func heapPaths(of service: Text) -> [Path] { heap[service] ?? [] }
}
