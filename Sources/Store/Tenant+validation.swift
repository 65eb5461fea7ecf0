/// Why a text is no tenant's id.
public struct TenantProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line.
    public let description: String
}

extension Tenant {
    /// The tenant of an id from outside: 1 to 150 characters of `[A-Za-z0-9!_.*'()-]`, and neither `.` nor `..`.
    public init(validating id: some StringProtocol) throws(TenantProblem) {
        guard !id.isEmpty else { throw TenantProblem(description: "no org id") }
        for character in id where !Self.isAllowed(character) {
            throw TenantProblem(description: "tenant ID '\(id)' contains unsupported character '\(character)'")
        }
        guard id.utf8.count <= 150 else {
            throw TenantProblem(description: "tenant ID is too long: max 150 characters")
        }
        guard id != "." && id != ".." else { throw TenantProblem(description: "tenant ID is '.' or '..'") }
        self.init(String(id))
    }

    private static func isAllowed(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "!_.*'()-".contains(character))
    }
}
