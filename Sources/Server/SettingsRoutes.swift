import API
import HTTP
import Model
import Store

/// `settings.v1.SettingsService`: names and values that a front end keeps for a tenant.
struct SettingsRoutes {
    let documents: any DocumentStore

    private static let service = "/settings.v1.SettingsService/"
    private static let collection = "settings"

    var routes: [Route] {
        let documents = documents
        return [
            .rpc(Self.service + "Get", tenants: .one, GetSettingsRequest.self) { _, routed in
                var response = GetSettingsResponse()
                response.settings = try await documents.documents(in: Self.collection, of: routed.tenant)
                    .map(Setting.init)
                return response
            },
            .rpc(Self.service + "Set", tenants: .one, SetSettingsRequest.self) { request, routed in
                guard let setting = request.setting else {
                    throw APIError(.invalidArgument, "no setting values provided")
                }
                let document = Document(
                    name: setting.name, modified: setting.modifiedAt > 0 ? setting.modifiedAt : routed.now,
                    content: setting.value.utf8)
                guard try await documents.put(document, in: Self.collection, of: routed.tenant) else {
                    throw APIError(
                        .alreadyExists, "failed to update \(setting.name): newer update already written")
                }
                var response = SetSettingsResponse()
                response.setting = Setting(document)
                return response
            },
            .rpc(Self.service + "Delete", tenants: .one, DeleteSettingsRequest.self) { request, routed in
                guard !request.name.isEmpty else { throw APIError(.invalidArgument, "no setting name provided") }
                try await documents.delete(named: request.name, in: Self.collection, of: routed.tenant)
                return DeleteSettingsResponse()
            },
        ]
    }
}

extension Setting {
    fileprivate init(_ document: Document) {
        self.init()
        name = document.name
        value = Text(utf8: document.content)
        modifiedAt = document.modified
    }
}
