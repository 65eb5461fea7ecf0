public import Store

/// Reads whose data a request is about from its `X-Scope-OrgID`.
public enum TenantHeader {
    /// The header's name.
    public static let name = "X-Scope-OrgID"

    /// How many tenants a route takes.
    public enum Arity: Sendable, Hashable {
        /// None: status pages and the like.
        case none
        /// Exactly one: writes, settings.
        case one
        /// One or more, separated by `|`: reads.
        case many
    }

    /// Why a header names no tenant.
    public struct Problem: Error, Hashable, Sendable {
        /// One line.
        public let message: String
        /// Whether the header is missing or malformed, rather than naming too many tenants.
        public let isUnauthenticated: Bool
    }

    /// The tenants of a request, sorted and each once.
    ///
    /// Without multi-tenancy everything belongs to ``Store/Tenant/anonymous``, whatever the header says.
    public static func tenants(_ header: String?, multitenancy: Bool, arity: Arity) throws(Problem) -> [Tenant] {
        guard multitenancy && arity != .none else { return [.anonymous] }
        guard let header, !header.isEmpty else { throw Problem(message: "no org id", isUnauthenticated: true) }
        var tenants: Set<Tenant> = []
        for part in header.split(separator: "|", omittingEmptySubsequences: false) {
            tenants.insert(try tenant(part))
        }
        guard arity == .many || tenants.count == 1 else {
            throw Problem(message: "expected 1 tenant, got \(tenants.count)", isUnauthenticated: false)
        }
        return tenants.sorted()
    }

    private static func tenant(_ id: Substring) throws(Problem) -> Tenant {
        do throws(TenantProblem) {
            return try Tenant(validating: id)
        } catch {
            throw Problem(message: error.description, isUnauthenticated: true)
        }
    }
}
