import Model
import Store

extension StoreBehaviour {
    static let documents: [StoreBehaviour] = [
        StoreBehaviour("documents come back sorted by name, each in its collection and tenant") { store in
            let documents = store.documents
            for (name, collection, tenant) in [("b", "x", "t"), ("a", "x", "t"), ("c", "y", "t"), ("d", "x", "u")] {
                let document = Document(name: Text(name), modified: 1, content: Array(name.utf8))
                try expect(
                    try await documents.put(document, in: collection, of: Tenant(tenant)), true, "put \(name)")
            }
            try expect(
                try await documents.documents(in: "x", of: Tenant("t")),
                [
                    Document(name: "a", modified: 1, content: [0x61]),
                    Document(name: "b", modified: 1, content: [0x62]),
                ], "collection x of t")
            try expect(
                try await documents.document(named: "d", in: "x", of: Tenant("t")), nil, "another tenant's document")
        },
        StoreBehaviour("an older document does not replace a newer one") { store in
            let documents = store.documents
            func put(_ modified: Int64) async throws -> Bool {
                try await documents.put(
                    Document(name: "a", modified: modified, content: [UInt8(modified)]), in: "x", of: .anonymous)
            }
            let written = [try await put(5), try await put(4), try await put(5), try await put(6)]
            try expect(written, [true, false, true, true], "what was written")
            try expect(
                try await documents.document(named: "a", in: "x", of: .anonymous)?.content, [6], "what is kept")
        },
        StoreBehaviour("a document that was deleted is gone, and to delete nothing is fine") { store in
            let documents = store.documents
            _ = try await documents.put(Document(name: "a", modified: 1, content: []), in: "x", of: .anonymous)
            try await documents.delete(named: "a", in: "x", of: .anonymous)
            try await documents.delete(named: "a", in: "x", of: .anonymous)
            try expect(try await documents.documents(in: "x", of: .anonymous), [], "the collection")
        },
    ]
}
