import Wire

/// Compresses answers.
enum Compression {
    static func gzip(_ body: [UInt8]) -> [UInt8] { Gzip.deflate(body) }
}
