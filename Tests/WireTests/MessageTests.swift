import Model
import Testing
import Wire

private struct Inner: Message {
    var name: Text = ""
    var numbers: [Int64] = []

    mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "name", &name)
        try codec.field(2, "numbers", &numbers)
    }
}

private struct Everything: Message {
    static let kinds: EnumNames = [(0, "KIND_NONE"), (1, "KIND_ONE")]

    var text: Text = ""
    var maybeText: Text?
    var data: [UInt8] = []
    var big: Int64 = 0
    var maybeBig: Int64?
    var unsigned: UInt64 = 0
    var small: Int32 = 0
    var smallUnsigned: UInt32 = 0
    var flag = false
    var real: Double = 0
    var kind: Int32 = 0
    var maybeKind: Int32?
    var inner: Inner?
    var inners: [Inner] = []
    var texts: [Text] = []
    var ids: [UInt64] = []
    var counts: [Int32] = []
    var reals: [Double] = []

    mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "text", &text)
        try codec.field(2, "maybe_text", &maybeText)
        try codec.field(3, "data", &data)
        try codec.field(4, "big_number", &big)
        try codec.field(5, "maybe_big", &maybeBig)
        try codec.field(6, "unsigned", &unsigned)
        try codec.field(7, "small", &small)
        try codec.field(8, "small_unsigned", &smallUnsigned)
        try codec.field(9, "flag", &flag)
        try codec.field(10, "real", &real)
        try codec.field(11, "kind", &kind, names: Everything.kinds)
        try codec.field(12, "maybe_kind", &maybeKind, names: Everything.kinds)
        try codec.field(13, "inner", &inner)
        try codec.field(14, "inners", &inners)
        try codec.field(15, "texts", &texts)
        try codec.field(16, "profile_typeID", &ids)
        try codec.field(17, "counts", &counts)
        try codec.field(18, "reals", &reals)
    }
}

/// A message with a guess of its size, right or wrong.
private struct Guessed: Message {
    var numbers: ArraySlice<Int64> = []
    var usualByteCount = 0

    mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(2, "numbers", &numbers)
    }
}

private struct Outer: Message {
    var guessed: [Guessed] = []

    mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "guessed", &guessed)
    }
}

@Suite struct MessageTests {
    private var full: Everything {
        var message = Everything()
        message.text = "a\"\\\n\u{1}é"
        message.maybeText = ""
        message.data = [0, 255, 62]
        message.big = .min
        message.maybeBig = 0
        message.unsigned = .max
        message.small = -1
        message.smallUnsigned = .max
        message.flag = true
        message.real = -1.5
        message.kind = 1
        message.maybeKind = 7
        message.inner = Inner()
        var inner = Inner()
        inner.name = "x"
        inner.numbers = [0, -1, 1 << 40]
        message.inners = [inner, Inner()]
        message.texts = ["", "b"]
        message.ids = [1, 300]
        message.counts = [-2, 3]
        message.reals = [.nan, .infinity, 0.25]
        return message
    }

    @Test func `a message comes back from both encodings`() throws {
        let json = try full.json()
        #expect(try Everything(json: json).json() == json)
        let binary = try full.binary()
        #expect(try Everything(binary: binary).binary() == binary)
        #expect(try Everything(binary: binary).json() == json)
    }

