import Model
import Store

/// Verifies one partition file on one snapshot: structure, checksums, references, totals and rollups.
struct PartitionCheck {
    let file: PartitionFile
    private(set) var problems: [String] = []
    private(set) var seriesCount = 0
    private(set) var profileCount = 0
    private(set) var sampleCount = 0
    private(set) var rollupCount = 0

    /// The service of each series, and how many stacks each service's symbols have.
    private var services: [Int64: Int64] = [:]
    private var stackCounts: [Int64: Int] = [:]

    init(file: PartitionFile) {
        self.file = file
    }

    /// Finds all problems; nothing is thrown, as whatever cannot be read is one.
    mutating func run(open: () throws -> Connection) {
        do {
            let connection = try open()
            try connection.reading {
                problems += try connection.integrityProblems()
                let version = try connection.number("PRAGMA user_version") ?? 0
                // A stop, or a copy, between making a file and its tables.
                if version == 0, try connection.number("SELECT count(*) FROM sqlite_master") == 0 { return }
                guard version == Schema.version else {
                    problems.append(
                        "schema version \(version), and only \(Schema.version) can be verified; "
                            + "hearth compact brings older files up to date")
                    return
                }
                try checkSymbols(connection)
                try checkSeries(connection)
                // Before what follows from it in many rows.
                try checkReferences(connection)
                for series in services.keys.sorted() { try checkProfiles(of: series, connection) }
                try checkRollups(connection)
            }
        } catch {
            problems.append("\(error)")
        }
    }

    /// Runs `body`; damage that it finds is a problem of a row.
    private mutating func noting(_ what: @autoclosure () -> String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let damage as BlobDamage {
            problems.append("\(what()): \(damage)")
        }
    }

    private mutating func checkSymbols(_ connection: Connection) throws {
        let names = try connection.prepare("SELECT id FROM services")
        while try names.step() { stackCounts[names.int64(0)] = 1 }
        names.reset()
        for service in stackCounts.keys.sorted() {
            var table = SymbolTable()
            var next: Int64 = 0
            let select = try connection.prepare(
                "SELECT sequence, chunk FROM symbols WHERE service = ? ORDER BY sequence")
            select.bind(service, at: 1)
            while try select.step() {
                let sequence = select.int64(0)
                if sequence != next { problems.append("symbols of service \(service): chunk \(next) is missing") }
                next = sequence + 1
                let known = problems.count
                try noting("symbols of service \(service), chunk \(sequence)") {
                    try select.withBlob(1) { chunk throws(BlobDamage) in try SymbolChunk.decode(chunk, into: &table) }
                }
                // What follows continues what could not be read.
                if problems.count > known { break }
            }
            select.reset()
            if !table.isConsistent { problems.append("symbols of service \(service): an index points nowhere") }
            stackCounts[service] = table.stacks.count
        }
    }

    private mutating func checkSeries(_ connection: Connection) throws {
        let select = try connection.prepare("SELECT id, service, labels FROM series ORDER BY id")
        defer { select.reset() }
        while try select.step() {
            let (id, service) = (select.int64(0), select.int64(1))
            seriesCount += 1
            services[id] = service
            if stackCounts[service] == nil { problems.append("series \(id): service \(service) does not exist") }
            try noting("series \(id)") {
                _ = try select.withBlob(2) { blob throws(BlobDamage) in try LabelBlob.decode(blob) }
            }
        }
    }

    private mutating func checkProfiles(of series: Int64, _ connection: Connection) throws {
        let stackCount = stackCounts[services[series] ?? 0] ?? 1
        let day = file.interval
        let select = try connection.prepare(
            "SELECT row, time, total, length(id), samples FROM profiles WHERE series = ? ORDER BY time")
        select.bind(series, at: 1)
        defer { select.reset() }
        var count = 0
        while try select.step() {
            let row = select.int64(0)
            count += 1
            if select.int64(1) < day.start || select.int64(1) >= day.end {
                problems.append("profile row \(row): its time lies outside the file's day")
            }
            if select.int64(3) != 16 { problems.append("profile row \(row): its id has not 16 bytes") }
            var samples = SampleColumns()
            let found = problems.count
            try noting("profile row \(row)") { samples = try select.withBlob(4) { try SampleBlob.decode($0) } }
            guard problems.count == found else { continue }
            sampleCount += samples.count
            if Int(samples.stacks.last ?? 0) >= stackCount {
                problems.append("profile row \(row): stack \(samples.stacks.last ?? 0) of \(stackCount) does not exist")
            }
            if samples.total != select.int64(2) {
                problems.append(
                    "profile row \(row): its total is \(select.int64(2)), its samples sum up to \(samples.total)")
            }
        }
        profileCount += count
        if count == 0 { problems.append("series \(series): has no profiles") }
    }

