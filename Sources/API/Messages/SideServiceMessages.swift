public import Model
public import Wire

/// `settings.v1.Setting`.
public struct Setting: Message {
    /// The name.
    public var name: Text = ""
    /// The value.
    public var value: Text = ""
    /// Milliseconds.
    public var modifiedAt: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "name", &name)
        try codec.field(2, "value", &value)
        try codec.field(3, "modifiedAt", &modifiedAt)
    }
}

/// `settings.v1.GetSettingsRequest`.
public struct GetSettingsRequest: Message {

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {}
}

/// `settings.v1.GetSettingsResponse`.
public struct GetSettingsResponse: Message {
    /// Sorted by name.
    public var settings: [Setting] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "settings", &settings)
    }
}

/// `settings.v1.SetSettingsRequest`.
public struct SetSettingsRequest: Message {
    /// The setting.
    public var setting: Setting?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "setting", &setting)
    }
}

/// `settings.v1.SetSettingsResponse`.
public struct SetSettingsResponse: Message {
    /// What was stored.
    public var setting: Setting?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "setting", &setting)
    }
}

/// `settings.v1.DeleteSettingsRequest`.
public struct DeleteSettingsRequest: Message {
    /// The name.
    public var name: Text = ""

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "name", &name)
    }
}

/// `settings.v1.DeleteSettingsResponse`.
public struct DeleteSettingsResponse: Message {

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {}
}

/// `version.v1.VersionRequest`.
public struct VersionRequest: Message {

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {}
}

/// `version.v1.VersionResponse`.
public struct VersionResponse: Message {
    /// The version of the query API.
    public var querierAPI: UInt64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "QuerierAPI", &querierAPI)
    }
}

/// `capabilities.v1.FeatureFlag`.
public struct FeatureFlag: Message {
    /// The name.
    public var name: Text = ""
    /// Whether it is on.
    public var enabled: Bool = false
    /// What it does.
    public var description: Text?
    /// Where to read more.
    public var documentationUrl: Text?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "name", &name)
        try codec.field(2, "enabled", &enabled)
        try codec.field(3, "description", &description)
        try codec.field(4, "documentation_url", &documentationUrl)
    }
}

/// `capabilities.v1.GetFeatureFlagsRequest`.
public struct GetFeatureFlagsRequest: Message {

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {}
}

/// `capabilities.v1.GetFeatureFlagsResponse`.
public struct GetFeatureFlagsResponse: Message {
    /// Sorted by name.
    public var featureFlags: [FeatureFlag] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "feature_flags", &featureFlags)
    }
}

/// `grpc.health.v1.HealthCheckRequest`.
public struct HealthCheckRequest: Message {
    /// The service; empty for the server.
    public var service: Text = ""

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "service", &service)
    }
}

/// `grpc.health.v1.HealthCheckResponse`.
public struct HealthCheckResponse: Message {
    /// Whether it serves.
    public var status: Int32 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "status", &status, names: ServingStatus.names)
    }
}

/// `adhocprofiles.v1.AdHocProfilesUploadRequest`.
public struct AdHocProfilesUploadRequest: Message {
    /// The file's name.
    public var name: Text = ""
    /// The file in base64.
    public var profile: Text = ""
    /// The most nodes.
    public var maxNodes: Int64?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "name", &name)
        try codec.field(2, "profile", &profile)
        try codec.field(3, "max_nodes", &maxNodes)
    }
}

/// `adhocprofiles.v1.AdHocProfilesGetRequest`.
public struct AdHocProfilesGetRequest: Message {
    /// The file.
    public var id: Text = ""
    /// Which of its types.
    public var profileType: Text?
    /// The most nodes.
    public var maxNodes: Int64?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "id", &id)
        try codec.field(2, "profile_type", &profileType)
        try codec.field(3, "max_nodes", &maxNodes)
    }
}

/// `adhocprofiles.v1.AdHocProfilesGetResponse`.
public struct AdHocProfilesGetResponse: Message {
    /// The file.
    public var id: Text = ""
    /// The file's name.
    public var name: Text = ""
    /// Milliseconds.
    public var uploadedAt: Int64 = 0
    /// The type shown.
    public var profileType: Text = ""
    /// All types.
    public var profileTypes: [Text] = []
    /// JSON text.
    public var flamebearerProfile: Text = ""

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "id", &id)
        try codec.field(2, "name", &name)
        try codec.field(3, "uploaded_at", &uploadedAt)
        try codec.field(4, "profile_type", &profileType)
        try codec.field(5, "profile_types", &profileTypes)
        try codec.field(6, "flamebearer_profile", &flamebearerProfile)
    }
}

/// `adhocprofiles.v1.AdHocProfilesListRequest`.
public struct AdHocProfilesListRequest: Message {

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {}
}

/// `adhocprofiles.v1.AdHocProfilesProfileMetadata`.
public struct AdHocProfilesProfileMetadata: Message {
    /// The file.
    public var id: Text = ""
    /// The file's name.
    public var name: Text = ""
    /// Milliseconds.
    public var uploadedAt: Int64 = 0

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "id", &id)
        try codec.field(2, "name", &name)
        try codec.field(3, "uploaded_at", &uploadedAt)
    }
}

/// `adhocprofiles.v1.AdHocProfilesListResponse`.
public struct AdHocProfilesListResponse: Message {
    /// The newest first.
    public var profiles: [AdHocProfilesProfileMetadata] = []

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "profiles", &profiles)
    }
}

/// `adhocprofiles.v1.AdHocProfilesDiffRequest`.
public struct AdHocProfilesDiffRequest: Message {
    /// The left file.
    public var leftID: Text = ""
    /// The right file.
    public var rightID: Text = ""
    /// Which of their types.
    public var profileType: Text?
    /// The most nodes.
    public var maxNodes: Int64?

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "left_id", &leftID)
        try codec.field(2, "right_id", &rightID)
        try codec.field(3, "profile_type", &profileType)
        try codec.field(4, "max_nodes", &maxNodes)
    }
}

/// `adhocprofiles.v1.AdHocProfilesDiffResponse`.
public struct AdHocProfilesDiffResponse: Message {
    /// The types of both.
    public var profileTypes: [Text] = []
    /// JSON text.
    public var flamebearerProfile: Text = ""

    /// Makes an empty message.
    public init() {}

    /// Lists the fields.
    public mutating func fields<Codec: FieldCodec>(_ codec: inout Codec) throws(WireError) {
        try codec.field(1, "profile_types", &profileTypes)
        try codec.field(2, "flamebearer_profile", &flamebearerProfile)
    }
}