    @Test func `JSON has 64-bit numbers as strings, names in camel case, enums by name, and no defaults`() throws {
        var message = Everything()
        message.big = 1
        message.unsigned = 2
        message.small = 3
        message.kind = 1
        message.ids = [4]
        message.data = [1]
        message.real = 2
        let json = String(decoding: try message.json(), as: UTF8.self)
        #expect(
            json
                == #"{"data":"AQ==","bigNumber":"1","unsigned":"2","small":3,"real":2,"kind":"KIND_ONE","profileTypeID":["4"]}"#
        )
        #expect(try Everything().json() == Array("{}".utf8))
        #expect(try Everything().binary() == [])
    }

    @Test func `a negative zero keeps its sign in JSON`() throws {
        var message = Everything()
        message.reals = [-0.0, 0]
        #expect(try message.json() == Array(#"{"reals":[-0.0,0]}"#.utf8))
        #expect(try Everything(json: message.json()).reals.map(\.sign) == [.minus, .plus])
    }

    @Test(arguments: [
        #"{"bigNumber":5}"#, #"{"big_number":"5"}"#, #"{"bigNumber":5.0}"#, #"{"bigNumber":"5e0"}"#,
        #"{"bigNumber":0.5e1}"#,
        #"{"bigNumber":1,"bigNumber":5}"#, #"{"unknown":[{"a":null}],"bigNumber":5,"text":null}"#,
    ])
    func `a number is read in every form that JSON gives it`(_ json: String) throws {
        #expect(try Everything(json: Array(json.utf8)).big == 5)
    }

    @Test(arguments: [
        "", " ", "[]", "{", "{}x", #"{"bigNumber":1.5}"#, #"{"bigNumber":"9223372036854775808"}"#,
        #"{"bigNumber":[1]}"#,
        #"{"text":1}"#, #"{"kind":"NOPE"}"#, #"{"data":"?"}"#, #"{"small":2147483648}"#, #"{"smallUnsigned":-1}"#,
        #"{"flag":"true"}"#, #"{"texts":"a"}"#, #"{"inner":[]}"#, #"{"text":"\ud800"}"#, "{\"text\":\"\u{1}\"}",
        "{'a':1}",
        "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1,}", "nul",
    ])
    func `JSON that does not fit the message is refused`(_ json: String) {
        #expect(throws: WireError.self) { _ = try Everything(json: Array(json.utf8)) }
    }

    @Test(
        arguments: [
            ("truncated varint", [0x20, 0x80]), ("truncated text", [0x0a, 0x7f, 0x41]),
            ("no UTF-8", [0x0a, 2, 0xff, 0xfe]),
            ("a group", [0x0b]), ("field 0", [0x00, 0x00]),
            ("overlong varint", [0x20] + [UInt8](repeating: 0xff, count: 10)),
        ] as [(String, [UInt8])])
    func `bytes that are no message are refused`(_ name: String, _ bytes: [UInt8]) {
        #expect(throws: WireError.self) { _ = try Everything(binary: bytes) }
    }

    @Test func `packed and unpacked numbers, unknown fields and the last of a field are read`() throws {
        let bytes: [UInt8] = [
            0x82, 0x01, 2, 1, 2, 0x80, 0x01, 3,  // profile_typeID: packed 1, 2, then unpacked 3
            0x20, 1, 0x20, 9,  // big_number twice
            0xf8, 0x07, 1, 0xfa, 0x07, 1, 0x78,  // field 127 as varint and as bytes
            0x6a, 3, 0x0a, 1, 0x61, 0x6a, 2, 0x10, 5,  // inner in two pieces
        ]
        let message = try Everything(binary: bytes)
        #expect(message.ids == [1, 2, 3] && message.big == 9)
        #expect(message.inner?.name == "a" && message.inner?.numbers == [5])
    }

    @Test func `packed numbers of every length are written as the encoding wants them`() throws {
        let edges = (0..<64).flatMap { bit in [0, 1].map { (UInt64(1) << UInt64(bit)) &- $0 } } + [.max]
        for ids in [edges, edges.reversed(), [0], [.max]] {
            var message = Everything()
            message.ids = ids
            var content: [UInt8] = []
            for id in ids { ProtobufWriter.varint(id, to: &content) }
            var expected: [UInt8] = []
            ProtobufWriter.field(16, content, to: &expected)
            #expect(try message.binary() == expected)
        }
    }

    @Test(arguments: [0, 1, 100, 127, 128, 20_000, 3_000_000], [0, 1, 30, 43, 127, 128, 5_000, 17_000])
    func `a message is written alike whatever size was expected`(_ expected: Int, _ count: Int) throws {
        // Numbers of one byte take less than packed numbers do as a rule, those of ten bytes more.
        for number in [1, -1] as [Int64] {
            let all = [Int64](repeating: number, count: count + 2)
            let slice = all[1..<count + 1]
            let written = try Outer(guessed: [Guessed(numbers: slice, usualByteCount: expected)]).binary()
            var content: [UInt8] = []
            for number in slice { ProtobufWriter.varint(UInt64(bitPattern: number), to: &content) }
            var inner: [UInt8] = []
            if count > 0 { ProtobufWriter.field(2, content, to: &inner) }
            var outer: [UInt8] = []
            ProtobufWriter.field(1, inner, to: &outer)
            #expect(written == outer)
            #expect(try Outer(binary: written).guessed.first?.numbers == slice)
        }
    }

    @Test func `slices are written in JSON as lists are`() throws {
        let numbers: [Int64] = [7, 8, -9, 10]
        let message = Guessed(numbers: numbers[1..<3])
        #expect(try message.json() == Array(#"{"numbers":["8","-9"]}"#.utf8))
        #expect(try Guessed(json: try message.json()).numbers == [8, -9])
    }

    @Test func `numbers count as memory whether they come packed or alone`() throws {
        var packed = Everything()
        packed.ids = [UInt64](repeating: 1, count: 1000)
        packed.counts = [Int32](repeating: 1, count: 1000)
        packed.reals = [Double](repeating: 1, count: 1000)
        var alone: [UInt8] = []
        for id in packed.ids {
            ProtobufWriter.key(16, .varint, to: &alone)
            ProtobufWriter.varint(id, to: &alone)
        }
        for count in packed.counts {
            ProtobufWriter.key(17, .varint, to: &alone)
            ProtobufWriter.varint(UInt64(count), to: &alone)
        }
        for real in packed.reals {
            ProtobufWriter.key(18, .fixed64, to: &alone)
            ProtobufWriter.fixed64(real.bitPattern, to: &alone)
        }
        for bytes in [try packed.binary(), alone] {
            let read = try Everything(binary: bytes, memoryLimit: 1 << 20)
            #expect(read.ids == packed.ids && read.counts == packed.counts && read.reals == packed.reals)
            #expect(throws: WireError.self) { try Everything(binary: bytes, memoryLimit: 20_000) }
        }
    }

    @Test func `mutated messages are read or refused and never trap`() throws {
        let binary = try full.binary()
        let json = try full.json()
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            for var bytes in [binary, json] {
                for _ in 0..<3 {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                _ = try? Everything(binary: bytes)
                _ = try? Everything(json: bytes)
            }
        }
    }

    @Test func `what comes out of few bytes is counted, and asked for in steps`() throws {
        let binary = [UInt8]((0..<10_000).flatMap { _ in [0x72, 0] })
        let json = Array("{\"inners\":[\([String](repeating: "{}", count: 10_000).joined(separator: ","))]}".utf8)
        let inners = try Everything(binary: binary).inners.count
        #expect(inners == 10_000)
        var asked = 0
        let reserving = { (count: Int) in
            asked += count
            return true
        }
        #expect(try Everything(binary: binary, memoryLimit: 10 << 20, reserving: reserving).inners.count == inners)
        #expect(asked >= 10_000 * MemoryLayout<Inner>.stride)
        asked = 0
        #expect(try Everything(json: json, memoryLimit: 10 << 20, reserving: reserving).inners.count == inners)
        #expect(asked >= 10_000 * MemoryLayout<JSONValue>.stride)
        #expect(throws: WireError.self) { try Everything(binary: binary, memoryLimit: 100_000) }
        #expect(throws: WireError.self) { try Everything(json: json, memoryLimit: 100_000) }
        #expect(throws: WireError.self) { try Everything(binary: binary, reserving: { _ in false }) }
    }

    @Test func `JSON nested a million deep is refused`() {
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(throws: WireError.self) { _ = try JSONValue(parsing: deep) }
    }
}

@Suite struct Base64Tests {
    @Test(
        arguments: [
            ("", []), ("Zg==", [0x66]), ("Zm8=", [0x66, 0x6f]), ("Zm9v", [0x66, 0x6f, 0x6f]),
            ("+/-_", [0xfb, 0xff, 0xbf]),
        ] as [(String, [UInt8])])
    func `both alphabets are read`(_ text: String, _ bytes: [UInt8]) {
        #expect(Base64.decode(Array(text.utf8)) == bytes)
        #expect(Base64.decode(Array(text.utf8).filter { $0 != UInt8(ascii: "=") }) == bytes)
    }

    @Test(arguments: ["A", "A===", "AA=A", "A A=", "====", "AAAAA"])
    func `other text is refused`(_ text: String) {
        #expect(Base64.decode(Array(text.utf8)) == nil)
    }
}
