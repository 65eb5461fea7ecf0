import Model
import Store

/// What a symbol table grew by, as a blob; a partition's table is its chunks in order.
enum SymbolChunk {
    /// How far a table had grown.
    struct Mark: Equatable {
        var strings = 0
        var functions = 0
        var mappings = 0
        var locations = 0
        var stacks = 0

        /// Nothing but what every table begins with.
        static let fresh = Mark(strings: 1, mappings: 1, stacks: 1)

        init(strings: Int = 0, functions: Int = 0, mappings: Int = 0, locations: Int = 0, stacks: Int = 0) {
            self.strings = strings
            self.functions = functions
            self.mappings = mappings
            self.locations = locations
            self.stacks = stacks
        }

        init(_ table: SymbolTable) {
            strings = table.strings.count
            functions = table.functions.count
            mappings = table.mappings.count
            locations = table.locations.count
            stacks = table.stacks.count
        }
    }

    /// Encodes what came after a mark.
    static func encode(_ table: SymbolTable, since mark: Mark) -> [UInt8] {
        var writer = BlobWriter()
        writer.uvarint(UInt64(table.strings.count - mark.strings))
        for index in mark.strings..<table.strings.count {
            let range = table.strings.range(index)
            writer.uvarint(UInt64(range.count))
            writer.append(table.strings.bytes[range])
        }
        writer.uvarint(UInt64(table.functions.count - mark.functions))
        for function in table.functions[mark.functions...] {
            writer.uvarint(UInt64(function.name))
            writer.uvarint(UInt64(function.systemName))
            writer.uvarint(UInt64(function.filename))
            writer.zigzag(function.startLine)
        }
        writer.uvarint(UInt64(table.mappings.count - mark.mappings))
        for mapping in table.mappings[mark.mappings...] {
            writer.uvarint(mapping.start)
            writer.uvarint(mapping.limit)
            writer.uvarint(mapping.fileOffset)
            writer.uvarint(UInt64(mapping.filename))
            writer.uvarint(UInt64(mapping.buildID))
            writer.uvarint(UInt64(mapping.flags))
        }
        writer.uvarint(UInt64(table.locations.count - mark.locations))
        for location in table.locations[mark.locations...] {
            writer.uvarint(UInt64(location.mapping))
            writer.uvarint(location.address)
            writer.uvarint(UInt64(location.lineCount) << 1 | (location.isFolded ? 1 : 0))
            for line in table.lines[location.lineRange] {
                writer.uvarint(UInt64(line.function))
                writer.zigzag(line.line)
            }
        }
        writer.uvarint(UInt64(table.stacks.count - mark.stacks))
        for node in mark.stacks..<table.stacks.count {
            // Parents are near: a stack's frames are interned one after another.
            writer.uvarint(UInt64(node - Int(table.stacks.parents[node])))
            writer.uvarint(UInt64(table.stacks.locations[node]))
        }
        return writer.sealed()
    }

    /// Reads a service's chunks from a sequence number on into the table that they continue; the next number is returned.
    ///
    /// `afterEach` has the table as far as it was read and the number from which to go on; what it throws ends the work.
    static func read(
        of service: Int64, from sequence: Int64, into table: inout SymbolTable, _ connection: Connection, path: String,
        afterEach: (SymbolTable, Int64) throws -> Void = { _, _ in }
    ) throws -> Int64 {
        var next = sequence
        let select = try connection.prepare(
            "SELECT sequence, chunk FROM symbols WHERE service = ? AND sequence >= ? ORDER BY sequence")
        select.bind(service, at: 1)
        select.bind(sequence, at: 2)
        defer { select.reset() }
        while try select.step() {
            do throws(BlobDamage) {
                try select.withBlob(1) { chunk throws(BlobDamage) in try decode(chunk, into: &table) }
            } catch {
                throw StoreError(.damaged, "\(path): symbols of service \(service): \(error)")
            }
            next = select.int64(0) + 1
            try afterEach(table, next)
        }
        return next
    }

    /// Adds a chunk to the table that it continues.
    static func decode(_ blob: UnsafeBufferPointer<UInt8>, into table: inout SymbolTable) throws(BlobDamage) {
        var reader = try BlobReader(sealed: blob)
        for _ in 0..<(try reader.count()) {
            let length = try reader.count()
            table.strings.append(try reader.content(length))
        }
        func string(_ reader: inout BlobReader) throws(BlobDamage) -> UInt32 {
            try below(table.strings.count, try reader.uint32())
        }
        for _ in 0..<(try reader.count()) {
            table.functions.append(
                Function(
                    name: try string(&reader), systemName: try string(&reader), filename: try string(&reader),
                    startLine: try reader.zigzag()))
        }
        for _ in 0..<(try reader.count()) {
            var mapping = Mapping(
                start: try reader.uvarint(), limit: try reader.uvarint(), fileOffset: try reader.uvarint(),
                filename: try string(&reader), buildID: try string(&reader))
            mapping.flags = UInt8(truncatingIfNeeded: try reader.uvarint())
            table.mappings.append(mapping)
        }
        for _ in 0..<(try reader.count()) {
            let mapping = try below(table.mappings.count, try reader.uint32())
            let address = try reader.uvarint()
            let flags = try reader.uvarint()
            let firstLine = table.lines.count
            guard flags >> 1 <= UInt64(blob.count) else {
                throw BlobDamage(description: "a chunk's count passes its end")
            }
            for _ in 0..<(flags >> 1) {
                let function = try below(table.functions.count, try reader.uint32())
                table.lines.append(Line(function: function, line: try reader.zigzag()))
            }
            table.locations.append(
                Location(
                    mapping: mapping, address: address, firstLine: UInt32(firstLine), lineCount: UInt32(flags >> 1),
                    isFolded: flags & 1 != 0))
        }
        for _ in 0..<(try reader.count()) {
            let node = table.stacks.count
            let distance = Int(try reader.uint32())
            guard distance >= 1, distance <= node else {
                throw BlobDamage(description: "a chunk's stack has no parent")
            }
            table.stacks.append(
                parent: UInt32(node - distance), location: try below(table.locations.count, try reader.uint32()))
        }
    }

    private static func below(_ count: Int, _ index: UInt32) throws(BlobDamage) -> UInt32 {
        guard Int(index) < count else { throw BlobDamage(description: "a chunk's index points nowhere") }
        return index
    }
}
