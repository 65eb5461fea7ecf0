import Model
import Store
import Synchronization

/// Keeps documents in memory.
final class MemoryDocuments: DocumentStore {
    private struct Shelf: Hashable {
        let tenant: Tenant
        let collection: String
    }

    private let shelves = Mutex<[Shelf: [Text: Document]]>([:])

    func documents(in collection: String, of tenant: Tenant) async throws -> [Document] {
        shelves.withLock { $0[Shelf(tenant: tenant, collection: collection)] ?? [:] }.values
            .sorted { $0.name < $1.name }
    }

    func document(named name: Text, in collection: String, of tenant: Tenant) async throws -> Document? {
        shelves.withLock { $0[Shelf(tenant: tenant, collection: collection)]?[name] }
    }

    func put(_ document: Document, in collection: String, of tenant: Tenant) async throws -> Bool {
        shelves.withLock { shelves in
            let shelf = Shelf(tenant: tenant, collection: collection)
            if let known = shelves[shelf]?[document.name], known.modified > document.modified { return false }
            shelves[shelf, default: [:]][document.name] = document
            return true
        }
    }

    func delete(named name: Text, in collection: String, of tenant: Tenant) async throws {
        shelves.withLock { $0[Shelf(tenant: tenant, collection: collection)]?[name] = nil }
    }
}