    /// Rows that name a series which is not there.
    private mutating func checkReferences(_ connection: Connection) throws {
        for table in ["profiles", "rollups"] {
            let select = try connection.prepare(
                "SELECT row, series FROM \(table) WHERE series NOT IN (SELECT id FROM series)")
            defer { select.reset() }
            while try select.step() {
                problems.append("\(table) row \(select.int64(0)): series \(select.int64(1)) does not exist")
            }
        }
        let orphans = try connection.prepare(
            "SELECT DISTINCT service FROM symbols WHERE service NOT IN (SELECT id FROM services)")
        defer { orphans.reset() }
        while try orphans.step() { problems.append("symbols of service \(orphans.int64(0)): it does not exist") }
        let stale = try connection.prepare(
            "SELECT DISTINCT series FROM stale WHERE series NOT IN (SELECT id FROM series)")
        defer { stale.reset() }
        while try stale.step() { problems.append("stale buckets of series \(stale.int64(0)): it does not exist") }
    }

    private mutating func checkRollups(_ connection: Connection) throws {
        let select = try connection.prepare(
            """
            SELECT row, series, level, start, count, sums, points,
                (SELECT 1 FROM stale s WHERE s.level = r.level AND s.series = r.series AND s.start = r.start)
            FROM rollups r ORDER BY series, level, start
            """)
        defer { select.reset() }
        while try select.step() {
            let row = select.int64(0)
            rollupCount += 1
            guard let level = RollupLevel(rawValue: select.int64(2)),
                level.start(of: select.int64(3)) == select.int64(3)
            else {
                problems.append("rollups row \(row): no bucket begins there")
                continue
            }
            if !select.isNull(7) { problems.append("rollups row \(row): it is marked stale, and must not be there") }
            guard let service = services[select.int64(1)] else { continue }
            let stackCount = stackCounts[service] ?? 1
            var found: [String] = []
            try noting("rollups row \(row)") {
                found = try Self.problems(of: select, level, stackCount: stackCount, connection)
            }
            problems += found
        }
        try checkMissing(connection)
    }

    /// Holds a rollup against the profiles that it stands for.
    private static func problems(
        of rollup: Statement, _ level: RollupLevel, stackCount: Int, _ connection: Connection
    ) throws -> [String] {
        var problems: [String] = []
        let row = rollup.int64(0)
        let interval = Interval(start: rollup.int64(3), end: rollup.int64(3).saturatingAdd(level.width))
        let reader = SeriesReader(connection: connection)
        var points = PointColumns()
        try reader.addPoints(of: rollup.int64(1), in: interval, coarsest: nil, to: &points)
        if Int64(points.times.count) != rollup.int64(4) {
            problems.append(
                "rollups row \(row): it counts \(rollup.int64(4)) profiles, there are \(points.times.count)")
        }
        if !rollup.isNull(5) {
            var expected = StackSums(stackCount: stackCount)
            try reader.forEachSum(of: rollup.int64(1), in: interval, coarsest: nil) {
                try SampleBlob.add($0, to: &expected)
            }
            var found = StackSums(stackCount: stackCount)
            try rollup.withBlob(5) { try SampleBlob.add($0, to: &found) }
            let (left, right) = (found.columns(), expected.columns())
            if left.stacks != right.stacks || left.totals != right.totals {
                problems.append("rollups row \(row): its sums are not those of its profiles")
            }
        }
        if !rollup.isNull(6) {
            let found = try rollup.withBlob(6) { try PointColumns(decoding: $0) }
            // Profiles of one time have no order.
            func sorted(_ columns: PointColumns) -> [[Int64]] {
                zip(columns.times, columns.totals).map { [$0, $1] }.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) }
            }
            if sorted(found) != sorted(points) {
                problems.append("rollups row \(row): its points are not those of its profiles")
            }
        }
        return problems
    }

    /// Hours and days that have profiles enough for a rollup, and neither that nor a mark that it is to be made.
    private mutating func checkMissing(_ connection: Connection) throws {
        for level in RollupLevel.allCases where level > .fiveMinutes {
            let select = try connection.prepare(
                """
                SELECT series, \(level.startSQL("time")) AS bucket FROM profiles GROUP BY series, bucket
                HAVING count(*) >= \(PartitionWriter.leastProfiles)
                    AND NOT EXISTS (SELECT 1 FROM rollups r
                        WHERE r.series = profiles.series AND r.level = \(level.rawValue) AND r.start = bucket)
                    AND NOT EXISTS (SELECT 1 FROM stale s
                        WHERE s.level = \(level.rawValue) AND s.series = profiles.series AND s.start = bucket)
                """)
            defer { select.reset() }
            while try select.step() {
                problems.append(
                    "series \(select.int64(0)): the rollup of level \(level.rawValue) at \(select.int64(1)) is "
                        + "neither there nor marked stale")
            }
        }
    }
}
