// swift-tools-version: 6.2
import PackageDescription

// One set of rules for every target: warnings are errors, and each `public import` is a decision.
let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A C library of the distribution behind a module map.
func system(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(
        name: name, path: "Sources/System/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func module(_ name: String, _ dependencies: [String] = []) -> Target {
    .target(
        name: name, dependencies: dependencies.map { .byName(name: $0) }, swiftSettings: settings,
        // Rounding is libm's, and nothing here imports Glibc just to have it linked.
        linkerSettings: [.linkedLibrary("m")])
}

func tests(_ name: String, _ dependencies: [String], resources: [Resource] = [], exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies.map { .byName(name: $0) }, exclude: exclude, resources: resources,
        swiftSettings: settings)
}

let package = Package(
    name: "hearth",
    // The modules are products so that packages inside this repository, such as Benchmarks, can link them.
    products: [.executable(name: "hearth", targets: ["hearth"])]
        + [
            "Model", "Wire", "Selectors", "Settings", "Formats", "Store", "SQLiteStore", "Query", "API",
            "Relabelling", "Ingest", "HTTP", "Server", "CSQLite", "CDeflate", "CZlib",
        ].map { .library(name: $0, targets: [$0]) },
    targets: [
        // What the toolchain lacks: C libraries, no logic.
        system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
        system("CDeflate", pkgConfig: "libdeflate", apt: "libdeflate-dev"),
        system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
        system("CNghttp2", pkgConfig: "libnghttp2", apt: "libnghttp2-dev"),
        // A second opinion on requests, for the tests of the parser only; without a file for pkg-config.
        .systemLibrary(
            name: "CHTTPParser", path: "Sources/System/CHTTPParser", providers: [.apt(["libhttp-parser-dev"])]),
        system("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
        .target(name: "CPosix", path: "Sources/System/CPosix"),
        // A checksum for each page of a database, which SQLite has no place for but below itself.
        .target(name: "CCheckedFile", dependencies: ["CSQLite"], path: "Sources/System/CCheckedFile"),
        .target(
            name: "CRE2", path: "Sources/System/CRE2",
            linkerSettings: [.linkedLibrary("re2"), .linkedLibrary("stdc++")]),

        // From the inside out; each target imports only what stands above it here.
        module("Model"),
        module("Wire", ["Model", "CDeflate", "CZlib"]),
        module("Selectors", ["Model", "CRE2"]),
        module("Telemetry"),
        module("Settings", ["CYAML"]),
        module("Formats", ["Model", "Wire"]),
        module("Store", ["Model", "Selectors"]),
        module("MemoryStore", ["Store", "Model", "Selectors"]),
        module("SQLiteStore", ["Store", "Model", "Selectors", "CSQLite", "CCheckedFile", "CPosix"]),
        module("Query", ["Store", "Model", "Selectors"]),
        module("API", ["Model", "Wire"]),
        module("Relabelling", ["Model", "Selectors", "Settings"]),
        module("Ingest", ["Formats", "Store", "Model", "Wire", "Relabelling", "Telemetry"]),
        module("HTTP", ["CPosix", "CNghttp2"]),
        module("Demo", ["Model", "Store"]),
        module(
            "Server",
            ["HTTP", "API", "Ingest", "Query", "Store", "Formats", "Selectors", "Model", "Wire", "Telemetry"]),
        .executableTarget(
            name: "hearth",
            dependencies: [
                "CPosix", "Server", "HTTP", "SQLiteStore", "MemoryStore", "Demo", "Settings", "Telemetry", "Ingest",
                "Query",
                "Store", "Model", "Formats", "Relabelling",
            ],
            swiftSettings: settings),

        // What every storage engine must pass; a library so that each engine's tests can run it.
        .target(
            name: "StoreBehaviour", dependencies: ["Store", "Model", "Selectors"], path: "Tests/StoreBehaviour",
            swiftSettings: settings),
        tests("ModelTests", ["Model"]),
        tests("WireTests", ["Wire", "Model"]),
        tests("SelectorsTests", ["Selectors", "Model"]),
        tests("TelemetryTests", ["Telemetry"]),
        tests("SettingsTests", ["Settings"]),
        tests("FormatsTests", ["Formats", "Model", "Wire"]),
        tests("MemoryStoreTests", ["MemoryStore", "StoreBehaviour"]),
        tests(
            "SQLiteStoreTests",
            ["SQLiteStore", "MemoryStore", "StoreBehaviour", "Store", "Model", "Selectors", "CCheckedFile"]),
        tests("QueryTests", ["Query", "MemoryStore", "Store", "Model"]),
        tests("APITests", ["API", "Model", "Wire"]),
        tests("RelabellingTests", ["Relabelling", "Model", "Settings"]),
        tests(
            "IngestTests",
            [
                "Ingest", "Formats", "MemoryStore", "Store", "Model", "Wire", "Selectors", "Relabelling", "Telemetry",
            ]),
        tests("HTTPTests", ["HTTP", "CHTTPParser"]),
        tests("CommandTests", ["hearth", "Settings", "Server", "HTTP", "Ingest", "Query", "Formats"]),
        tests("DemoTests", ["Demo", "Store", "Model", "Selectors"]),
        tests(
            "ServerTests",
            [
                "Server", "HTTP", "Demo", "Ingest", "Query", "MemoryStore", "Store", "Formats", "Settings",
                "Selectors", "Model", "Wire", "Telemetry", "Relabelling",
            ]),
        // What the fuzzers of the package in Fuzzing check, run over what they found.
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "Server", "Ingest", "Relabelling", "Query", "API", "HTTP", "Formats", "SQLiteStore", "Settings",
                "Selectors", "Store", "Wire", "Model",
            ],
            path: "Fuzzing", exclude: ["Package.swift", "README.md", "run", "Sources", "Corpus"],
            sources: ["Targets", "Tests"], swiftSettings: settings),
        // Drives the built `hearth` as a user's clients do.
        tests(
            "BinaryTests", [],
            exclude: [
                "server.py", "bombs.py", "crash.py", "sdk.py", "rpc.py", "rules.py", "jdk.py", "Workload.java",
                "directories.py", "retention.py", "keeping.py", "wire.py", "invariants.py", "oldschema.py",
                "diskfull.py",
                "flips.py", "ioerror.py", "midway.py", "powerloss.py", "readers.py", "retries.py",
                "sharing.py", "failing_sync.c", "recording_disk.c",
                "faults.sh",
            ]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
