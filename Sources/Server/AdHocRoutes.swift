import API
import Formats
import HTTP
import Ingest
import Model
import Store
import Wire

/// `adhocprofiles.v1.AdHocProfileService`: looks at files without storing them among the profiles.
struct AdHocRoutes {
    let documents: any DocumentStore
    let limits: TenantLimits
    let maxBytes: Int

    private static let service = "/adhocprofiles.v1.AdHocProfileService/"
    private static let files = "adhoc-files"
    /// Beside each file an empty document of the same name, so that a list reads no file.
    private static let names = "adhoc-names"

    var routes: [Route] {
        let routes = self
        return [
            .rpc(
                Self.service + "Upload", tenants: .one, bodyLimit: maxBytes, messageLimit: maxBytes,
                AdHocProfilesUploadRequest.self
            ) { try await routes.upload($0, $1) },
            .rpc(Self.service + "Get", tenants: .one, AdHocProfilesGetRequest.self) { request, routed in
                let document = try await routes.document(request.id, of: routed.tenant, side: "")
                return try routes.answer(
                    document, of: routed.tenant, type: request.profileType, maxNodes: request.maxNodes)
            },
            .rpc(Self.service + "List", tenants: .one, AdHocProfilesListRequest.self) { _, routed in
                var response = AdHocProfilesListResponse()
                response.profiles = try await documents.documents(in: Self.names, of: routed.tenant)
                    .sorted { ($0.modified, $0.name) > ($1.modified, $1.name) }
                    .map { document in
                        var profile = AdHocProfilesProfileMetadata()
                        profile.id = document.name
                        profile.name = Self.name(of: document.name)
                        profile.uploadedAt = document.modified
                        return profile
                    }
                return response
            },
            .rpc(Self.service + "Diff", tenants: .one, AdHocProfilesDiffRequest.self) {
                try await routes.diff($0, $1)
            },
        ]
    }

    private func upload(
        _ request: AdHocProfilesUploadRequest, _ routed: RoutedRequest
    ) async throws -> AdHocProfilesGetResponse {
        guard let bytes = Base64.decode(request.profile.utf8) else {
            throw APIError(.invalidArgument, "profile is not base64")
        }
        let most = limits.ingest(for: routed.tenant).pprof.maxBytes
        guard most <= 0 || bytes.count <= most else {
            throw APIError(
                .invalidArgument, "profile payload size exceeds limit of \(most) bytes (max-profile-size)")
        }
        let name = Text(utf8: request.name.string.unicodeScalars.map { Self.isAllowed($0) ? UInt8($0.value) : 0x5f })
        let id = Text(utf8: ULID.make(milliseconds: routed.now).utf8 + [UInt8(ascii: "-")] + name.utf8)
        let document = Document(name: id, modified: routed.now, content: bytes)
        let response = try answer(document, of: routed.tenant, type: nil, maxNodes: request.maxNodes)
        _ = try await documents.put(document, in: Self.files, of: routed.tenant)
        _ = try await documents.put(
            Document(name: id, modified: routed.now, content: []), in: Self.names, of: routed.tenant)
        return response
    }

    private func document(_ id: Text, of tenant: Tenant, side: String) async throws -> Document {
        guard !id.isEmpty, id.string.unicodeScalars.allSatisfy(Self.isAllowed) else {
            throw APIError(.invalidArgument, "id '\(id)' is invalid: can only contain [a-zA-Z0-9_-.]")
        }
        guard let document = try await documents.document(named: id, in: Self.files, of: tenant) else {
            throw APIError(.notFound, "\(side)profile \(id) not found")
        }
        return document
    }

    private func parsed(_ document: Document, of tenant: Tenant) throws(APIError) -> AdHocProfile {
        do throws(FormatError) {
            return try AdHocProfile(document.content, limits: limits.ingest(for: tenant).pprof)
        } catch {
            throw APIError(.invalidArgument, "failed to parse profile: \(error)")
        }
    }

    private func answer(
        _ document: Document, of tenant: Tenant, type: Text?, maxNodes: Int64?
    ) throws(APIError) -> AdHocProfilesGetResponse {
        let parts = try parsed(document, of: tenant).parts
        guard let part = parts.first(where: { type == nil || type == "" || $0.type.type == type }) else {
            throw APIError(
                .invalidArgument,
                "profile type mismatch: \(type ?? "") is none of \(Self.list(parts.map(\.type.type)))")
        }
        var response = AdHocProfilesGetResponse()
        response.id = document.name
        response.name = Self.name(of: document.name)
        response.uploadedAt = document.modified
        response.profileType = part.type.type
        response.profileTypes = parts.map(\.type.type)
        let graph = FlameGraph(part.tree, maxNodes: Int(clamping: max(maxNodes ?? 0, 0)))
        response.flamebearerProfile = Text(utf8: Flamebearer(graph, type: Self.type(part.type)).json.dropLast())
        return response
    }

    private func diff(
        _ request: AdHocProfilesDiffRequest, _ routed: RoutedRequest
    ) async throws -> AdHocProfilesDiffResponse {
        let tenant = routed.tenant
        let left = try parsed(try await document(request.leftID, of: tenant, side: "left "), of: tenant).parts
        let right = try parsed(try await document(request.rightID, of: tenant, side: "right "), of: tenant).parts
        let common = left.filter { part in right.contains { $0.type == part.type } }
        guard !common.isEmpty else {
            throw APIError(
                .invalidArgument,
                "no common profile types between left (\(Self.list(left.map(\.type.type)))) and right "
                    + "(\(Self.list(right.map(\.type.type))))")
        }
        let wanted = request.profileType ?? ""
        guard let leftPart = common.first(where: { wanted.isEmpty || $0.type.type == wanted }),
            let rightPart = right.first(where: { $0.type == leftPart.type })
        else {
            throw APIError(
                .invalidArgument,
                "profile type mismatch: \(wanted) is none of \(Self.list(common.map(\.type.type)))")
        }
        let graph = FlameGraphDiff(
            left: leftPart.tree, right: rightPart.tree, maxNodes: Int(clamping: max(request.maxNodes ?? 0, 0)))
        var response = AdHocProfilesDiffResponse()
        response.profileTypes = common.map(\.type.type)
        response.flamebearerProfile = Text(utf8: Flamebearer(graph, type: Self.type(leftPart.type)).json.dropLast())
        return response
    }

    private static func type(_ type: ValueType) -> ProfileType {
        ProfileType(name: "adhoc", sampleType: type.type, sampleUnit: type.unit, periodType: "", periodUnit: "")
    }

    private static func list(_ types: [Text]) -> String { types.map(\.string).joined(separator: ", ") }

    /// An id is a ULID of 26 letters, a dash and the file's name.
    private static func name(of id: Text) -> Text { Text(utf8: Array(id.utf8.dropFirst(27))) }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": true
        default: false
        }
    }
}

/// An identifier that sorts by time (github.com/ulid/spec).
enum ULID {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// 48 bits of time and 80 random bits in 26 letters.
    static func make(milliseconds: Int64) -> Text {
        let time = UInt64(clamping: milliseconds)
        let digits =
            (0..<10).map { UInt64(9 - $0) * 5 }.map { time >> $0 & 31 }
            + (0..<16).map { _ in UInt64.random(in: 0..<32) }
        return Text(utf8: digits.map { alphabet[Int($0)] })
    }
}
