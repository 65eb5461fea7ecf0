import Model

@testable import SQLiteStore

/// A file as the first version of the schema had it.
enum OldSchema {
    static func write(to path: String) throws {
        let connection = try Connection(path, .write)
        try connection.execute(
            """
            CREATE TABLE series (id INTEGER PRIMARY KEY, labels BLOB NOT NULL UNIQUE) STRICT;
            CREATE TABLE services (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE) STRICT;
            CREATE TABLE symbols (
                service INTEGER NOT NULL, sequence INTEGER NOT NULL, chunk BLOB NOT NULL,
                PRIMARY KEY (service, sequence)) STRICT, WITHOUT ROWID;
            CREATE TABLE profiles (
                series INTEGER NOT NULL, time INTEGER NOT NULL, id BLOB NOT NULL, service INTEGER NOT NULL,
                total INTEGER NOT NULL, samples BLOB NOT NULL) STRICT;
            CREATE UNIQUE INDEX profiles_by_series ON profiles (series, time, id);
            PRAGMA user_version = 1;
            """)
        var interner = SymbolInterner()
        let function = interner.intern(Function(name: interner.intern("main")))
        let leaf = interner.child(of: 0, at: interner.internLocation(lines: [Line(function: function)]))
        func insert(_ sql: String, _ blob: [UInt8]) throws {
            let statement = try connection.prepare(sql)
            statement.bind(blob, at: 1)
            try statement.run()
        }
        try insert(
            "INSERT INTO series VALUES (1, ?)", LabelBlob.encode(LabelSet([Label(LabelName.serviceName, "api")])))
        try insert("INSERT INTO services VALUES (1, ?)", Array("api".utf8))
        try insert("INSERT INTO symbols VALUES (1, 0, ?)", SymbolChunk.encode(interner.table, since: .fresh))
        try insert(
            "INSERT INTO profiles VALUES (1, 5, x'00112233445566778899aabbccddeeff', 1, 3, ?)",
            SampleBlob.encode(SampleColumns(stacks: [leaf], values: [3])))
    }
}
