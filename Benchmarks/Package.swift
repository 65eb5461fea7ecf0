// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func hearth(_ module: String) -> Target.Dependency { .product(name: module, package: "hearth") }

// A package of its own, so that nobody who builds the program builds this.
let package = Package(
    name: "bench",
    dependencies: [.package(name: "hearth", path: "..")],
    targets: [
        .executableTarget(
            name: "bench",
            dependencies: [
                "Model", "Wire", "Formats", "Store", "SQLiteStore", "Query", "API", "CSQLite", "CDeflate", "CZlib",
            ].map(hearth),
            swiftSettings: settings)
    ],
    swiftLanguageModes: [.v6]
)
