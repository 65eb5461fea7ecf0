// swift-tools-version: 6.2
import PackageDescription

// A package of its own, since every module must be compiled with the fuzzer's instrumentation. `make fuzz` passes the flags.
let package = Package(
    name: "fuzzing",
    dependencies: [.package(name: "hearth", path: "..")],
    targets: [
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "Model", "Wire", "Selectors", "Settings", "Formats", "Store", "SQLiteStore", "Query", "API",
                "Relabelling", "Ingest", "HTTP", "Server",
            ].map { .product(name: $0, package: "hearth") },
            swiftSettings: [
                .treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
