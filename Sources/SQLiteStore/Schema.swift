import CCheckedFile

/// The tables of a partition file, and how a file of an older schema becomes one of this.
///
/// - `series`: label sets, each with the service whose symbols resolve its stacks.
/// - `services`, `symbols`: a service's symbol table, as chunks in the order in which it grew.
/// - `profiles`: one row a profile; the index also holds what a timeline needs, so that it reads no row.
/// - `rollups`: sums of a series' profiles over a bucket of a ``RollupLevel``.
/// - `stale`: buckets whose rollup is missing or was removed because a profile came in. What stands in `rollups` is exact.
enum Schema {
    /// Brings an open file up to date within the caller's transaction.
    static func update(_ connection: Connection) throws {
        // Another opener may have been first.
        switch try connection.number("PRAGMA user_version") ?? 0 {
        case 0: try connection.execute(tables + noteVersion)
        case 1: try connection.execute(fromVersion1 + noteVersion)
        default: break
        }
    }

    /// The version of a file that this program writes.
    static let version: Int64 = 2

    private static let noteVersion = "PRAGMA user_version = \(version);"

    private static let profiles = """
        CREATE TABLE profiles (
            row INTEGER PRIMARY KEY, series INTEGER NOT NULL, time INTEGER NOT NULL, id BLOB NOT NULL,
            total INTEGER NOT NULL, samples BLOB NOT NULL) STRICT;
        """

    private static let derived = """
        CREATE INDEX profiles_by_series ON profiles (series, time, id, total);
        CREATE TABLE rollups (
            row INTEGER PRIMARY KEY, series INTEGER NOT NULL, level INTEGER NOT NULL, start INTEGER NOT NULL,
            count INTEGER NOT NULL, sums BLOB, points BLOB) STRICT;
        CREATE UNIQUE INDEX rollups_by_series ON rollups (series, level, start);
        CREATE TABLE stale (
            level INTEGER NOT NULL, series INTEGER NOT NULL, start INTEGER NOT NULL,
            PRIMARY KEY (level, series, start)) STRICT, WITHOUT ROWID;
        """

    private static let tables = """
        CREATE TABLE series (
            id INTEGER PRIMARY KEY, labels BLOB NOT NULL UNIQUE, service INTEGER NOT NULL) STRICT;
        CREATE TABLE services (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE) STRICT;
        CREATE TABLE symbols (
            service INTEGER NOT NULL, sequence INTEGER NOT NULL, chunk BLOB NOT NULL,
            PRIMARY KEY (service, sequence)) STRICT, WITHOUT ROWID;
        \(profiles)
        \(derived)
        PRAGMA application_id = \(CCHECKED_APPLICATION_ID);
        """

    /// Moves the service from the profiles to their series, and leaves all rollups to be made.
    private static let fromVersion1 = """
        ALTER TABLE series ADD COLUMN service INTEGER NOT NULL DEFAULT 0;
        UPDATE series SET service = coalesce((SELECT service FROM profiles WHERE series = series.id LIMIT 1), 0);
        DELETE FROM series WHERE service = 0;
        DROP INDEX profiles_by_series;
        ALTER TABLE profiles RENAME TO profiles1;
        \(profiles)
        INSERT INTO profiles (series, time, id, total, samples)
            SELECT series, time, id, total, samples FROM profiles1 ORDER BY rowid;
        DROP TABLE profiles1;
        \(derived)
        """ + "\n"
        + RollupLevel.allCases.map { level in
            """
            INSERT INTO stale SELECT DISTINCT \(level.rawValue), series, \(level.startSQL("time")) FROM profiles;
            """
        }.joined(separator: "\n")
}
