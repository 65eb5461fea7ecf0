public import Model

/// Something small that a tenant keeps under a name: a setting, an uploaded profile.
public struct Document: Hashable, Sendable {
    /// The name, unique in its collection.
    public var name: Text
    /// When it was written, in milliseconds since the Unix epoch.
    public var modified: Int64
    /// What it holds.
    public var content: [UInt8]

    /// Makes a document.
    public init(name: Text, modified: Int64, content: [UInt8]) {
        self.name = name
        self.modified = modified
        self.content = content
    }
}

/// Where tenants' documents are kept, beside the profiles; all errors are ``StoreError``.
public protocol DocumentStore: Sendable {
    /// All documents of a collection, sorted by name.
    func documents(in collection: String, of tenant: Tenant) async throws -> [Document]

    /// One document, or nil.
    func document(named name: Text, in collection: String, of tenant: Tenant) async throws -> Document?

    /// Writes a document unless a newer one of its name is there; false if one is.
    ///
    /// When it returns, the document is durable.
    func put(_ document: Document, in collection: String, of tenant: Tenant) async throws -> Bool

    /// Removes a document; nothing happens where there is none.
    func delete(named name: Text, in collection: String, of tenant: Tenant) async throws
}
