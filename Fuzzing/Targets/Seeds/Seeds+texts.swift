import API
import Model
import Wire

extension Seeds {
    private static func bytes(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    static func texts(_ format: String) -> [[UInt8]] {
        switch format {
        case "groups":
            bytes(["main;work;leaf 12\nmain;idle 3\n", "a b;c d 1\r\n;; 2\n", "a -1", "a +5\nb 9223372036854775807\n"])
        case "lines": bytes(["main;work\nmain;work\nmain\n", "a\r\n\r\n;\n"])
        case "trie": trees.map { $0.map { $0 == UInt8(ascii: "w") ? UInt8(ascii: ";") : $0 } }
        default: trees
        }
    }

    /// Nodes as a length, a name, a value and a number of children.
    private static let trees: [[UInt8]] = {
        let tree = CallTree.of([(["main", "work"], 3), (["main", "idle"], 4), (["other"], 1)])
        return [tree.encoded(), tree.encoded(maxNodes: 1), [0, 0, 1, 1, 97, 5, 2, 1, 98, 6, 0, 2, 119, 99, 127, 0]]
    }()

    @Sendable static func speedscopes() -> [[UInt8]] {
        bytes([
            #"{"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{"frames":[{"name":"a"},{"name":"b"}]},"#
                + #""profiles":[{"type":"sampled","name":"p","unit":"milliseconds","startValue":0,"endValue":3,"#
                + #""samples":[[0,1],[0]],"weights":[1,2.5]}]}"#,
            #"{"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{"frames":[{"name":"a"},{"name":"b"}]},"#
                + #""profiles":[{"type":"evented","name":"p","unit":"bytes","startValue":0,"endValue":9,"events":["#
                + #"{"type":"O","frame":0,"at":0},{"type":"O","frame":1,"at":2},{"type":"C","frame":1,"at":5}]}]}"#,
        ])
    }

    @Sendable static func uploads() -> [[UInt8]] {
        pprofs() + texts("groups")
            + bytes([
                #"{"version":1,"flamebearer":{"names":["total","main","work"],"levels":[[0,9,0,0],[0,9,2,1],[1,7,7,2]],"#
                    + #""numTicks":9,"maxSelf":7},"metadata":{"format":"single","units":"samples","name":"cpu"}}"#
            ])
    }

    @Sendable static func forms() -> [[UInt8]] {
        bytes([
            "multipart/form-data; boundary=b\n--b\r\nContent-Disposition: form-data; name=\"profile\"; filename=\"p\"\r\n"
                + "Content-Type: application/octet-stream\r\n\r\ncontent\r\n--b\r\n"
                + "content-disposition: form-data; name=sample_type_config; filename=\"a\\\"b\"\r\n\r\n{}\r\n--b--\r\n",
            "multipart/form-data; x=y; boundary=\"a b\"\npreamble\r\n--a b\r\nA: b\r\n\r\n\r\n--a b--",
        ])
    }

    @Sendable static func sampleTypes() -> [[UInt8]] {
        bytes([
            #"{"cpu":{"units":"samples","aggregation":"sum","display-name":"cpu","sampled":true},"inuse-space":null}"#
        ])
    }

    @Sendable static func applicationNames() -> [[UInt8]] {
        bytes(["app.cpu", "app.cpu{region=eu,host=a-b}", " a {k=v=w,__name__=b, x = y }", "a{=}", "a{k=v"])
    }

    @Sendable static func times() -> [[UInt8]] {
        bytes([
            "now-1h30m", "now+2d", "1700000000", "1700000000000", "1700000000000000", "1700000000000000000", "20240229",
            "now-9223372036854775807y", "7c9e6679-7425-40de-944b-e07fc1f90ae7", "000102030405060708090a0b0c0d0e0f",
            "urn:uuid:7c9e6679-7425-40de-944b-e07fc1f90ae7", "{7c9e6679-7425-40de-944b-e07fc1f90ae7}",
            "00000000000000ff",
        ])
    }

    @Sendable static func gzips() -> [[UInt8]] {
        let member = Gzip.deflate(Array("content content content".utf8))
        return [member, member + member, Gzip.deflate([]), Gzip.deflate([UInt8](repeating: 0, count: 9000))]
    }

    @Sendable static func queries() -> [[UInt8]] {
        bytes(["query=a%7Bb%3D%22c%22%7D&from=now-1h&until=now&groupBy=x&groupBy=y", "a+b=%&=&&c=%zz%4"])
    }

    @Sendable static func tenants() -> [[UInt8]] { bytes(["a|b|c", "tenant-1", "a||b", "..", "a b"]) }

    @Sendable static func documents() -> [[UInt8]] {
        bytes([#"{"a":[1,-2.5e3,true,false,null,"\u00e9\ud83d\ude00\n\\"],"b":{},"a":[[]]}"#, "[]", " 0 ", #""\/""#])
    }

    /// Messages as JSON, each behind the number of its kind.
    private static let messages: [(kind: UInt8, json: String)] = [
        (0, #"{"series":[{"labels":[{"name":"__name__","value":"cpu"}],"samples":[{"rawProfile":"AAE=","ID":"x"}]}]}"#),
        (1, #"{"profileTypeID":"a:b:c:d:e","labelSelector":"{}","start":"1","end":"2","maxNodes":"5","format":1}"#),
        (2, #"{"profileTypeID":"a:b:c:d:e","labelSelector":"{}","start":"1","end":"2","groupBy":["a"],"step":1.5}"#),
        (3, #"{"profileTypeID":"a:b:c:d:e","stackTraceSelector":{"callSite":[{"name":"f"}]}}"#),
        (4, #"{"spanSelector":["00000000000000ff"],"maxNodes":"3"}"#), (5, #"{"left":{"start":"1"},"right":{}}"#),
        (6, #"{"start":"-1","end":"9223372036854775807"}"#), (7, #"{"matchers":["{}"],"labelNames":["a","b"]}"#),
        (12, #"{"metricName":"m","matchers":["{}"],"groupBy":["a"]}"#),
        (
            16,
            #"{"sampleType":[{"type":"1","unit":"2"}],"sample":[{"locationId":["1"],"value":["2"]}],"stringTable":["","a"]}"#
        ),
        (17, #"{"flamegraph":{"names":["total"],"levels":[{"values":["0","1","1","0"]}],"total":"1"}}"#),
        (19, #"{"series":[{"labels":[{"name":"a","value":"b"}],"points":[{"value":1.5,"timestamp":"2"}]}]}"#),
    ]

    static func messages(json: Bool) -> [[UInt8]] {
        messages.compactMap { kind, text in
            let document = Array(text.utf8)
            if json { return [kind] + document }
            let binary: [UInt8]?
            switch kind {
            case 0: binary = try? PushRequest(json: document).binary()
            case 1: binary = try? SelectMergeStacktracesRequest(json: document).binary()
            case 2: binary = try? SelectSeriesRequest(json: document).binary()
            case 16: binary = try? ProfileMessage(json: document).binary()
            case 17: binary = try? SelectMergeStacktracesResponse(json: document).binary()
            case 19: binary = try? SelectSeriesResponse(json: document).binary()
            default: binary = nil
            }
            return binary.map { [kind] + $0 }
        }
    }

    @Sendable static func calls() -> [[UInt8]] {
        let json = messages[0].json
        let binary = (try? PushRequest(json: Array(json.utf8)).binary()) ?? []
        let envelope: [UInt8] = [0, 0, 0, 0, UInt8(binary.count)]
        let gzip = Gzip.deflate(binary)
        return [
            Array(
                "Content-Type: application/json\nConnect-Protocol-Version: 1\nConnect-Timeout-Ms: 100\n\n\(json)".utf8),
            Array("Content-Type: application/proto\nContent-Encoding: gzip\n\n".utf8) + gzip,
            Array("Content-Type: application/grpc\nGrpc-Timeout: 5S\nTE: trailers\n\n".utf8) + envelope + binary,
            Array("Content-Type: application/grpc-web+proto\nGrpc-Encoding: gzip\n\n".utf8)
                + [1, 0, 0, 0, UInt8(gzip.count)] + gzip,
            Array("Content-Type: application/json; charset=UTF-8\nAccept-Encoding: gzip\n\n{\"series\":é}".utf8),
        ]
    }

    @Sendable static func requests() -> [[UInt8]] {
        bytes([
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "\r\nHEAD /ready?x=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
            "POST /push HTTP/1.1\r\nHost: h:4040\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n",
        ])
    }

    @Sendable static func chunked() -> [[UInt8]] {
        bytes(["3;a=b\r\nabc\r\n5\r\ndefgh\r\n0\r\nX: y\r\n\r\n", "0\r\n\r\n", "ffffffffffffffff\r\n"])
    }

    @Sendable static func frames() -> [[UInt8]] {
        func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
            [0, 0, UInt8(payload.count), type, flags, 0, 0, 0, stream] + payload
        }
        // `:method POST`, `:scheme http`, `:path /`, and an authority and a length as literals.
        let head: [UInt8] = [0x83, 0x86, 0x84, 0x41, 1, 120, 0x0f, 0x0d, 1, 51]
        let settings = frame(4, 0, 0, [])
        return [
            settings + frame(1, 4, 1, head) + frame(0, 1, 1, Array("abc".utf8)),
            settings + frame(4, 1, 0, []) + frame(1, 5, 3, head) + frame(6, 0, 0, [UInt8](repeating: 7, count: 8)),
            settings + frame(1, 0, 5, [0x82]) + frame(9, 4, 5, [0x86, 0x84]) + frame(3, 0, 5, [0, 0, 0, 8])
                + frame(8, 0, 0, [0, 1, 0, 0]),
            settings + frame(1, 4, 1, head) + frame(0, 0, 1, []) + frame(1, 5, 1, [0x40, 1, 97, 1, 98])
                + frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]) + frame(2, 0, 3, [0, 0, 0, 1, 5]),
        ]
    }

    @Sendable static func selectors() -> [[UInt8]] {
        bytes([
            #"process_cpu{service_name="api",a=~"b.*",c!='d',e!~`f|g`}"#, #"{"utf-8 é"="\x41\u00e9\101\n"}"#, "a", "{}",
            #"{"lone",} # comment"#,
        ])
    }

    @Sendable static func patterns() -> [[UInt8]] {
        bytes([
            "value\nva.*", "b\n(a|b|c)", "x\n.*x.*", "a]b\n[]a-z]+\\]b", "a\n(?<n>a)|\\Qb.c\\E", "\n.+",
            "é\n[[:alpha:]]|é",
            "a\nb\n^a$",
        ])
    }

    @Sendable static func settings() -> [[UInt8]] {
        bytes([
            "listen: 127.0.0.1:0\nmax-nodes: 5\nlimits: pyroscope\nmultitenancy: true\n",
            "max-profile-size: 4MiB\nmax-query-length: 1h30m\n", "a: [1, {b: 'c'}]\n? x\n: |\n  text\n--- \n",
            "&a b: *a\n",
        ])
    }
}

extension CallTree {
    fileprivate static func of(_ stacks: [(frames: [Text], value: Int64)]) -> CallTree {
        var builder = CallTreeBuilder()
        for stack in stacks { builder.add(stack.frames, value: stack.value) }
        return builder.finish()
    }
}
