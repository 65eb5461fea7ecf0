import Model
import Testing

@Suite struct HexDigitTests {
    @Test func `a byte is a hexadecimal digit where Swift reads one in it`() {
        for byte in UInt8.min ... .max {
            let scalar = Character(Unicode.Scalar(byte))
            #expect(byte.hexDigitValue == (scalar.isASCII ? scalar.hexDigitValue : nil).map(UInt8.init))
        }
    }
}
