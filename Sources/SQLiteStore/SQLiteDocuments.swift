import Model
import Store

/// Keeps documents in a file of their own, `documents.db` in the data directory.
///
/// They are few and small, so that one connection, used by one caller at a time, is enough.
actor SQLiteDocuments: DocumentStore {
    private static let schemaVersion: Int64 = 1
    private let path: String
    private let health: Health
    private var opened: Connection?

    init(directory: String, health: Health) {
        path = "\(directory)/documents.db"
        self.health = health
    }

    private func connection() throws -> Connection {
        if let opened { return opened }
        let connection = try Connection(path, .write)
        let version = try connection.number("PRAGMA user_version") ?? 0
        guard version <= Self.schemaVersion else {
            throw StoreError(
                .unusable,
                "\(path) has schema version \(version), this program knows up to \(Self.schemaVersion): use a newer hearth"
            )
        }
        if version < 1 {
            try connection.writing {
                try connection.execute(
                    """
                    CREATE TABLE documents (
                        tenant BLOB NOT NULL, collection BLOB NOT NULL, name BLOB NOT NULL, modified INTEGER NOT NULL,
                        content BLOB NOT NULL, PRIMARY KEY (tenant, collection, name)) STRICT;
                    PRAGMA user_version = 1;
                    """)
            }
        }
        opened = connection
        return connection
    }

    /// Runs `body`; what SQLite reports becomes an error of the store.
    private func run<Result>(_ body: (Connection) throws -> Result) throws -> Result {
        do {
            return try body(try connection())
        } catch {
            opened = nil
            throw health.judge(error, path)
        }
    }

    /// Runs `body`, which changes something; it is not acknowledged unless the disk keeps what is written.
    private func write<Result>(_ body: (Connection) throws -> Result) throws -> Result {
        if let failure = health.failure { throw failure }
        let result = try run(body)
        if let failure = health.failure { throw failure }
        return result
    }

    private static func bind(_ statement: Statement, _ tenant: Tenant, _ collection: String, _ name: Text? = nil) {
        statement.bind(Array(tenant.id.utf8), at: 1)
        statement.bind(Array(collection.utf8), at: 2)
        if let name { statement.bind(name.utf8, at: 3) }
    }

    func documents(in collection: String, of tenant: Tenant) async throws -> [Document] {
        try run { connection in
            let statement = try connection.prepare(
                "SELECT name, modified, content FROM documents WHERE tenant = ? AND collection = ? ORDER BY name")
            defer { statement.reset() }
            Self.bind(statement, tenant, collection)
            var found: [Document] = []
            while try statement.step() {
                found.append(
                    Document(
                        name: Text(utf8: statement.blob(0)), modified: statement.int64(1), content: statement.blob(2)))
            }
            return found
        }
    }

    func document(named name: Text, in collection: String, of tenant: Tenant) async throws -> Document? {
        try run { connection in
            let statement = try connection.prepare(
                "SELECT modified, content FROM documents WHERE tenant = ? AND collection = ? AND name = ?")
            defer { statement.reset() }
            Self.bind(statement, tenant, collection, name)
            guard try statement.step() else { return nil }
            return Document(name: name, modified: statement.int64(0), content: statement.blob(1))
        }
    }

    func put(_ document: Document, in collection: String, of tenant: Tenant) async throws -> Bool {
        try write { connection in
            let statement = try connection.prepare(
                """
                INSERT INTO documents (tenant, collection, name, modified, content) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET modified = excluded.modified, content = excluded.content
                WHERE modified <= excluded.modified
                """)
            Self.bind(statement, tenant, collection, document.name)
            statement.bind(document.modified, at: 4)
            statement.bind(document.content, at: 5)
            try statement.run()
            return connection.changes > 0
        }
    }

    func delete(named name: Text, in collection: String, of tenant: Tenant) async throws {
        try write { connection in
            let statement = try connection.prepare(
                "DELETE FROM documents WHERE tenant = ? AND collection = ? AND name = ?")
            Self.bind(statement, tenant, collection, name)
            try statement.run()
        }
    }
}
